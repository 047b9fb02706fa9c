package e2e

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

// cmdTerminal runs a command on a terminal of its own and keeps what it writes, escapes and all.
func cmdTerminal(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("terminal", flag.ContinueOnError)
	size, until, times := flags.String("size", "80x24", ""), flags.String("until", "", ""), flags.Int("times", 1, "")
	ts.Check(flags.Parse(args))
	columns, rows, _ := strings.Cut(*size, "x")
	command := scriptCommand(ts, flags.Args()[1:])
	terminal, err := pty.StartWithSize(command, &pty.Winsize{Cols: atoi(ts, columns), Rows: atoi(ts, rows)})
	ts.Check(err)
	defer terminal.Close()
	kill := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	defer kill.Stop()
	output := readTerminal(ts, terminal, *until, *times)
	code := exitCodeOf(ts, command.Wait())
	ts.Setenv("EXIT", strconv.Itoa(code))
	ts.Check(os.WriteFile(ts.MkAbs(flags.Arg(0)), bytes.ReplaceAll(output, []byte("\r\n"), []byte("\n")), 0o600))
}

// readTerminal reads to the end; it types Ctrl-C when the pattern has been seen so often.
func readTerminal(ts *testscript.TestScript, terminal *os.File, until string, times int) []byte {
	pattern := regexp.MustCompile(until)
	var output []byte
	for chunk := make([]byte, 64<<10); ; {
		n, err := terminal.Read(chunk)
		output = append(output, chunk[:n]...)
		if until != "" && len(pattern.FindAll(output, -1)) >= times {
			until = ""
			_, err := terminal.Write([]byte{3})
			ts.Check(err)
		}
		if err != nil { // EIO or EOF: the command has gone
			return output
		}
	}
}

func atoi(ts *testscript.TestScript, text string) uint16 {
	n, err := strconv.ParseUint(text, 10, 16)
	ts.Check(err)
	return uint16(n)
}

// scriptCommand is a command in the directory and the environment of the script.
func scriptCommand(ts *testscript.TestScript, args []string) *exec.Cmd {
	path := args[0]
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if _, err := os.Stat(dir + "/" + path); err == nil {
			path = dir + "/" + path
			break
		}
	}
	command := exec.Command(path, args[1:]...)
	command.Args[0] = args[0]
	command.Dir = ts.MkAbs(".")
	for _, name := range []string{
		"PATH", "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "ERRATA_CACHE_DIR", "ERRATA_CLICKHOUSE", "ERRATA_COLOR", "TZ", "TERM", "LANG",
		"NO_COLOR",
	} {
		if value := ts.Getenv(name); value != "" {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	return command
}

func exitCodeOf(ts *testscript.TestScript, err error) int {
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

func cmdInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	command := scriptCommand(ts, args)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	ts.Check(command.Start())
	kill := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	defer kill.Stop()
	awaitQueries(ts, true)
	ts.Check(command.Process.Signal(syscall.SIGINT))
	if code := exitCodeOf(ts, command.Wait()); code != 130 {
		ts.Fatalf("exit code %d after SIGINT, want 130; stderr: %s", code, stderr.String())
	}
	if stdout.Len()+stderr.Len() > 0 {
		ts.Fatalf("an interrupted command has nothing to say, but wrote %q and %q", stdout.String(), stderr.String())
	}
	awaitQueries(ts, false)
}

// awaitQueries waits until statements run in the script's database beside its own, or none any more.
func awaitQueries(ts *testscript.TestScript, want bool) {
	options, err := clickhouse.ParseDSN(ts.Getenv("ERRATA_CLICKHOUSE"))
	ts.Check(err)
	conn, err := clickhouse.Open(options)
	ts.Check(err)
	defer conn.Close()
	for deadline := time.Now().Add(patience); ; {
		var running uint64
		err := conn.QueryRow(context.Background(), "SELECT count() FROM system.processes WHERE current_database = currentDatabase() AND query NOT LIKE '%system.processes%'").Scan(&running)
		ts.Check(err)
		if (running > 0) == want {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%d statements run on the server, want some: %t", running, want)
		}
		time.Sleep(20 * time.Millisecond) // polls what can be seen
	}
}
