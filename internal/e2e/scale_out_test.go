package e2e

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/internal/simulate"
)

// The topic has more partitions than any group here has members.
const (
	scaleTopic      = "scale-responses"
	scalePartitions = 24
)

// TestScaleOut lets two and four ingesters share a topic of a real Apache Kafka of three brokers, while members
// come, go and are killed, and while a broker is killed and comes back. Each record has one row in the end, and
// members that stay have taken equal parts.
func TestScaleOut(t *testing.T) {
	if os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skip("set ERRATA_REQUIRE_SERVERS=1 to run against a real Apache Kafka (needs Java 17 and Maven)")
	}
	k := startBrokers(t)
	s := &scale{t: t, kafka: k, clickhouse: embedded.TestClickHouse(t), members: map[string]*exec.Cmd{}}
	secrets.addPassword(s.clickhouse)
	s.command("ingest", "migrate")
	flow := k.produce(t)

	s.start("a", "b")
	s.sharesEqually(flow, 2)
	s.start("c", "d")
	s.sharesEqually(flow, 4)

	k.kill(2)
	s.moves(flow, "a broker is away")
	s.end("a", syscall.SIGTERM)
	s.end("b", syscall.SIGKILL)
	s.moves(flow, "half of the members are away")
	k.start(2)
	s.sharesEqually(flow, 2)
	s.start("a", "b")
	s.sharesEqually(flow, 4)

	want := flow.stop()
	rows, err := awaitRows(s.clickhouse, uint64(want))
	require.NoError(t, err)
	require.EqualValues(t, want, rows)
	for _, name := range slices.Sorted(maps.Keys(s.members)) {
		s.end(name, syscall.SIGTERM)
	}
	s.command("ingest", "verify")
}

// brokers are three processes of Apache Kafka.
type brokers struct {
	t           testing.TB
	dir         string
	ports       []string
	controllers []string
	running     []*exec.Cmd
	client      *kgo.Client
}

func startBrokers(t *testing.T) *brokers {
	t.Helper()
	k := &brokers{t: t, dir: t.TempDir(), running: make([]*exec.Cmd, 3)}
	for range 3 {
		k.ports, k.controllers = append(k.ports, freePort(t)), append(k.controllers, freePort(t))
	}
	t.Cleanup(func() {
		for n := range k.running {
			k.kill(n + 1)
		}
	})
	for n := range k.running {
		k.start(n + 1)
	}
	var err error
	k.client, err = kgo.NewClient(kgo.SeedBrokers(strings.Split(k.addresses(), ",")...), kgo.DefaultProduceTopic(scaleTopic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	require.NoError(t, err)
	t.Cleanup(k.client.Close)
	admin := kadm.NewClient(k.client)
	require.Eventually(t, func() bool {
		created, err := admin.CreateTopic(context.Background(), scalePartitions, 3, nil, scaleTopic)
		return err == nil && created.Err == nil || err != nil && strings.Contains(err.Error(), "TOPIC_ALREADY_EXISTS")
	}, startPatience, time.Second)
	for _, seed := range k.client.SeedBrokers() {
		require.Eventually(t, func() bool { return knowsTopic(seed) }, startPatience, 100*time.Millisecond)
	}
	return k
}

// knowsTopic reports whether the broker has heard of all partitions and their leaders. Brokers hear of a new topic one after the
// other, and an ingester that asks one which has not gives up at once.
func knowsTopic(broker *kgo.Broker) bool {
	request := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr(scaleTopic)
	request.Topics = append(request.Topics, topic)
	answer, err := broker.Request(context.Background(), request)
	if err != nil {
		return false
	}
	topics := answer.(*kmsg.MetadataResponse).Topics //nolint:forcetypeassert // the answer to that request
	return len(topics) == 1 && len(topics[0].Partitions) == scalePartitions &&
		!slices.ContainsFunc(topics[0].Partitions, func(p kmsg.MetadataResponseTopicPartition) bool { return p.ErrorCode != 0 || p.Leader < 0 })
}

func (k *brokers) addresses() string {
	list := make([]string, len(k.ports))
	for n, port := range k.ports {
		list[n] = net.JoinHostPort("127.0.0.1", port)
	}
	return strings.Join(list, ",")
}

// start runs the n-th broker, from 1, on what it had before.
func (k *brokers) start(n int) {
	log, err := os.OpenFile(filepath.Join(k.dir, fmt.Sprintf("%d.log", n)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(k.t, err)
	defer log.Close()
	cmd := exec.Command(filepath.Join("..", "..", ".ci", "kafka", "cluster"), filepath.Join(k.dir, strconv.Itoa(n)), strconv.Itoa(n), k.ports[n-1], strings.Join(k.controllers, ","))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(k.t, cmd.Start())
	k.running[n-1] = cmd
}

func (k *brokers) kill(n int) {
	cmd := k.running[n-1]
	if cmd == nil {
		return
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
	k.running[n-1] = nil
}

// flow is a stream of records that goes on until it is stopped.
type flow struct {
	acknowledged atomic.Int64
	quit         chan struct{}
	done         chan error
}

// flowEvery and flowRecords make 4,000 records a second, which leaves the machine to others.
const (
	flowEvery   = 50 * time.Millisecond
	flowRecords = 200
)

func (k *brokers) produce(t *testing.T) *flow {
	t.Helper()
	generator, err := simulate.New(simulate.Options{Seed: 1, Records: 1 << 20, End: simulationEnd})
	require.NoError(t, err)
	f := &flow{quit: make(chan struct{}), done: make(chan error, 1)}
	go func() {
		tick := time.NewTicker(flowEvery)
		defer tick.Stop()
		for {
			select {
			case <-f.quit:
				f.done <- k.client.Flush(context.Background())
				return
			case <-tick.C:
			}
			for range flowRecords {
				value, _, _ := generator.Next(nil)
				k.client.Produce(context.Background(), &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
					if err == nil {
						f.acknowledged.Add(1)
					}
				})
			}
		}
	}()
	t.Cleanup(func() { f.stop() })
	return f
}

// stop ends the flow and returns how many records Kafka has acknowledged.
func (f *flow) stop() int64 {
	select {
	case <-f.quit:
	default:
		close(f.quit)
		<-f.done
	}
	return f.acknowledged.Load()
}

// scale is a group of ingesters.
type scale struct {
	t          *testing.T
	kafka      *brokers
	clickhouse string
	members    map[string]*exec.Cmd
	ports      map[string]string
}

func (s *scale) environment() []string {
	return append(os.Environ(), "ERRATA_CLICKHOUSE="+s.clickhouse, "ERRATA_BROKERS="+s.kafka.addresses(),
		"ERRATA_TOPIC="+scaleTopic, "ERRATA_GROUP=scale", "ERRATA_LOG_FORMAT=json", "ERRATA_GRANT_TTL=5s")
}

func (s *scale) command(name string, args ...string) {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(binaries, name), args...)
	cmd.Env = s.environment()
	out, err := cmd.CombinedOutput()
	require.NoError(s.t, err, string(out))
}

// start runs further members.
func (s *scale) start(names ...string) {
	s.t.Helper()
	if s.ports == nil {
		s.ports = map[string]string{}
	}
	for _, name := range names {
		s.ports[name] = freePort(s.t)
		log, err := os.OpenFile(filepath.Join(s.kafka.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		require.NoError(s.t, err)
		defer log.Close()
		cmd := exec.Command(filepath.Join(binaries, "ingest"), "run", "--listen=127.0.0.1:"+s.ports[name])
		cmd.Env, cmd.Stdout, cmd.Stderr = s.environment(), log, log
		require.NoError(s.t, cmd.Start())
		s.t.Cleanup(func() { _ = cmd.Process.Kill() })
		s.members[name] = cmd
	}
}

// end signals a member and waits for its end; it has to end well unless it is killed.
func (s *scale) end(name string, signal syscall.Signal) {
	s.t.Helper()
	cmd := s.members[name]
	delete(s.members, name)
	require.NoError(s.t, cmd.Process.Signal(signal))
	if err := cmd.Wait(); signal != syscall.SIGKILL {
		require.NoError(s.t, err, "member %s", name)
	}
}

// lastWords are the ends of the members' logs.
func (s *scale) lastWords() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.members)) {
		log, err := os.ReadFile(filepath.Join(s.kafka.dir, name+".log"))
		fmt.Fprintf(&text, "%s: %s %v\n", name, log[max(0, len(log)-500):], err)
	}
	return text.String()
}

// sharesEqually waits until so many members have equal numbers of partitions, all are ready and what members that
// are gone have left is delivered, lets them work, and until each has delivered its share meanwhile. Who takes the
// backlog first shows nothing: it can be more than what is waited for, in a single block. And who is a few blocks behind
// at a moment, on a busy machine, catches up: only a share that is not equal never becomes so.
func (s *scale) sharesEqually(f *flow, members int) {
	s.t.Helper()
	admin := kadm.NewClient(s.kafka.client)
	deadline := time.Now().Add(patience)
	for {
		owned, err := ownedPartitions(admin)
		if err == nil && len(owned) == members && slices.Min(owned) == slices.Max(owned) && s.allReady() {
			break
		}
		require.Less(s.t, time.Now(), deadline, "%d members with equal shares: %v, %v\n%s", members, owned, err, s.lastWords())
		time.Sleep(100 * time.Millisecond) // polls what can be seen
	}
	s.moves(f, "a backlog is left")
	deadline = time.Now().Add(patience)
	before := s.delivered()
	for {
		after := s.delivered()
		least, most := math.MaxFloat64, 0.0
		for name := range s.members {
			got := after[name] - before[name]
			least, most = min(least, got), max(most, got)
		}
		if sum(after)-sum(before) > 4*flowRecords*scalePartitions && most < 1.5*least {
			s.t.Logf("%d members have delivered between %.0f and %.0f records each meanwhile", members, least, most)
			return
		}
		require.Less(s.t, time.Now(), deadline, "shares of %d members: between %.0f and %.0f records", members, least, most)
		time.Sleep(100 * time.Millisecond) // polls what can be seen
	}
}

// ownedPartitions lists how many partitions each member of the stable group has.
func ownedPartitions(admin *kadm.Client) (owned []int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	groups, err := admin.DescribeGroups(ctx, "scale")
	if err != nil {
		return nil, err
	}
	if group := groups["scale"]; group.State == "Stable" {
		for _, m := range group.Members {
			n := 0
			if a, ok := m.Assigned.AsConsumer(); ok {
				for _, topic := range a.Topics {
					n += len(topic.Partitions)
				}
			}
			owned = append(owned, n)
		}
	}
	return owned, nil
}

func (s *scale) allReady() bool {
	for name := range s.members {
		if status, _, err := get("http://127.0.0.1:" + s.ports[name] + "/readyz"); err != nil || status != 200 {
			return false
		}
	}
	return true
}

var deliveredRecords = regexp.MustCompile(`(?m)^errata_records_total\{kind="\w+"\} (\S+)$`)

// delivered is how many records each member has delivered since it began.
func (s *scale) delivered() map[string]float64 {
	counts := map[string]float64{}
	for name := range s.members {
		_, text, err := get("http://127.0.0.1:" + s.ports[name] + "/metrics")
		if err != nil {
			continue // it is asked again
		}
		for _, m := range deliveredRecords.FindAllStringSubmatch(text, -1) {
			n, err := strconv.ParseFloat(m[1], 64)
			require.NoError(s.t, err)
			counts[name] += n
		}
	}
	return counts
}

func sum(counts map[string]float64) (total float64) {
	for _, n := range counts {
		total += n
	}
	return total
}

// moves waits until the members have gone on by some seconds' worth of records.
func (s *scale) moves(f *flow, when string) {
	s.t.Helper()
	reached := f.acknowledged.Load() + 20*flowRecords
	_, err := awaitRows(s.clickhouse, uint64(reached))
	require.NoError(s.t, err, when)
}
