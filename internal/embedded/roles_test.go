//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// roles are the other programs that this test binary can play.
var roles = map[string]func() int{
	"client":     playClient,
	"clickhouse": playClickHouse,
	"unlucky":    playUnlucky,
}

// playClient opens the engine of the directory in its first argument, prints its address and holds it until standard input ends.
func playClient() int {
	e, err := OpenClickHouse(context.Background(), Options{DataDir: os.Args[1], IdleTimeout: time.Second})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(e.address()); err != nil {
		return 1
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	if err := e.Close(); err != nil {
		return 1
	}
	return 0
}

// playClickHouse is a `clickhouse` binary: the real engine, from the library, with the command line of the real binary.
func playClickHouse() int {
	if len(os.Args) == 3 && os.Args[2] == "--version" {
		fmt.Printf("ClickHouse local version %s (official build).\n", os.Getenv("ERRATA_TEST_VERSION"))
		return 0
	}
	l, err := openLibrary(os.Getenv("ERRATA_TEST_LIBRARY"))
	if err == nil {
		err = l.main(os.Args[2:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// playUnlucky is an engine on the directory in its first argument that finds its HTTP port taken.
func playUnlucky() int {
	squatter, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return exitFailed
	}
	l := layout(os.Args[1])
	s := supervisor{spec: spec{Dir: string(l), Library: os.Getenv("ERRATA_TEST_LIBRARY"), Idle: time.Second}, layout: l}
	if s.address, err = newAddress(l); err != nil {
		return exitFailed
	}
	s.address.HTTP = squatter.Addr().String()
	code, err := s.serve()
	fmt.Fprintln(os.Stderr, err)
	return code
}
