package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// authority signs certificates for 127.0.0.1 that servers and clients of the tests show to each other.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// identity is a certificate with its key.
type identity struct {
	der []byte
	key *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	template := certificateOf("errata test authority", time.Now().Add(time.Hour))
	template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	return &authority{certificate, key}, nil
}

func certificateOf(name string, end time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: end,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// issue signs a certificate for a common name, valid until end.
func (a *authority) issue(name string, end time.Time) (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, fmt.Errorf("certificate %s: %w", name, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, certificateOf(name, end), a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return identity{}, fmt.Errorf("certificate %s: %w", name, err)
	}
	return identity{der, key}, nil
}

// pem is the authority's certificate as clients read it.
func (a *authority) pem() []byte { return certificatePEM(a.certificate.Raw) }

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (i identity) keyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// save writes file.pem and file.key.
func (i identity) save(file string) error {
	key, err := i.keyPEM()
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".pem", certificatePEM(i.der), 0o600); err != nil {
		return err
	}
	return os.WriteFile(file+".key", key, 0o600)
}

// saveKeyStore writes key and certificate into one file, as Kafka's PEM key stores hold them.
func (i identity) saveKeyStore(file string) error {
	key, err := i.keyPEM()
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(key, certificatePEM(i.der)...), 0o600)
}

// serverConfig is how a Go server shows this identity.
func (i identity) serverConfig() *tls.Config {
	pair := tls.Certificate{Certificate: [][]byte{i.der}, PrivateKey: i.key}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
}
