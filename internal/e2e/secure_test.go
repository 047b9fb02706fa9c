package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kfake"
)

// cmdSecureBroker runs a broker that speaks TLS only, with a certificate signed by ca.pem, and lets in the
// SCRAM user "ingester" with the password "right".
func cmdSecureBroker(ts *testscript.TestScript, _ bool, _ []string) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "secured"),
		kfake.TLS(serverTLS(ts)), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "ingester", "right"))
	ts.Check(err)
	ts.Defer(cluster.Close)
	ts.Setenv("ERRATA_BROKERS", cluster.ListenAddrs()[0])
	ts.Setenv("ERRATA_TOPIC", "secured")
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

// serverTLS makes a certificate for 127.0.0.1 that signs itself, and writes it to ca.pem.
func serverTLS(ts *testscript.TestScript) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "errata test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ts.Check(err)
	ca, err := os.OpenFile(ts.MkAbs("ca.pem"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	ts.Check(pem.Encode(ca, &pem.Block{Type: "CERTIFICATE", Bytes: der}))
	ts.Check(ca.Close())
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
