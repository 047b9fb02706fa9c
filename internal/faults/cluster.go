package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/errata-dev/errata/internal/freeport"
)

// cluster is a real Apache Kafka of three brokers, each a process of its own.
type cluster struct {
	dir   string
	nodes []*node
	line  *timeline
	kafka *kafka
}

// node is one of the brokers; it is a controller as well.
type node struct {
	id   int
	port string
	log  string
	args []string
	run  *process
}

// startLimit covers fetching the broker's jars once.
const startLimit = 10 * time.Minute

func startCluster(ctx context.Context, dir string) (_ *cluster, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("Kafka: %w", err) //nolint:staticcheck // Kafka is a name
	}
	line, err := newTimeline(dir)
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, line: line}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := c.allot(); err != nil {
		return nil, err
	}
	for _, n := range c.nodes {
		if err := c.start(n); err != nil {
			return nil, err
		}
	}
	if c.kafka, err = openKafka(c.addrs()); err != nil {
		return nil, err
	}
	return c, c.awaitAll(ctx, startLimit)
}

// allot gives every node its ports and its command line.
func (c *cluster) allot() error {
	var ports, controllers []string
	for range 3 {
		port, err := freeport.Next()
		if err != nil {
			return err
		}
		controller, err := freeport.Next()
		if err != nil {
			return err
		}
		ports, controllers = append(ports, port), append(controllers, controller)
	}
	for i := range 3 {
		dir := filepath.Join(c.dir, strconv.Itoa(i+1))
		c.nodes = append(c.nodes, &node{
			id: i + 1, port: ports[i], log: dir + ".log",
			args: []string{dir, strconv.Itoa(i + 1), ports[i], strings.Join(controllers, ",")},
		})
	}
	return nil
}

func (c *cluster) start(n *node) (err error) {
	script, err := repositoryFile(".ci/kafka/cluster")
	if err != nil {
		return err
	}
	n.run, err = launch(c.line, fmt.Sprintf("Kafka broker %d", n.id), n.log, exec.Command(script, n.args...))
	return err
}

// repositoryFile finds a file of the repository above the working directory.
func repositoryFile(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	for {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find %s: run this inside the repository", name)
		}
		dir = filepath.Dir(dir)
	}
}

// watch makes line the timeline in which the nodes' fates are noted.
func (c *cluster) watch(line *timeline) {
	c.line = line
	for _, n := range c.nodes {
		n.run.line = line
	}
}

func (c *cluster) addrs() []string {
	var addrs []string
	for _, n := range c.nodes {
		addrs = append(addrs, net.JoinHostPort("127.0.0.1", n.port))
	}
	return addrs
}

// awaitAll waits until every broker is registered and answers, and every partition has all its replicas.
func (c *cluster) awaitAll(ctx context.Context, limit time.Duration) error {
	return eventually(ctx, limit, "all three brokers are there and in sync", func(ctx context.Context) (bool, error) {
		for _, n := range c.nodes {
			if !n.run.alive() {
				return false, fmt.Errorf("broker %d has ended, see %s", n.id, n.log)
			}
		}
		meta, err := c.kafka.admin.Metadata(ctx)
		if err != nil {
			return false, err
		}
		for _, topic := range meta.Topics {
			for _, p := range topic.Partitions {
				if len(p.ISR) < len(p.Replicas) {
					return false, fmt.Errorf("%s/%d: in sync are %v", topic.Topic, p.Partition, p.ISR)
				}
			}
		}
		return len(meta.Brokers) == len(c.nodes), nil
	})
}

// crash kills a node and starts it again after a while.
func (c *cluster) crash(ctx context.Context, n *node, down time.Duration) error {
	n.run.kill()
	if err := pause(ctx, down); err != nil {
		return err
	}
	return c.start(n)
}

func (c *cluster) freeze(ctx context.Context, n *node, long time.Duration) error {
	n.run.signal(syscall.SIGSTOP)
	err := pause(ctx, long)
	n.run.signal(syscall.SIGCONT)
	return err
}

// mend brings back what a trial has left broken.
func (c *cluster) mend(ctx context.Context) error {
	for _, n := range c.nodes {
		if n.run.alive() {
			if err := n.run.cmd.Process.Signal(syscall.SIGCONT); err != nil {
				return fmt.Errorf("mend Kafka: %w", err)
			}
		} else if err := c.start(n); err != nil {
			return err
		}
	}
	return c.awaitAll(ctx, 2*time.Minute)
}

// leaderOf is the node that leads a partition.
func (c *cluster) leaderOf(ctx context.Context, topic string, partition int32) (*node, error) {
	meta, err := c.kafka.admin.Metadata(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("leader of %s/%d: %w", topic, partition, err)
	}
	leader := int(meta.Topics[topic].Partitions[partition].Leader)
	if leader < 1 || leader > len(c.nodes) {
		return nil, errors.New("there is no leader")
	}
	return c.nodes[leader-1], nil
}

// moveLeaders makes the next replica of every partition of the topic its leader.
func (c *cluster) moveLeaders(ctx context.Context, topic string) error {
	c.line.note("Kafka: the leaders of %s move", topic)
	meta, err := c.kafka.admin.Metadata(ctx, topic)
	if err != nil {
		return fmt.Errorf("move leaders: %w", err)
	}
	req := newReassignment(topic)
	for _, p := range meta.Topics[topic].Partitions {
		req.move(p.Partition, append(p.Replicas[1:len(p.Replicas):len(p.Replicas)], p.Replicas[0]))
	}
	if err := req.apply(ctx, c.kafka); err != nil {
		return fmt.Errorf("move leaders: %w", err)
	}
	return nil
}

func (c *cluster) close() {
	if c.kafka != nil {
		c.kafka.close()
	}
	for _, n := range c.nodes {
		if n.run != nil {
			n.run.kill()
		}
	}
}
