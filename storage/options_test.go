package storage

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseURL(t *testing.T) {
	f := func(url string, want Options) {
		t.Helper()
		got, err := ParseURL(url)
		require.NoError(t, err, url)
		require.Equal(t, want, got, url)
	}
	f("clickhouse://h", Options{Addr: []string{"h:9000"}})
	f("clickhouse://h:9001/", Options{Addr: []string{"h:9001"}})
	f("clickhouse://u@h/db", Options{Addr: []string{"h:9000"}, User: "u", Database: "db"})
	f("clickhouse://u:p@h:1,h2:2,h3/db", Options{Addr: []string{"h:1", "h2:2", "h3:9000"}, User: "u", Password: "p", Database: "db"})
	f("clickhouse://u:p%40%2F%25:x@h", Options{Addr: []string{"h:9000"}, User: "u", Password: "p@/%:x"})
	f("clickhouse://u:p@ss/w@h/db", Options{Addr: []string{"h:9000"}, User: "u", Password: "p@ss/w", Database: "db"})
	f("clickhouse://[::1]:9000/db", Options{Addr: []string{"[::1]:9000"}, Database: "db"})
	f("clickhouse://[::1]/db", Options{Addr: []string{"[::1]:9000"}, Database: "db"})
	f("clickhouse://h/my%20db", Options{Addr: []string{"h:9000"}, Database: "my db"})
	f("clickhouse://h?secure=false&dial_timeout=3s", Options{Addr: []string{"h:9000"}, DialTimeout: 3 * time.Second})
	f("clickhouse://h?secure=true", Options{Addr: []string{"h:9440"}, TLS: &tls.Config{MinVersion: tls.VersionTLS12}})
	f("clickhouse://h:1?secure=1&skip_verify=1", Options{Addr: []string{"h:1"}, TLS: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}})
}

func TestParseURLRefuses(t *testing.T) {
	f := func(url, part string) {
		t.Helper()
		_, err := ParseURL(url)
		require.ErrorContains(t, err, part, url)
		require.NotContains(t, err.Error(), "sesame", url)
	}
	f("", "clickhouse://")
	f("h:9000", "clickhouse://")
	f("u:sesame@h:9000", "clickhouse://")
	f("ftp://h", "scheme")
	f("http://u:sesame@h:8123", `scheme "http"`)
	f("clickhouse://", "host")
	f("clickhouse://u:sesame@/db", "host")
	f("clickhouse://u:sesame@h:99999/db", `port "99999"`)
	f("clickhouse://u:sesame@h:port/db", `port "port"`)
	f("clickhouse://u:sesame@h:0", `port "0"`)
	f("clickhouse://u:sesame@h:1,,h2", "host")
	f("clickhouse://u:sesame@[::1/db", "host")
	f("clickhouse://u:sesame%zz@h", "password")
	f("clickhouse://u%zz:sesame@h", "user")
	f("clickhouse://u:sesame@h/a/b", `database "a/b"`)
	f("clickhouse://u:sesame@h?secret=1", `parameter "secret"`)
	f("clickhouse://u:sesame@h?secure=maybe", "parameter secure")
	f("clickhouse://u:sesame@h?dial_timeout=soon", "parameter dial_timeout")
	f("clickhouse://u:sesame@h?skip_verify=true", "need secure=true")
	f("clickhouse://u:sesame@h?secure=true&ca=/nonexistent", "parameter ca")
	f("clickhouse://u:sesame@h?%zz", "name=value")
}

func TestParseURLReadsCertificates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, []byte("no certificate"), 0o600))
	_, err := ParseURL("clickhouse://h?secure=true&ca=" + file)
	require.ErrorContains(t, err, "holds no PEM certificate")
}

func TestOptionsKeepThePasswordSecret(t *testing.T) {
	o, err := ParseURL("clickhouse://u:sesame@h:1,h2:2/db?secure=true")
	require.NoError(t, err)
	require.Equal(t, "clickhouse://u@h:1,h2:2/db?secure=true", o.String())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, o), "sesame")
		require.NotContains(t, fmt.Sprintf(verb, struct{ O Options }{o}), "sesame")
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"clickhouse://u:sesame@h:1,h2/db?secure=true", "clickhouse://[::1]:9", "http://x", "clickhouse://@@::/??&=%", "clickhouse://0 000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseURL(text)
		if err != nil {
			return
		}
		require.NotEmpty(t, o.Addr)
		again, err := ParseURL(o.String())
		require.NoError(t, err, "String must be a URL: %s", o)
		require.Equal(t, o.Addr, again.Addr)
		require.Equal(t, o.database(), again.database())
		require.Equal(t, o.user(), again.user())
	})
}

func TestOpenNamesAddressAndNextStep(t *testing.T) {
	_, good := openEmpty(t)
	open := func(change func(*Options)) error {
		o := good
		change(&o)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_, err := Open(ctx, o)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "sesame")
		require.Contains(t, err.Error(), o.Addr[0])
		require.NotContains(t, err.Error(), "\n")
		return err
	}
	err := open(func(o *Options) { o.Addr = []string{refusedAddr(t)}; o.Password = "sesame" })
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorContains(t, err, "connection refused")

	err = open(func(o *Options) { o.Password = "sesame" })
	require.ErrorIs(t, err, ErrAuthentication)
	require.ErrorContains(t, err, "check the user and the password")

	err = open(func(o *Options) { o.User = "nobody"; o.Password = "sesame" })
	require.ErrorIs(t, err, ErrAuthentication)

	err = open(func(o *Options) { o.TLS = &tls.Config{MinVersion: tls.VersionTLS12} })
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorContains(t, err, "does not speak TLS")

	err = open(func(o *Options) { o.Addr = []string{startListener(t, "HTTP/1.1 400 Bad Request\r\n\r\n")} })
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorContains(t, err, "not the native port")
}

func TestOpenGivesUpWithItsContext(t *testing.T) {
	_, o := openEmpty(t)
	o.Addr = []string{startListener(t, "")} // accepts, and says nothing
	o.DialTimeout = 300 * time.Millisecond
	_, err := Open(context.Background(), o)
	require.ErrorIs(t, err, ErrUnreachable)
}

func TestLongMessagesAreCut(t *testing.T) {
	require.Equal(t, "a", firstLine("a.\nb"))
	require.LessOrEqual(t, len(firstLine(strings.Repeat("é", 1000))), 310)
}
