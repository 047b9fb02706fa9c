package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	requestTimeout = 5 * time.Second
	maxAttempts    = 4
)

// Reach says which addresses a target may have.
type Reach uint8

// The reaches. The zero value is the careful one.
const (
	PublicOnly Reach = iota
	Anywhere
)

// newClient returns a client for targets that a rules file names. It dials public addresses only, unless
// private ones are allowed, and checks the address that a name resolved to, right before it connects: a name
// can resolve differently each time. No proxy: the proxy would resolve the name.
func newClient(reach Reach) *http.Client {
	dialer := &net.Dialer{Timeout: requestTimeout}
	if reach == PublicOnly {
		dialer.Control = publicOnly
	}
	return &http.Client{
		Timeout:       requestTimeout,
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: requestTimeout, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// errPrivate is not worth a second try.
var errPrivate = errors.New("a private address: pass --allow-private-targets if it is meant")

func publicOnly(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !public(ap.Addr().Unmap()) {
		return fmt.Errorf("%s is %w", ap.Addr(), errPrivate)
	}
	return nil
}

// special are ranges that are not private by name but lead to no public host: shared address space (RFC
// 6598), benchmarking, protocol assignments and documentation (RFC 6890), reserved, and NAT64 and 6to4, which
// wrap an IPv4 address.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("::/96"),
}

func public(a netip.Addr) bool {
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

// retrying makes a client try again: on network errors, 429 and 5xx, with growing waits or the Retry-After
// that the target states.
func retrying(c *http.Client) *http.Client {
	r := retryablehttp.NewClient()
	r.HTTPClient, r.Logger = c, nil
	r.RetryMax, r.RetryWaitMin, r.RetryWaitMax = maxAttempts-1, 500*time.Millisecond, 10*time.Second
	r.CheckRetry = func(ctx context.Context, resp *http.Response, err error) (bool, error) {
		if errors.Is(err, errPrivate) {
			return false, err
		}
		return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	}
	r.ErrorHandler = retryablehttp.PassthroughErrorHandler
	outer := r.StandardClient()
	outer.CheckRedirect = c.CheckRedirect // it would follow what the inner one does not
	return outer
}
