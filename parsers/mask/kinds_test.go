package mask

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the templates of the labelled messages must reach. Names without quotes, tables, stores and
// currencies cannot be told from words, so the first is not 1.
const (
	wantSame   = 0.9 // share of the pairs of one kind that have one template
	wantApart  = 1.0 // share of the kinds that share their template with no other kind
	leastKinds = 110
)

// TestKinds measures the templates on messages labelled by hand.
func TestKinds(t *testing.T) {
	text, err := os.ReadFile("testdata/kinds.txt")
	require.NoError(t, err)
	owner := map[string]int{}
	kinds, mixed, same, pairs := 0, 0, 0, 0
	for kind, group := range strings.Split(string(text), "\n\n")[1:] {
		kinds++
		var templates []string
		for _, line := range strings.Split(strings.TrimSpace(group), "\n") {
			template := string(AppendTemplate(nil, []byte(line)))
			for _, other := range templates {
				pairs++
				if template == other {
					same++
				} else {
					t.Logf("apart: %s\n       %s", template, other)
				}
			}
			templates = append(templates, template)
			if before, taken := owner[template]; taken && before != kind {
				mixed++
				t.Logf("mixed: %s", template)
			}
			owner[template] = kind
		}
	}
	require.GreaterOrEqual(t, kinds, leastKinds)
	t.Logf("%d kinds; same kind, same template: %d of %d pairs; templates of several kinds: %d", kinds, same, pairs, mixed)
	require.GreaterOrEqual(t, float64(same)/float64(pairs), wantSame)
	require.GreaterOrEqual(t, 1-float64(mixed)/float64(kinds), wantApart)
}
