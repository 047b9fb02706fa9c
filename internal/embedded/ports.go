//go:build !noembedded && (linux || darwin)

package embedded

import (
	"errors"
	"fmt"
	"net"
)

const loopback = "127.0.0.1"

// newAddress prepares the address of a new engine. It keeps the ports and passwords of the one before where it can, so that clients
// of an engine that was killed find the next one in its place.
func newAddress(l layout) (address, error) {
	var old address
	if err := readJSON(l.address(), &old); err != nil {
		old = address{}
	}
	a := address{User: userName, Reader: readerName, Password: old.Password, ReaderPassword: old.ReaderPassword}
	var errs [4]error
	if a.Password == "" || a.ReaderPassword == "" {
		a.Password, errs[0] = randomHex(16)
		a.ReaderPassword, errs[1] = randomHex(16)
	}
	a.Native, errs[2] = freeAddress(old.Native)
	a.HTTP, errs[3] = freeAddress(old.HTTP, a.Native)
	return a, errors.Join(errs[:]...)
}

// freeAddress returns wanted if it is a free loopback address, else another free one, other than those taken.
func freeAddress(wanted string, taken ...string) (string, error) {
	if host, _, err := net.SplitHostPort(wanted); err == nil && host == loopback {
		if addr, err := tryListen(wanted); err == nil {
			return addr, nil
		}
	}
	for {
		addr, err := tryListen(loopback + ":0")
		if err != nil {
			return "", fmt.Errorf("find a free port: %w", err)
		}
		if len(taken) == 0 || addr != taken[0] {
			return addr, nil
		}
	}
}

func tryListen(addr string) (string, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

func portOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	return port
}
