package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/errata-dev/errata/internal/freeport"
)

// startPatience covers fetching the broker's jars once.
const startPatience = 10 * time.Minute

// TestRealKafka runs the scripts that consume from a cluster against a real Apache Kafka, which it starts
// with .ci/kafka/start. It needs Java and Maven, so it runs where ERRATA_REQUIRE_SERVERS=1 asks for it.
func TestRealKafka(t *testing.T) {
	if os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skip("set ERRATA_REQUIRE_SERVERS=1 to run against a real Apache Kafka (needs Java 17 and Maven)")
	}
	scripts, err := filepath.Glob("testdata/script/run_*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts found (%v)", err)
	}
	brokers := startKafka(t)
	runScripts(t, testscript.Params{
		Files:               scripts,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("REAL_KAFKA", brokers)
			return setup(env)
		},
		Cmds: commands,
	})
}

// startKafka runs a broker until the test's end and returns its address.
func startKafka(t *testing.T) string {
	t.Helper()
	port := freePort(t)
	return launchKafka(t, port, freePort(t))
}

// launchKafka runs a broker on these ports, with a file of further properties if one is given.
func launchKafka(t *testing.T, port, controller string, properties ...string) string {
	t.Helper()
	var log bytes.Buffer
	args := append([]string{t.TempDir(), port, controller}, properties...)
	cmd := exec.Command(filepath.Join("..", "..", ".ci", "kafka", "start"), args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting Kafka: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		// The script replaces itself by the broker; while it still fetches, its children end with it.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	address := net.JoinHostPort("127.0.0.1", port)
	if err := awaitKafka(address, ended); err != nil {
		t.Fatalf("Kafka did not start: %v\n%s", err, log.String())
	}
	return address
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := freeport.Next()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// awaitKafka polls until the broker answers, or its process has ended.
func awaitKafka(address string, ended chan error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return err
	}
	defer client.Close()
	deadline := time.Now().Add(startPatience)
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		err = client.Ping(ctx)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case end := <-ended:
			ended <- end
			return fmt.Errorf("it ended: %w", end)
		case <-time.After(200 * time.Millisecond): // polls what can be seen
		}
	}
	return err
}

// createTopic makes a topic on a real cluster.
func createTopic(brokers, topic string, partitions int32) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = kadm.NewClient(client).CreateTopic(context.Background(), partitions, 1, nil, topic)
	return err
}
