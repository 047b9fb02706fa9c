package e2e

import (
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kfake"
)

// cmdSecureBroker runs a broker that speaks TLS only, with a certificate signed by ca.pem, and lets in the
// SCRAM user "ingester" with the password in right.txt.
func cmdSecureBroker(ts *testscript.TestScript, _ bool, _ []string) {
	password := "canary-" + rand.Text()
	secrets.add(password)
	ts.Check(os.WriteFile(ts.MkAbs("right.txt"), []byte(password+"\n"), 0o600))
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "secured"),
		kfake.TLS(serverTLS(ts)), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "ingester", password))
	ts.Check(err)
	ts.Defer(cluster.Close)
	ts.Setenv("ERRATA_BROKERS", cluster.ListenAddrs()[0])
	ts.Setenv("ERRATA_TOPIC", "secured")
}

// cmdExpiredServer listens with a certificate that ended an hour ago, signed by expired-ca.pem; $EXPIRED is the address.
func cmdExpiredServer(ts *testscript.TestScript, _ bool, _ []string) {
	signer, err := newAuthority()
	ts.Check(err)
	server, err := signer.issue("errata test server", time.Now().Add(-time.Hour))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("expired-ca.pem"), signer.pem(), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(listener.Close()) })
	ts.Setenv("EXPIRED", listener.Addr().String())
	go func() {
		for client, err := listener.Accept(); err == nil; client, err = listener.Accept() {
			_ = tls.Server(client, server.serverConfig()).Handshake() // it is the other side that says what is wrong
			client.Close()
		}
	}()
}

// cmdSecureClickHouse puts TLS, with a certificate signed by ca.pem, before the ClickHouse of the script.
func cmdSecureClickHouse(ts *testscript.TestScript, _ bool, _ []string) {
	plain, err := url.Parse(ts.Getenv("ERRATA_CLICKHOUSE"))
	ts.Check(err)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", serverTLS(ts))
	ts.Check(err)
	ts.Defer(func() { ts.Check(listener.Close()) })
	backend := plain.Host
	go forward(listener, backend)
	plain.Host = listener.Addr().String()
	plain.RawQuery = "secure=true"
	ts.Setenv("ERRATA_CLICKHOUSE", plain.String())
}

func forward(listener net.Listener, backend string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", backend)
		if err != nil {
			client.Close()
			continue
		}
		go pipe(client, server)
		go pipe(server, client)
	}
}

// pipe ends both connections when one side has ended.
func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}

// serverTLS makes a server's certificate, signed by an authority that is added to ca.pem.
func serverTLS(ts *testscript.TestScript) *tls.Config {
	signer, err := newAuthority()
	ts.Check(err)
	server, err := signer.issue("errata test server", time.Now().Add(time.Hour))
	ts.Check(err)
	ca, err := os.OpenFile(ts.MkAbs("ca.pem"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = ca.Write(signer.pem())
	ts.Check(err)
	ts.Check(ca.Close())
	return server.serverConfig()
}
