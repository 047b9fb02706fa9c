package e2e

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

// The rights that a cluster needs besides are statements that the server understands. That they suffice can only be tried on servers
// that keep users, which the embedded engine does not.
func TestClusterRightsAreStatements(t *testing.T) {
	url := embedded.TestClickHouse(t)
	secrets.addPassword(url)
	options, err := clickhouse.ParseDSN(url)
	require.NoError(t, err)
	conn := open(t, options)
	raw, err := os.ReadFile("../../deploy/clickhouse/cluster.sql")
	require.NoError(t, err)
	statements := strings.Split(regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(string(raw), ""), ";")
	require.Greater(t, len(statements), 5)
	for _, statement := range statements {
		if statement = strings.TrimSpace(statement); statement != "" {
			require.NoError(t, conn.Exec(context.Background(), "EXPLAIN AST "+statement), statement)
		}
	}
}
