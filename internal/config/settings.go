package config

import (
	"time"

	"github.com/spf13/pflag"
)

// Kafka says which cluster and how to speak to it. No brokers means the embedded one.
type Kafka struct {
	Brokers       []string
	Topics        []string
	Formats       map[string]string // of the records of those topics that state one
	TLS           bool
	TLSCA         string
	TLSCert       string
	TLSKey        string
	TLSServerName string
	SASL          string
	User          string
	PasswordFile  string
}

// Register adds the flags of k with their defaults.
func (k *Kafka) Register(fs *pflag.FlagSet) {
	InSection(fs, SectionKafka, k.add)
}

func (k *Kafka) add(fs *pflag.FlagSet) {
	fs.StringSliceVar(&k.Brokers, "brokers", nil, "Kafka brokers, host:port, comma-separated (default: an embedded broker)")
	fs.Var(Topics(&k.Topics, &k.Formats, "api-responses"), "topic", "topic of response logs, and the format of its records if it shall not be recognised: NAME=otlp_proto; repeatable")
	fs.BoolVar(&k.TLS, "kafka-tls", false, "speak TLS to Kafka")
	fs.StringVar(&k.TLSCA, "kafka-tls-ca", "", "PEM file of the authority that signed the brokers' certificates (default: the system's)")
	fs.StringVar(&k.TLSCert, "kafka-tls-cert", "", "PEM file of the client certificate")
	fs.StringVar(&k.TLSKey, "kafka-tls-key", "", "PEM file of the client certificate's key")
	fs.StringVar(&k.TLSServerName, "kafka-tls-server-name", "", "name that the brokers' certificates must carry (default: the broker's host)")
	fs.Var(Choice(&k.SASL, "", "plain", "scram-sha-256", "scram-sha-512"), "kafka-sasl", "SASL mechanism: plain, scram-sha-256 or scram-sha-512")
	fs.StringVar(&k.User, "kafka-user", "", "SASL user")
	fs.StringVar(&k.PasswordFile, "kafka-password-file", "", "file with the SASL password (or set ERRATA_KAFKA_PASSWORD)")
}

// Group says under which names we consume.
type Group struct {
	Name   string
	Source string
}

// Register adds the flags of g with their defaults.
func (g *Group) Register(fs *pflag.FlagSet) {
	InSection(fs, SectionKafka, g.add)
}

func (g *Group) add(fs *pflag.FlagSet) {
	fs.StringVar(&g.Name, "group", "errata", "Kafka consumer group")
	fs.StringVar(&g.Source, "source", "", "name of this log stream in the rows (default: the Kafka cluster's id)")
}

// ClickHouse says which server holds the rows. No URL means the embedded engine on DataDir.
type ClickHouse struct {
	URL           string
	User          string
	PasswordFile  string
	TLSCA         string
	TLSCert       string
	TLSKey        string
	TLSServerName string
	Cluster       string
	DataDir       string
}

// Register adds the flags of c with their defaults.
func (c *ClickHouse) Register(fs *pflag.FlagSet) {
	InSection(fs, SectionClickHouse, c.add)
}

func (c *ClickHouse) add(fs *pflag.FlagSet) {
	fs.StringVar(&c.URL, "clickhouse", "", "ClickHouse server, clickhouse://[user@]host:9000/database[?secure=true] (default: an embedded ClickHouse)")
	fs.StringVar(&c.User, "clickhouse-user", "", "ClickHouse user (default: the one in the URL, else default)")
	fs.StringVar(&c.PasswordFile, "clickhouse-password-file", "", "file with the ClickHouse password (or set ERRATA_CLICKHOUSE_PASSWORD)")
	fs.StringVar(&c.TLSCA, "clickhouse-tls-ca", "", "PEM file of the authority that signed the server's certificate (default: the system's)")
	fs.StringVar(&c.TLSCert, "clickhouse-tls-cert", "", "PEM file of the client certificate")
	fs.StringVar(&c.TLSKey, "clickhouse-tls-key", "", "PEM file of the client certificate's key")
	fs.StringVar(&c.TLSServerName, "clickhouse-tls-server-name", "", "name that the server's certificate must carry (default: its host)")
	fs.StringVar(&c.Cluster, "cluster", "", "ClickHouse cluster (remote_servers) that the server of --clickhouse belongs to: each partition's rows lie on one of its shards, answers come from all (default: that server alone)")
	fs.StringVar(&c.DataDir, "data-dir", "", "directory of the embedded ClickHouse (default: errata in the user's data directory)")
}

// Log says how much is logged to standard error, and in which form.
type Log struct {
	Level  string
	Format string
}

// Register adds the flags of l with their defaults.
func (l *Log) Register(fs *pflag.FlagSet) {
	InSection(fs, SectionLog, l.add)
}

func (l *Log) add(fs *pflag.FlagSet) {
	fs.Var(Choice(&l.Level, "info", "trace", "debug", "info", "warn", "error"), "log-level", "least level to log: trace, debug, info, warn or error")
	fs.Var(Choice(&l.Format, "auto", "auto", "console", "json"), "log-format", "log format: auto (console on a terminal, else JSON), console or json")
}

// Ingest bounds the blocks and the memory of an ingester.
type Ingest struct {
	Listen       string
	BlockRows    int
	BlockBytes   int
	BlockAge     time.Duration
	Memory       int64 // bytes, of the whole process
	GrantTTL     time.Duration
	Start        string
	OnGap        string
	OnUnreadable string
	Vendors      []string
	Redact       []string
	Format       string
	Texts        []string
}

// Register adds the flags of i with their defaults.
func (i *Ingest) Register(fs *pflag.FlagSet) {
	InSection(fs, SectionDelivery, i.add)
	i.RegisterFormat(fs)
	i.RegisterParsing(fs)
}

func (i *Ingest) add(fs *pflag.FlagSet) {
	fs.StringVar(&i.Listen, "listen", "", "address for /metrics, /healthz and /readyz, such as :9464 (default: off)")
	fs.IntVar(&i.BlockRows, "block-rows", 125_000, "rows after which a block is inserted")
	fs.IntVar(&i.BlockBytes, "block-bytes", 32<<20, "bytes of columns after which a block is inserted; at most a twelfth of --memory")
	fs.DurationVar(&i.BlockAge, "block-age", time.Second, "age of its oldest record after which a block is inserted, at most 5s")
	fs.Var(Size(&i.Memory, 256_000_000), "memory", "memory of the process, held by fetching no faster than rows are delivered")
	fs.DurationVar(&i.GrantTTL, "grant-ttl", 20*time.Second, "how long an insert may take before the table refuses it")
	fs.Var(Choice(&i.Start, "earliest", "earliest", "latest"), "start", "where a partition begins that the group never committed: earliest or latest")
	fs.Var(Choice(&i.OnGap, "halt", "halt", "continue"), "on-gap", "when Kafka deleted records before they were read: halt the partition, or continue after the gap")
	fs.Var(Choice(&i.OnUnreadable, "halt", "halt", "continue"), "on-unreadable", "when a batch in Kafka cannot be read (bad checksum, unknown codec): halt the partition, or continue after it")
}

// RegisterFormat adds the flag that says what the records are, where no topic says it.
func (i *Ingest) RegisterFormat(fs *pflag.FlagSet) {
	InSection(fs, SectionRecords, i.addFormat)
}

func (i *Ingest) addFormat(fs *pflag.FlagSet) {
	fs.Var(Choice(&i.Format, "auto", formats...), "format", "format of the records: auto (each record tells), errata, otel, otlp_json, otlp_proto, envoy, nginx or har")
}

// RegisterParsing adds the flags that say how bodies are read; `ingest parse` needs no others.
func (i *Ingest) RegisterParsing(fs *pflag.FlagSet) {
	RegisterVendors(fs, &i.Vendors)
	InSection(fs, SectionRecords, i.addParsing)
}

func (i *Ingest) addParsing(fs *pflag.FlagSet) {
	fs.StringSliceVar(&i.Texts, "texts", []string{"all"}, "texts of vendors that may be stored: all, none, or some of path, title, message, type, instance, details, body")
	fs.StringArrayVar(&i.Redact, "redact", nil, "regular expression whose matches are replaced by [redacted:custom]; repeatable")
}

// RegisterVendors adds the flag that names the user's own definitions.
func RegisterVendors(fs *pflag.FlagSet, dirs *[]string) {
	InSection(fs, SectionRecords, func(fs *pflag.FlagSet) {
		fs.StringSliceVar(dirs, "vendors", nil, "directory of further vendor definitions; repeatable")
	})
}

// Retention says how long rows are kept. 0 means not given: the table stays as it is.
type Retention struct {
	Successes int // days
	Errors    int // days; dead letters too
	MaxDisk   int64
}

// Register adds the flags of r.
func (r *Retention) Register(fs *pflag.FlagSet) {
	InSection(fs, SectionRetention, r.add)
}

func (r *Retention) add(fs *pflag.FlagSet) {
	fs.Var(Days(&r.Successes), "retain-successes", "how long successes are kept, whole days counted from the day of their insert (default: as the table says; 14d in a new one)")
	fs.Var(Days(&r.Errors), "retain-errors", "how long errors and dead letters are kept (default: as the table says; 180d in a new one)")
}

// Cluster says how the tables of a cluster are made.
type Cluster struct {
	Replicated    bool
	NewShardsFrom int32
}

// Register adds the flags of c.
func (c *Cluster) Register(fs *pflag.FlagSet) {
	fs.BoolVar(&c.Replicated, "replicated", false, "with --cluster: tables that replicate themselves within a shard (ReplicatedMergeTree, needs ClickHouse Keeper)")
	fs.Int32Var(&c.NewShardsFrom, "new-shards-from", 0, "with --cluster, when shards were added: the partition with which they begin; those below stay where they are")
}

// RegisterDisk adds the flag of those commands that watch the size of the table.
func (r *Retention) RegisterDisk(fs *pflag.FlagSet) {
	InSection(fs, SectionRetention, r.addDisk)
}

func (r *Retention) addDisk(fs *pflag.FlagSet) {
	fs.Var(Size(&r.MaxDisk, 0), "max-disk", "drop the oldest days of responses when they take more than this in ClickHouse, such as 50GB; today and yesterday are never dropped (default: no limit)")
}

// Display says how answers are printed.
type Display struct {
	Output  string
	TZ      string
	Color   string
	Explain bool
}

// Register adds the flags of d with their defaults.
func (d *Display) Register(fs *pflag.FlagSet) {
	d.RegisterFormat(fs)
	d.RegisterExplain(fs)
}

// RegisterExplain adds the flag that shows how an answer came about.
func (d *Display) RegisterExplain(fs *pflag.FlagSet) {
	InSection(fs, SectionPrinting, func(fs *pflag.FlagSet) {
		fs.BoolVar(&d.Explain, "explain", false, "print the SQL with its parameters, the rows and bytes read and the time taken to standard error")
	})
}

// RegisterFormat adds those flags that say how it looks.
func (d *Display) RegisterFormat(fs *pflag.FlagSet) {
	InSection(fs, SectionPrinting, d.addFormat)
}

func (d *Display) addFormat(fs *pflag.FlagSet) {
	fs.VarP(Choice(&d.Output, "auto", "auto", "table", "json", "jsonl", "csv", "tsv", "markdown"), "output", "o", "output format: auto (table on a terminal, else tsv), table, json, jsonl, csv, tsv or markdown")
	fs.StringVar(&d.TZ, "tz", "Local", "time zone of times in tables, such as UTC or Europe/London")
	fs.Var(Choice(&d.Color, "auto", "auto", "always", "never"), "color", "colour: auto (on a terminal, unless NO_COLOR is set), always or never")
}
