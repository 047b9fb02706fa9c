package storage

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	defaultName    = "default" // the server's own name for its first user and its first database
	plainPort      = "9000"
	securePort     = "9440"
	defaultTimeout = 10 * time.Second
	keepAlive      = 15 * time.Second // a peer that vanished is noticed within a minute
)

// Options says how to reach ClickHouse over its native protocol. The password is never printed.
type Options struct {
	Addr        []string      // host:port, tried in order; all must lead to the same server, or rows are read back from where they were not written
	Database    string        // "" = default
	User        string        // "" = default
	Password    string        //
	TLS         *tls.Config   // nil = no TLS
	DialTimeout time.Duration // of one address; 0 = 10 s
	MaxConns    int           // of the query pool; 0 = 10
}

// ParseURL reads clickhouse://user:password@host:9000,host2:9000/database?secure=true. Parts left out
// get the server's defaults: port 9000 (9440 with TLS), user and database "default". Parameters:
// secure, skip_verify (true or false), ca (file with PEM certificates), dial_timeout (a duration). An
// error names the bad part and never holds the password.
func ParseURL(text string) (Options, error) {
	rest, ok := strings.CutPrefix(text, "clickhouse://")
	if !ok {
		scheme, _, found := strings.Cut(text, "://")
		if !found || strings.ContainsAny(scheme, "@:/ ") {
			return Options{}, errors.New("ClickHouse URL: it must start with clickhouse://")
		}
		return Options{}, fmt.Errorf("ClickHouse URL: scheme %q: want clickhouse://, the native protocol (port %s, or %s with ?secure=true)", scheme, plainPort, securePort)
	}
	rest, query, _ := strings.Cut(rest, "?")
	var o Options
	if err := o.parseQuery(query); err != nil {
		return Options{}, err
	}
	// The last @ ends the user part: passwords with an unescaped @ or / are common.
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		if err := o.parseUser(rest[:i]); err != nil {
			return Options{}, err
		}
		rest = rest[i+1:]
	}
	hosts, path, _ := strings.Cut(rest, "/")
	if err := o.parseHosts(hosts); err != nil {
		return Options{}, err
	}
	if err := o.parseDatabase(path); err != nil {
		return Options{}, err
	}
	return o, nil
}

func (o *Options) parseUser(text string) error {
	user, password, _ := strings.Cut(text, ":")
	var err error
	if o.User, err = url.PathUnescape(user); err != nil {
		return errors.New("ClickHouse URL: user: bad % escape")
	}
	if o.Password, err = url.PathUnescape(password); err != nil {
		return errors.New("ClickHouse URL: password: bad % escape (write % as %25)")
	}
	return nil
}

func (o *Options) parseHosts(text string) error {
	port := plainPort
	if o.TLS != nil {
		port = securePort
	}
	for part := range strings.SplitSeq(text, ",") {
		addr, err := hostPort(part, port)
		if err != nil {
			return err
		}
		o.Addr = append(o.Addr, addr)
	}
	return nil
}

func hostPort(text, defaultPort string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil { // no port, or an IPv6 address without one
		if host, port, err = net.SplitHostPort(text + ":" + defaultPort); err != nil {
			return "", fmt.Errorf("ClickHouse URL: host %q: want host:port, an IPv6 address in brackets", text)
		}
	}
	if host == "" || strings.ContainsFunc(host, isForeignToHosts) {
		return "", fmt.Errorf("ClickHouse URL: host %q: want a name or an address", text)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("ClickHouse URL: port %q: want a number from 1 to 65535", port)
	}
	return net.JoinHostPort(host, port), nil
}

func isForeignToHosts(r rune) bool {
	isWord := r == '-' || r == '.' || r == '_' || r == ':' || '0' <= r && r <= '9'
	return !isWord && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

func (o *Options) parseDatabase(path string) error {
	name, err := url.PathUnescape(path)
	if err != nil || strings.ContainsRune(name, '/') {
		return fmt.Errorf("ClickHouse URL: database %q: want one name", path)
	}
	o.Database = name
	return nil
}

func (o *Options) parseQuery(text string) error {
	values, err := url.ParseQuery(text)
	if err != nil {
		return errors.New("ClickHouse URL: the part behind ? is not a list of name=value")
	}
	var t tlsChoice
	for name, list := range values {
		value := list[0]
		switch name {
		case "secure":
			t.secure, err = strconv.ParseBool(value)
		case "skip_verify":
			t.skipVerify, err = strconv.ParseBool(value)
		case "ca":
			t.roots, err = readCertificates(value)
		case "dial_timeout":
			o.DialTimeout, err = time.ParseDuration(value)
		default:
			return fmt.Errorf("ClickHouse URL: parameter %q: want secure, skip_verify, ca or dial_timeout", name)
		}
		if err != nil {
			return fmt.Errorf("ClickHouse URL: parameter %s: %w", name, err)
		}
	}
	o.TLS, err = t.config()
	return err
}

type tlsChoice struct {
	secure, skipVerify bool
	roots              *x509.CertPool
}

func (t tlsChoice) config() (*tls.Config, error) {
	if t.secure {
		// Skipping the check is what the operator asked for by name.
		return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.roots, InsecureSkipVerify: t.skipVerify}, nil
	}
	if t.skipVerify || t.roots != nil {
		return nil, errors.New("ClickHouse URL: skip_verify and ca need secure=true")
	}
	return nil, nil
}

func readCertificates(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", file)
	}
	return pool, nil
}

// String is the URL without the password.
func (o Options) String() string {
	u := url.URL{Scheme: "clickhouse", Host: strings.Join(o.Addr, ","), Path: "/" + o.database(), User: url.User(o.user())}
	if o.TLS != nil {
		u.RawQuery = "secure=true"
	}
	return u.String()
}

// GoString keeps the password out of %#v as well.
func (o Options) GoString() string { return o.String() }

func (o Options) user() string     { return orDefault(o.User) }
func (o Options) database() string { return orDefault(o.Database) }

func orDefault(name string) string {
	if name == "" {
		return defaultName
	}
	return name
}

func (o Options) addresses() string { return strings.Join(o.Addr, ", ") }

func (o Options) dialTimeout() time.Duration {
	if o.DialTimeout > 0 {
		return o.DialTimeout
	}
	return defaultTimeout
}

// dial connects to one address, with TLS where the options ask for it.
func (o Options) dial(ctx context.Context, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, o.dialTimeout())
	defer cancel()
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive, Count: 3}}
	if o.TLS == nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	t := tls.Dialer{NetDialer: &d, Config: o.TLS}
	return t.DialContext(ctx, "tcp", addr)
}
