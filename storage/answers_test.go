package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the expected answers of testdata/queries")

// caseParameters are what a case asks for.
type caseParameters struct {
	Filter
	From          string   `json:"from"`
	To            string   `json:"to"`
	By            []string `json:"by"`
	Limit         int      `json:"limit"`
	Kind          string   `json:"kind"`
	MinRejections int      `json:"min_rejections"`
}

// TestAnswers runs testdata/queries/QUESTION/CASE.txtar: rows.txt is loaded, the question is asked with
// parameters.json, and the answer must be want.json. See parseRows for the rows. In want.json the
// case's day is DAY.
func TestAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("the server does the work; minutes under the race detector")
	}
	files, err := filepath.Glob("testdata/queries/*/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	db, o := openMigrated(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/queries/"), ".txtar"), func(t *testing.T) {
			require.NoError(t, db.Clear(t.Context()))
			runCase(t, db, o, file)
		})
	}
}

func runCase(t *testing.T, db *DB, o Options, file string) {
	archive, err := txtar.ParseFile(file)
	require.NoError(t, err)
	require.NotEmpty(t, strings.TrimSpace(string(archive.Comment)), "a case says what it shows")
	insertCase(t, o, parseRows(t, section(t, archive, "rows.txt")))
	var p caseParameters
	decoder := json.NewDecoder(strings.NewReader(section(t, archive, "parameters.json")))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&p))
	p.Filter.From, p.Filter.To = parseCaseTime(t, p.From), parseCaseTime(t, p.To)

	got := askCase(t, db, filepath.Base(filepath.Dir(file)), p)
	if *update {
		setSection(archive, "want.json", got)
		require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
		return
	}
	require.Equal(t, section(t, archive, "want.json"), got)
}

func section(t *testing.T, archive *txtar.Archive, name string) string {
	t.Helper()
	for _, f := range archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	require.Fail(t, "no section "+name)
	return ""
}

func setSection(archive *txtar.Archive, name, text string) {
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			archive.Files[i].Data = []byte(text)
			return
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
}

func askCase(t *testing.T, db *DB, question string, p caseParameters) string {
	t.Helper()
	ctx := context.Background()
	switch question {
	case "top":
		a, err := db.Top(ctx, p.Filter, TopOptions{By: p.By, Limit: p.Limit})
		return printAnswer(t, a, err)
	case "storms":
		a, err := db.Storms(ctx, p.Filter, StormOptions{Limit: p.Limit})
		return printAnswer(t, a, err)
	case "limits":
		a, err := db.Limits(ctx, p.Filter, LimitOptions{MinRejections: p.MinRejections, Limit: p.Limit})
		return printAnswer(t, a, err)
	case "errors":
		a, err := db.Errors(ctx, p.Filter, ErrorsOptions{Kind: p.Kind, Limit: p.Limit})
		return printAnswer(t, a, err)
	}
	require.Fail(t, "no such question", question)
	return ""
}

var (
	trySince  = regexp.MustCompile(`try --since \w+`)
	blockDate = regexp.MustCompile(`"block_date": "[^"]*"`)
)

// printAnswer prints an answer without what depends on the day of the test.
func printAnswer[R any](t *testing.T, a Answer[R], err error) string {
	t.Helper()
	require.NoError(t, err)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(a))
	text := b.String()
	for name, days := range map[string]int{"DAY": 0, "DAY-1": -1, "DAY+1": 1} {
		text = strings.ReplaceAll(text, caseDay().AddDate(0, 0, days).Format(time.DateOnly)+"T", name+"T")
	}
	text = blockDate.ReplaceAllString(text, `"block_date": "TODAY"`)
	return trySince.ReplaceAllString(text, "try --since …")
}
