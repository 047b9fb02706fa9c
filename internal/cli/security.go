package cli

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/errata-dev/errata/internal/config"
)

// certificates names the PEM files of one TLS connection.
type certificates struct {
	ca, cert, key, serverName string
}

func (c certificates) any() bool {
	return c.ca != "" || c.cert != "" || c.key != "" || c.serverName != ""
}

// config makes a TLS configuration, 1.2 or newer; flag is the prefix of its flags, for errors.
func (c certificates) config(flag string) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.serverName}
	if c.ca != "" {
		pem, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, Usagef("--%s-ca: %w", flag, err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, Usagef("--%s-ca: %s holds no PEM certificate", flag, c.ca)
		}
	}
	if (c.cert == "") != (c.key == "") {
		return nil, Usagef("--%s-cert and --%s-key belong together: give both or neither", flag, flag)
	}
	if c.cert != "" {
		pair, err := tls.LoadX509KeyPair(c.cert, c.key)
		if err != nil {
			return nil, Usagef("--%s-cert and --%s-key: %w", flag, flag, err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

// over puts what the flags state into the configuration of a URL, which keeps the rest: its own authority, and that it
// does not check.
func (c certificates) over(out, stated *tls.Config) {
	out.ServerName, out.Certificates = stated.ServerName, stated.Certificates
	if c.ca != "" {
		out.RootCAs = stated.RootCAs
	}
}

// KafkaSecurity is what Kafka connections need beside the address; nil members mean without.
type KafkaSecurity struct {
	TLS  *tls.Config
	SASL sasl.Mechanism
}

// SecureKafka builds the TLS and SASL of a cluster from its settings; the password comes from
// ERRATA_KAFKA_PASSWORD or --kafka-password-file.
func SecureKafka(k config.Kafka) (KafkaSecurity, error) {
	var out KafkaSecurity
	certs := certificates{ca: k.TLSCA, cert: k.TLSCert, key: k.TLSKey, serverName: k.TLSServerName}
	if k.TLS || certs.any() {
		var err error
		if out.TLS, err = certs.config("kafka-tls"); err != nil {
			return out, err
		}
	}
	if k.SASL == "" {
		if k.User != "" || k.PasswordFile != "" {
			return out, Usagef("--kafka-user needs --kafka-sasl: plain, scram-sha-256 or scram-sha-512")
		}
		return out, nil
	}
	password, err := config.Secret("kafka-password", k.PasswordFile, os.LookupEnv)
	if err != nil {
		return out, Usagef("%w", err)
	}
	if k.User == "" || password == "" {
		return out, Usagef("--kafka-sasl %s needs --kafka-user and a password in ERRATA_KAFKA_PASSWORD or --kafka-password-file", k.SASL)
	}
	out.SASL, err = mechanism(k.SASL, k.User, password)
	return out, err
}

func mechanism(name, user, password string) (sasl.Mechanism, error) {
	switch name {
	case "plain":
		return plain.Mechanism{Username: user, Password: password}, nil
	case "scram-sha-256":
		return scram.Mechanism(scram.SHA256, user, password)
	case "scram-sha-512":
		return scram.Mechanism(scram.SHA512, user, password)
	}
	return nil, fmt.Errorf("unknown SASL mechanism %q", name)
}
