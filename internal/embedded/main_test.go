package embedded

import (
	"os"
	"testing"
	"time"
)

// wait bounds what a test waits for.
const wait = 60 * time.Second

func TestMain(m *testing.M) {
	MaybeRunEngine()
	if role, ok := roles[os.Getenv(roleEnv)]; ok {
		os.Exit(role())
	}
	os.Exit(m.Run())
}

// roleEnv makes this test binary, executed anew, play another program.
const roleEnv = "ERRATA_TEST_ROLE"
