package e2e

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// cmdSQL runs a statement on the script's ClickHouse; a SELECT has one column, of texts.
func cmdSQL(ts *testscript.TestScript, _ bool, args []string) {
	options, err := clickhouse.ParseDSN(ts.Getenv("ERRATA_CLICKHOUSE"))
	ts.Check(err)
	conn, err := clickhouse.Open(options)
	ts.Check(err)
	defer conn.Close()
	statement := strings.Join(args, " ")
	if !strings.HasPrefix(statement, "SELECT") {
		ts.Check(conn.Exec(context.Background(), statement))
		return
	}
	var texts []string
	rows, err := conn.Query(context.Background(), statement)
	ts.Check(err)
	defer rows.Close()
	for rows.Next() {
		var text string
		ts.Check(rows.Scan(&text))
		texts = append(texts, text)
	}
	ts.Check(rows.Err())
	_, err = fmt.Fprintln(ts.Stdout(), strings.Join(texts, "\n"))
	ts.Check(err)
}

// cmdCommitted waits until the offsets that the group has committed sum up to N.
func cmdCommitted(ts *testscript.TestScript, _ bool, args []string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(ts.Getenv("ERRATA_BROKERS")))
	ts.Check(err)
	defer client.Close()
	deadline := time.Now().Add(patience)
	for {
		offsets, err := kadm.NewClient(client).FetchOffsets(context.Background(), ts.Getenv("ERRATA_GROUP"))
		var sum int64
		offsets.Each(func(o kadm.OffsetResponse) { sum += o.At })
		if err == nil && strconv.FormatInt(sum, 10) == args[0] {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the group has committed %d records, want %s (%v)", sum, args[0], err)
		}
		time.Sleep(50 * time.Millisecond) // polls what can be seen
	}
}
