package main

import (
	"regexp"
	"slices"

	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline"
)

// settings are those of the commands that move records.
type settings struct {
	kafka        config.Kafka
	group        config.Group
	clickhouse   config.ClickHouse
	ingest       config.Ingest
	retention    config.Retention
	log          config.Log
	partitions   int32
	brokerListen string
}

func (s *settings) register(flags *pflag.FlagSet) {
	s.kafka.Register(flags)
	s.group.Register(flags)
	s.clickhouse.Register(flags)
	s.ingest.Register(flags)
	s.retention.Register(flags)
	s.retention.RegisterDisk(flags)
	s.log.Register(flags)
	flags.Int32Var(&s.partitions, "partitions", 4, "partitions of a topic that the embedded broker creates")
	flags.StringVar(&s.brokerListen, "broker-listen", "127.0.0.1:0", "loopback address of the embedded broker")
}

// generation is how the source of replayed rows ends.
var generation = regexp.MustCompile(`~[0-9]+$`)

// options are the pipeline's, without the brokers.
func (s *settings) options() (pipeline.Options, error) {
	if generation.MatchString(s.group.Source) {
		return pipeline.Options{}, cli.Usagef("--source: %q names a replay's generation: leave out what begins with ~", s.group.Source)
	}
	security, err := cli.SecureKafka(s.kafka)
	if err != nil {
		return pipeline.Options{}, err
	}
	o := pipeline.Options{
		Brokers: s.kafka.Brokers, Topics: s.kafka.Topics,
		TLS: security.TLS, SASL: security.SASL,
		Group: s.group.Name, Source: s.group.Source,
		MaxBlockRows: s.ingest.BlockRows, MaxBlockBytes: s.ingest.BlockBytes, MaxBlockAge: s.ingest.BlockAge,
		Memory: s.ingest.Memory, GrantTTL: s.ingest.GrantTTL,
	}
	if s.ingest.Start == "latest" {
		o.StartAt = pipeline.StartLatest
	}
	if s.ingest.OnGap == "continue" {
		o.OnGap = pipeline.GapContinue
	}
	if s.ingest.OnUnreadable == "continue" {
		o.OnUnreadable = pipeline.GapContinue
	}
	return o, nil
}

// allowedTexts turns the words of --texts into the registry's list.
func allowedTexts(names []string) []string {
	switch {
	case slices.Equal(names, []string{"all"}):
		return nil
	case slices.Equal(names, []string{"none"}):
		return []string{}
	}
	return names
}

// registry compiles the built-in definitions and those of the directories that the user named.
func registry(ingest config.Ingest, key [32]byte) (*parsers.Registry, error) {
	return compile(ingest, parsers.Options{HashKey: key})
}

// registry is the one that reads the topics.
func (s *settings) registry(key [32]byte) (*parsers.Registry, error) {
	o := parsers.Options{HashKey: key, Formats: map[string]parsers.Format{}}
	for topic, name := range s.kafka.Formats {
		o.Formats[topic], _ = parsers.FormatOf(name)
	}
	return compile(s.ingest, o)
}

func compile(ingest config.Ingest, o parsers.Options) (*parsers.Registry, error) {
	o.Redact, o.Texts = ingest.Redact, allowedTexts(ingest.Texts)
	o.Format, _ = parsers.FormatOf(ingest.Format) // the flag takes no other names; the empty one is auto
	return cli.Definitions(ingest.Vendors, o)
}
