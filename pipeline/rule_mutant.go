//go:build mutant

package pipeline

import (
	"os"
	"strings"

	"github.com/errata-dev/errata/pipeline/grant"
)

// withoutRule is the rule that the environment names, such as ERRATA_MUTANT="await deadline".
var withoutRule = mutant(os.Getenv("ERRATA_MUTANT"))

func mutant(name string) grant.Rule {
	for _, r := range grant.Rules {
		if strings.EqualFold(r.String(), name) {
			return r
		}
	}
	return grant.AllRules
}
