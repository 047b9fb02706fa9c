package parsers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	slash "path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers/cases"
)

// The wild corpus: responses of hundreds of APIs in the forms their vendors document, labelled by hand
// before any parser read them. A want names the kind, and of an error the code, the message and the
// category; lines `also MEMBER=VALUE` of the comment name labels that are as defensible, with an empty
// value for none.
//
// The practice set may be read by whoever improves parsers. The exam set may not: its misses are
// counted and never shown, so that its share says how responses fare that nobody here has seen.
const (
	wildFolder  = "testdata/wild"
	practiceSet = "dev"
	examSet     = "test"
)

// wildMembers are what is labelled, in the order of the report.
var wildMembers = []string{"kind", "vendor", "code", "message", "category"}

// The groups of responses that are counted apart.
const (
	groupFive      = "five vendors"
	groupOthers    = "others"
	groupSuccesses = "successes"
)

// floors are the shares of responses that must be right in code, message and category together (of
// successes: in kind); they rise with the parsers and never fall.
var floors = map[string]map[string]float64{
	practiceSet: {groupFive: 0.97, groupOthers: 0.97, groupSuccesses: 0.97},
	examSet:     {groupFive: 0.96, groupOthers: 0.94, groupSuccesses: 0.95},
}

// wildTally counts the responses of one group and, by member, those that are right.
type wildTally struct {
	all, whole int
	right      map[string]int
}

func (t *wildTally) share() float64 { return float64(t.whole) / float64(max(t.all, 1)) }

// TestWild prints the shares with -v. WILD names another folder with the two sets, for responses that
// cannot be published; WILD_MISSES a file for the misses, those of the exam set too: it is for mending
// labels alone.
func TestWild(t *testing.T) {
	folder := cmp.Or(os.Getenv("WILD"), wildFolder)
	r := newRegistry(t)
	var report, misses strings.Builder
	out := tabwriter.NewWriter(&report, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "set\tgroup\tresponses\tcode\tmessage\tcategory\tall right")
	for _, set := range []string{practiceSet, examSet} {
		tallies := tallyWild(t, r, folder, set, &misses)
		for _, group := range []string{groupFive, groupOthers, groupSuccesses} {
			n := tallies[group]
			require.NotNil(t, n, "%s has no %s", set, group)
			fmt.Fprintf(out, "%s\t%s\t%d\t%s\t%s\t%s\t%.1f %%\n", set, group, n.all, n.percent("code"), n.percent("message"), n.percent("category"), 100*n.share())
			if folder == wildFolder {
				require.GreaterOrEqual(t, n.share(), floors[set][group], "%s of the %s set", group, set)
			}
		}
	}
	require.NoError(t, out.Flush())
	t.Log("\n" + report.String())
	if file := os.Getenv("WILD_MISSES"); file != "" {
		require.NoError(t, os.WriteFile(file, []byte(misses.String()), 0o600))
	}
}

func (t *wildTally) percent(member string) string {
	return fmt.Sprintf("%.1f %%", 100*float64(t.right[member])/float64(max(t.all, 1)))
}

func tallyWild(t *testing.T, r *Registry, folder, set string, misses *strings.Builder) map[string]*wildTally {
	t.Helper()
	read, err := cases.Read(os.DirFS(folder), slash.Join(set, "*.txtar"))
	require.NoError(t, err)
	tallies := map[string]*wildTally{}
	for i := range read {
		c := &read[i]
		group := groupOf(c)
		n := tallies[group]
		if n == nil {
			n = &wildTally{right: map[string]int{}}
			tallies[group] = n
		}
		n.add(wildMisses(t, r, c), c.File, misses)
	}
	return tallies
}

// groupOf tells a success by its kind and one of the five by the vendor that only their wants name.
func groupOf(c *cases.Case) string {
	switch {
	case string(c.Want["kind"]) == `"success"`:
		return groupSuccesses
	case c.Want["vendor"] != nil:
		return groupFive
	}
	return groupOthers
}

func (t *wildTally) add(missed map[string]string, file string, misses *strings.Builder) {
	t.all++
	if len(missed) == 0 {
		t.whole++
	}
	for _, member := range wildMembers {
		if missed[member] == "" {
			t.right[member]++
			continue
		}
		fmt.Fprintf(misses, "%s\t%s\t%s\n", file, member, missed[member])
	}
}

// wildMisses parses the response and says of each wrong member what is there and what is wanted.
func wildMisses(t *testing.T, r *Registry, c *cases.Case) map[string]string {
	t.Helper()
	row := new(Row)
	r.Parse(&Record{Value: c.Record}, row)
	printed := row.AppendJSON(nil, 1)
	require.Empty(t, secrets.FindString(string(printed)), "%s: a secret survives", c.File)
	var got map[string]any
	require.NoError(t, json.Unmarshal(printed, &got))
	labels := labelsOf(t, c)
	missed := map[string]string{}
	if slices.Contains(labels["kind"], "success") && got["kind"] == "success" {
		return missed
	}
	for _, member := range wildMembers {
		text, _ := got[member].(string)
		if wants := labels[member]; wants != nil && !slices.ContainsFunc(wants, func(want string) bool { return sameText(text, want) }) {
			missed[member] = fmt.Sprintf("%q\t%q", text, wants[0])
		}
	}
	return missed
}

// labelsOf lists by member what the case accepts, the label of want.json first.
func labelsOf(t *testing.T, c *cases.Case) map[string][]string {
	t.Helper()
	labels := map[string][]string{}
	for member, raw := range c.Want {
		var text string
		require.NoError(t, json.Unmarshal(raw, &text), c.File)
		labels[member] = []string{text}
	}
	for member, texts := range c.Also {
		labels[member] = append(labels[member], texts...)
	}
	return labels
}

var placeholder = regexp.MustCompile(`\\\[redacted(:[a-z_]+)?\\\]`)

// sameText compares but for white space; a placeholder of the redaction stands for any text.
func sameText(got, want string) bool {
	got, want = strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " ")
	if got == want {
		return true
	}
	return stands(got, want) || stands(want, got)
}

func stands(masked, plain string) bool {
	if !strings.Contains(masked, "[redacted") {
		return false
	}
	pattern := placeholder.ReplaceAllString(regexp.QuoteMeta(masked), ".+")
	return regexp.MustCompile("^" + pattern + "$").MatchString(plain)
}
