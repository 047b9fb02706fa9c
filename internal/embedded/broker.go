package embedded

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/gofrs/flock"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
)

// segmentBytes is the unit in which the broker gives memory back: a partition frees a segment when all of it has been dropped. A
// segment's buffer grows by doubling, so a partition holds at most about twice this beyond its live records.
const segmentBytes = 1 << 20

// ErrBrokerClosed is returned by a Broker's methods after Close.
var ErrBrokerClosed = errors.New("embedded broker is closed")

// BrokerOptions say what the embedded broker starts with.
type BrokerOptions struct {
	// Topics to create: name to number of partitions (at least 1). With a DataDir, those that exist already are kept as they are.
	Topics map[string]int32
	// Addr is the loopback address to listen on; default 127.0.0.1:0. The broker has no authentication, so others are refused.
	Addr string
	// DataDir, if set, keeps topics, records, commits and the cluster id on disk. One broker at a time may use it.
	DataDir string
}

// Broker is a one-node Kafka cluster in this process. It creates no topic by itself. Its methods may be called concurrently.
type Broker struct {
	clusterID string
	addr      string

	mu      sync.RWMutex // held for reading while the cluster is in use: its calls never return once it has ended
	cluster *kfake.Cluster
	lock    *flock.Flock // on the data directory; nil without one
}

// StartBroker starts a broker that runs until Close. ctx bounds the start only.
func StartBroker(ctx context.Context, o BrokerOptions) (*Broker, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	listen, err := loopbackListener(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	lock, err := lockBrokerDir(o.DataDir)
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	b := &Broker{lock: lock}
	if err := b.start(ctx, o, listen); err != nil {
		return nil, errors.Join(fmt.Errorf("start broker: %w", err), b.Close())
	}
	return b, nil
}

func lockBrokerDir(dir string) (*flock.Flock, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("broker data: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "broker.lock"), flock.SetPermissions(0o600))
	free, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("broker data: %w", err)
	}
	if !free {
		return nil, fmt.Errorf("broker data %s is in use by another broker", dir)
	}
	return lock, nil
}

func (b *Broker) start(ctx context.Context, o BrokerOptions, listen listenFunc) (err error) {
	if b.clusterID, err = clusterID(o.DataDir); err != nil {
		return err
	}
	if b.cluster, err = kfake.NewCluster(brokerOptions(o, b.clusterID, listen)...); err != nil {
		return err
	}
	b.addr = b.cluster.ListenAddrs()[0]
	return b.createMissing(ctx, o.Topics)
}

type listenFunc func(network, address string) (net.Listener, error)

func brokerOptions(o BrokerOptions, id string, listen listenFunc) []kfake.Opt {
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID(id),
		kfake.ListenFn(listen),
		kfake.BrokerConfigs(map[string]string{"log.segment.bytes": strconv.Itoa(segmentBytes)}),
	}
	if o.DataDir != "" {
		opts = append(opts, kfake.DataDir(o.DataDir), kfake.SyncWrites())
	}
	return opts
}

// loopbackListener returns a listen function for kfake, which always asks for 127.0.0.1 and advertises what it listens on.
func loopbackListener(addr string) (listenFunc, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("listen address %q: the embedded broker has no authentication and listens on loopback only", addr)
	}
	return func(network, _ string) (net.Listener, error) { return net.Listen(network, addr) }, nil
}

// clusterID returns the id that a persisted cluster has, else a fresh one.
func clusterID(dataDir string) (string, error) {
	if dataDir != "" {
		raw, err := os.ReadFile(filepath.Join(dataDir, "meta.json"))
		switch {
		case err == nil:
			return persistedClusterID(raw)
		case !errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("read cluster id: %w", err)
		}
	}
	return randomHex(16)
}

func persistedClusterID(raw []byte) (string, error) {
	var meta struct {
		ClusterID string `json:"cluster_id"`
	}
	if err := json.Unmarshal(raw, &meta); err != nil {
		return "", fmt.Errorf("read cluster id: %w", err)
	}
	if meta.ClusterID == "" {
		return "", errors.New("read cluster id: meta.json holds none")
	}
	return meta.ClusterID, nil
}

func (b *Broker) createMissing(ctx context.Context, topics map[string]int32) error {
	for topic, partitions := range topics {
		err := b.CreateTopic(ctx, topic, partitions)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return err
		}
	}
	return nil
}

// Addr is the bootstrap address, host:port.
func (b *Broker) Addr() string { return b.addr }

// ClusterID is random and fresh for every broker without a DataDir.
func (b *Broker) ClusterID() string { return b.clusterID }

// CreateTopic creates a topic. It fails when the topic exists.
func (b *Broker) CreateTopic(ctx context.Context, topic string, partitions int32) error {
	if partitions < 1 {
		return fmt.Errorf("create topic %q: %d partitions, want at least 1", topic, partitions)
	}
	return b.use(ctx, func(c *kfake.Cluster) error {
		if err := c.CreateTopic(topic, partitions, nil); err != nil {
			return fmt.Errorf("create topic %q: %w", topic, err)
		}
		return nil
	})
}

// DropBefore deletes the records of a partition below offset, which is at most its end. What is gone already is not an error. Memory
// comes back in units of about 1 MiB.
func (b *Broker) DropBefore(ctx context.Context, topic string, partition int32, offset int64) error {
	return b.use(ctx, func(c *kfake.Cluster) error {
		err := dropBefore(c, topic, partition, offset)
		if err != nil {
			return fmt.Errorf("drop records of %s/%d before %d: %w", topic, partition, offset, err)
		}
		return nil
	})
}

func dropBefore(c *kfake.Cluster, topic string, partition int32, offset int64) error {
	if offset < 0 { // -1 would mean everything
		return kerr.OffsetOutOfRange
	}
	info := c.PartitionInfo(topic, partition)
	if info == nil {
		return kerr.UnknownTopicOrPartition
	}
	if offset <= info.LogStartOffset {
		return nil
	}
	err := c.DeleteRecords(topic, partition, offset)
	if errors.Is(err, kerr.OffsetOutOfRange) {
		// A concurrent call may have dropped more in the meantime.
		if now := c.PartitionInfo(topic, partition); now != nil && offset <= now.LogStartOffset {
			return nil
		}
	}
	return err
}

// Retained is how many bytes of records (as they were produced, compressed or not) the topic still holds.
func (b *Broker) Retained(ctx context.Context, topic string) (bytes int64, err error) {
	err = b.use(ctx, func(c *kfake.Cluster) error {
		infos := c.PartitionInfos(topic)
		if infos == nil {
			return fmt.Errorf("size of topic %q: %w", topic, kerr.UnknownTopicOrPartition)
		}
		for _, info := range infos {
			bytes += info.NumBytes
		}
		return nil
	})
	return bytes, err
}

// Close ends the broker and its connections. Calling it again does nothing.
func (b *Broker) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster != nil {
		b.cluster.Close()
		b.cluster = nil
	}
	if b.lock == nil {
		return nil
	}
	if err := b.lock.Close(); err != nil {
		return fmt.Errorf("close broker: %w", err)
	}
	return nil
}

func (b *Broker) use(ctx context.Context, f func(*kfake.Cluster) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.cluster == nil {
		return ErrBrokerClosed
	}
	return f(b.cluster)
}

func randomHex(bytes int) (string, error) {
	raw := make([]byte, bytes)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("random bytes: %w", err)
	}
	return hex.EncodeToString(raw), nil
}
