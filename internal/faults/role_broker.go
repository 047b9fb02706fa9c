package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// brokerEnv makes this binary the broker process on a data directory, brokerPortEnv says where it listens.
const (
	brokerEnv     = "ERRATA_FAULTS_BROKER"
	brokerPortEnv = "ERRATA_FAULTS_PORT"
)

// order is what the harness asks of the broker process.
type order struct {
	Do    string `json:"do"`
	Count int    `json:"count,omitempty"` // requests concerned
	On    bool   `json:"on,omitempty"`
}

const (
	orderHello   = "hello"   // do nothing
	orderLie     = "lie"     // answer the next Count offset commits with a timeout, though they were done
	orderRefuse  = "refuse"  // answer the next Count offset commits with a timeout, and don't do them
	orderRehash  = "rehash"  // move the coordinators
	orderRejoin  = "rejoin"  // answer the next Count heartbeats with REBALANCE_IN_PROGRESS
	orderFollow  = "follow"  // answer the next Count fetches with NOT_LEADER_OR_FOLLOWER
	orderMangle  = "mangle"  // On: spoil batches that carry a spoiler on their way out
	orderUnknown = "unknown" // answer the next Count fetches with UNKNOWN_TOPIC_OR_PARTITION
)

// maybeRunBroker turns a process that the harness has started into the broker, and never returns in it.
func maybeRunBroker() {
	dir, ok := os.LookupEnv(brokerEnv)
	if !ok {
		return
	}
	if err := runBroker(dir, os.Getenv(brokerPortEnv)); err != nil {
		fmt.Fprintln(os.Stderr, "broker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runBroker serves until the harness has gone.
func runBroker(dir, port string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	mangling := new(atomic.Bool)
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1), kfake.ClusterID("errata-faults"), kfake.DataDir(dir), kfake.SyncWrites(),
		kfake.WithLogger(kfake.BasicLogger(os.Stderr, kfake.LogLevelWarn)),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) {
			l, err := net.Listen(network, net.JoinHostPort("127.0.0.1", port))
			return spoiledListener{l, mangling}, err
		}))
	if err != nil {
		return err
	}
	defer cluster.Close()
	orders := json.NewDecoder(os.Stdin)
	for {
		var o order
		if err := orders.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("orders: %w", err)
		}
		answer := ""
		if err := obey(cluster, mangling, o); err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		if _, err := fmt.Println(answer); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
}

func obey(c *kfake.Cluster, mangling *atomic.Bool, o order) error {
	switch o.Do {
	case orderHello:
	case orderLie:
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.RequestTimedOut, Count: o.Count})
	case orderRefuse:
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorLoadInProgress, Count: o.Count})
	case orderRejoin:
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress, Count: o.Count})
	case orderFollow:
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: o.Count})
	case orderUnknown:
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.UnknownTopicOrPartition, Count: o.Count})
	case orderRehash:
		c.RehashCoordinators()
	case orderMangle:
		mangling.Store(o.On)
	default:
		return fmt.Errorf("there is no order %q", o.Do)
	}
	return nil
}
