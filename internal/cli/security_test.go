package cli

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/config"
)

func TestSecureKafka(t *testing.T) {
	none, err := SecureKafka(config.Kafka{})
	require.NoError(t, err)
	require.Nil(t, none.TLS)
	require.Nil(t, none.SASL)

	plain, err := SecureKafka(config.Kafka{TLS: true})
	require.NoError(t, err)
	require.EqualValues(t, tls.VersionTLS12, plain.TLS.MinVersion)
	require.False(t, plain.TLS.InsecureSkipVerify)

	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte("secret\n"), 0o600))
	for sasl, name := range map[string]string{"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512"} {
		s, err := SecureKafka(config.Kafka{SASL: sasl, User: "u", PasswordFile: password})
		require.NoError(t, err)
		require.Equal(t, name, s.SASL.Name())
	}
}

func TestSecureKafkaMistakes(t *testing.T) {
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(noPEM, []byte("nothing"), 0o600))
	f := func(k config.Kafka, want string) {
		t.Helper()
		_, err := SecureKafka(k)
		require.ErrorContains(t, err, want)
		require.True(t, errors.Is(err, ErrUsage))
	}
	f(config.Kafka{User: "u"}, "--kafka-user needs --kafka-sasl")
	f(config.Kafka{SASL: "plain", User: "u"}, "a password in ERRATA_KAFKA_PASSWORD")
	f(config.Kafka{SASL: "plain", User: "u", PasswordFile: noPEM + ".absent"}, "--kafka-password-file")
	f(config.Kafka{TLSCert: noPEM}, "--kafka-tls-cert and --kafka-tls-key belong together")
	f(config.Kafka{TLSCert: noPEM, TLSKey: noPEM}, "--kafka-tls-cert and --kafka-tls-key")
	f(config.Kafka{TLSCA: noPEM}, "holds no PEM certificate")
	f(config.Kafka{TLSCA: noPEM + ".absent"}, "--kafka-tls-ca")
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		require.Equal(t, want, Count(n))
	}
}
