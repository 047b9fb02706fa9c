package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestRealKafkaSecurity runs the scripts in testdata/secure against a real Apache Kafka that speaks TLS, knows
// clients by SCRAM-SHA-512 or by their certificate, and allows nobody anything that no ACL grants.
func TestRealKafkaSecurity(t *testing.T) {
	if os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skip("set ERRATA_REQUIRE_SERVERS=1 to run against a real Apache Kafka (needs Java 17 and Maven)")
	}
	cluster := startSecureKafka(t)
	all := maps.Clone(commands)
	all["secure-kafka"] = cluster.cmdTopic // secure-kafka PARTITIONS scram|mtls: a topic of its own as $ERRATA_TOPIC, $ERRATA_BROKERS, $KAFKA_USER, password.txt, ca.pem
	all["allow"] = cluster.cmdAllow        // allow PRINCIPAL [--load]: what deploy/kafka/acls grants
	all["acl"] = cluster.cmdACL            // acl add|remove PRINCIPAL OPERATION topic|group NAME
	all["client-cert"] = cluster.cmdCert   // client-cert NAME [expired|foreign]: NAME.pem and NAME.key
	all["publish"] = cluster.administrator(cmdPublish)
	all["committed"] = cluster.administrator(cmdCommitted)
	all["never-ready"] = cmdNeverReady // never-ready URL PATTERN: waits for the reason; "ready" on the way is a failure
	runScripts(t, testscript.Params{
		Dir: "testdata/secure", RequireExplicitExec: true, Setup: setup, Cmds: all,
		Deadline: time.Now().Add(4 * patience), // a command that should have ended is not waited for
	})
}

// secureKafka is a running broker. Its plain listener, whose clients have no name, is the administrators'.
type secureKafka struct {
	plain, scram, mtls string
	authority          *authority
}

// secureProperties make the broker of .ci/kafka/start a secured one; the verbs are the ports of the plain, SCRAM,
// mTLS and controller listeners, the key store and the trust store.
const secureProperties = `
listeners=PLAINTEXT://127.0.0.1:%[1]s,SCRAM://127.0.0.1:%[2]s,MTLS://127.0.0.1:%[3]s,CONTROLLER://127.0.0.1:%[4]s
advertised.listeners=PLAINTEXT://127.0.0.1:%[1]s,SCRAM://127.0.0.1:%[2]s,MTLS://127.0.0.1:%[3]s
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_SSL,MTLS:SSL
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.scram.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=%[5]s
ssl.truststore.type=PEM
ssl.truststore.location=%[6]s
listener.name.mtls.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
`

func startSecureKafka(t *testing.T) *secureKafka {
	t.Helper()
	signer, err := newAuthority()
	require.NoError(t, err)
	server, err := signer.issue("broker", time.Now().Add(time.Hour))
	require.NoError(t, err)
	dir := t.TempDir()
	keys, trusted, properties := filepath.Join(dir, "server.pem"), filepath.Join(dir, "ca.pem"), filepath.Join(dir, "secure.properties")
	require.NoError(t, server.saveKeyStore(keys))
	require.NoError(t, os.WriteFile(trusted, signer.pem(), 0o600))
	plain, scram, mtls, controller := freePort(t), freePort(t), freePort(t), freePort(t)
	text := fmt.Sprintf(secureProperties, plain, scram, mtls, controller, keys, trusted)
	require.NoError(t, os.WriteFile(properties, []byte(text), 0o600))
	return &secureKafka{
		plain: launchKafka(t, plain, controller, properties), scram: net.JoinHostPort("127.0.0.1", scram),
		mtls: net.JoinHostPort("127.0.0.1", mtls), authority: signer,
	}
}

// administer lends a client whose user may do everything.
func (k *secureKafka) administer(do func(context.Context, *kadm.Client) error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.plain))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return do(ctx, kadm.NewClient(client))
}

func (k *secureKafka) cmdTopic(ts *testscript.TestScript, _ bool, args []string) {
	var partitions int32
	_, err := fmt.Sscan(args[0], &partitions)
	ts.Check(err)
	topic, user, password := ts.Name()+"-responses", ts.Name()+"-ingester", "canary-"+rand.Text()
	secrets.add(password)
	ts.Check(createTopic(k.plain, topic, partitions))
	ts.Check(k.administer(func(ctx context.Context, admin *kadm.Client) error {
		altered, err := admin.AlterUserSCRAMs(ctx, nil, []kadm.UpsertSCRAM{
			{User: user, Mechanism: kadm.ScramSha512, Iterations: 4096, Password: password},
		})
		if err != nil {
			return err
		}
		return altered.Error()
	}))
	ts.Check(os.WriteFile(ts.MkAbs("password.txt"), []byte(password+"\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), k.authority.pem(), 0o600))
	variables := map[string]string{
		"ERRATA_BROKERS": k.mtls, "ERRATA_TOPIC": topic, "ERRATA_GROUP": ts.Name(), "ERRATA_KAFKA_TLS_CA": "ca.pem", "KAFKA_USER": user,
	}
	if args[1] == "scram" {
		maps.Copy(variables, map[string]string{
			"ERRATA_BROKERS": k.scram, "ERRATA_KAFKA_SASL": "scram-sha-512", "ERRATA_KAFKA_USER": user,
			"ERRATA_KAFKA_PASSWORD_FILE": "password.txt",
		})
	}
	for name, value := range variables {
		ts.Setenv(name, value)
	}
}

// cmdAllow runs the script of the documentation with a kafka-acls.sh that writes its arguments down, and has the
// broker do what they say.
func (k *secureKafka) cmdAllow(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs("kafka-bin")
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, "kafka-acls.sh"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o755))
	script := append([]string{k.plain, "User:" + args[0], ts.Getenv("ERRATA_TOPIC"), ts.Getenv("ERRATA_GROUP")}, args[1:]...)
	cmd := exec.Command(filepath.Join("..", "..", "deploy", "kafka", "acls"), script...)
	cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.Output()
	ts.Check(err)
	for line := range strings.Lines(string(out)) {
		rule, err := parseACL(strings.Fields(line))
		ts.Check(err)
		ts.Check(k.administer(rule.create))
	}
}

func (k *secureKafka) cmdACL(ts *testscript.TestScript, _ bool, args []string) {
	rule := acl{principal: "User:" + args[1], operations: []string{args[2]}, resource: args[3], name: args[4], pattern: kadm.ACLPatternLiteral}
	if args[0] == "add" {
		ts.Check(k.administer(rule.create))
		return
	}
	ts.Check(k.administer(rule.remove))
}

func (k *secureKafka) cmdCert(ts *testscript.TestScript, _ bool, args []string) {
	signer, end := k.authority, time.Now().Add(time.Hour)
	if len(args) > 1 && args[1] == "expired" {
		end = time.Now().Add(-time.Hour)
	}
	if len(args) > 1 && args[1] == "foreign" {
		var err error
		signer, err = newAuthority()
		ts.Check(err)
	}
	client, err := signer.issue(args[0], end)
	ts.Check(err)
	ts.Check(client.save(ts.MkAbs(args[0])))
}

// administrator has a command of the other scripts speak to the plain listener.
func (k *secureKafka) administrator(cmd func(*testscript.TestScript, bool, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		brokers := ts.Getenv("ERRATA_BROKERS")
		ts.Setenv("ERRATA_BROKERS", k.plain)
		cmd(ts, neg, args)
		ts.Setenv("ERRATA_BROKERS", brokers)
	}
}

func cmdNeverReady(ts *testscript.TestScript, _ bool, args []string) {
	deadline, seen := time.Now().Add(patience), ""
	for time.Now().Before(deadline) {
		status, body, err := get(args[0])
		if err == nil && status == 200 {
			ts.Fatalf("GET %s says %q; want it never to be ready", args[0], body)
		}
		if err == nil && strings.Contains(body, args[1]) {
			return
		}
		seen = body
		time.Sleep(20 * time.Millisecond) // polls what can be seen
	}
	ts.Fatalf("GET %s says %q; want %q", args[0], seen, args[1])
}
