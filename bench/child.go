package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// roleEnv carries its assignment to a process that bench has started.
const roleEnv = "ERRATA_BENCH_ROLE"

// role is what a process of bench can be.
type role string

const (
	roleBroker role = "broker" // holds the topics
	roleLoad   role = "load"   // fills a topic
	roleFetch  role = "fetch"  // ingests into nothing
	roleIngest role = "ingest" // ingests into ClickHouse
)

// assignment tells a process what to be and with whom.
type assignment struct {
	Role       role   `json:"role"`
	Topic      string `json:"topic,omitempty"`
	Records    int    `json:"records,omitempty"`
	Broker     string `json:"broker,omitempty"`     // host:port
	Group      string `json:"group,omitempty"`      // consumer group
	ClickHouse string `json:"clickhouse,omitempty"` // URL
	Profile    string `json:"profile,omitempty"`    // file for a CPU profile

	// Of the broker.
	Topics map[string]int32 `json:"topics,omitempty"` // name to partitions
	Trim   string           `json:"trim,omitempty"`   // what this group has committed is deleted; "" = nothing is

	// Of the load generator.
	Stream string `json:"stream,omitempty"`
	Rate   int    `json:"rate,omitempty"`  // records a second; 0 = as fast as it can
	Batch  int    `json:"batch,omitempty"` // bytes of a batch; 0 = the publisher's default
}

// maybeRunRole turns a process that bench has started into what it is to be, and never returns in it.
func maybeRunRole() {
	text, ok := os.LookupEnv(roleEnv)
	if !ok {
		return
	}
	var a assignment
	err := json.Unmarshal([]byte(text), &a)
	if err == nil {
		err = a.run(untilEnd(os.Stdin), json.NewEncoder(os.Stdout))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s: %v\n", a.Role, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// untilEnd lasts until the other end of in is closed, or its process has died.
func untilEnd(in io.Reader) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		_, err := io.Copy(io.Discard, in)
		cancel(err)
	}()
	return ctx
}

func (a assignment) run(ctx context.Context, answer *json.Encoder) error {
	switch a.Role {
	case roleBroker:
		return runBroker(ctx, a, answer)
	case roleLoad:
		return runLoad(ctx, a, answer)
	case roleFetch:
		return runFetch(ctx, a, answer)
	case roleIngest:
		return runIngest(ctx, a, answer)
	}
	return fmt.Errorf("there is no role %q", a.Role)
}

// child is a process of bench. It writes answers to its standard output, one JSON value each, and ends when
// its standard input does. Its complaints go to standard error.
type child struct {
	role    role
	cmd     *exec.Cmd
	stdin   io.Closer
	answers *json.Decoder
}

func startChild(ctx context.Context, a assignment) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", a.Role, err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", a.Role, err)
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), roleEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", a.Role, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", a.Role, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", a.Role, err)
	}
	return &child{role: a.Role, cmd: cmd, stdin: stdin, answers: json.NewDecoder(stdout)}, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// receive waits for the next answer.
func (c *child) receive(answer any) error {
	if err := c.answers.Decode(answer); err != nil {
		return fmt.Errorf("%s gave no answer: %w", c.role, err)
	}
	return nil
}

// end asks the process to end and waits until it has.
func (c *child) end() error {
	if err := errors.Join(c.stdin.Close(), c.cmd.Wait()); err != nil {
		return fmt.Errorf("%s: %w", c.role, err)
	}
	return nil
}
