package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The documentation is held against the built commands and the tree: what it names has to be there.

// repository is the root of the tree, seen from this package.
const repository = "../.."

// pages are all documents for people, by their path in the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "parsers/vendors/README.md"} {
		paths, err := filepath.Glob(filepath.Join(repository, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			name, err := filepath.Rel(repository, path)
			require.NoError(t, err)
			found[filepath.ToSlash(name)] = string(text)
		}
	}
	return found
}

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fenced   = regexp.MustCompile("(?ms)^```[^\n]*\n(.*?)^```")
	indented = regexp.MustCompile(`(?m)^    (\S.*)$`)
	span     = regexp.MustCompile("`([^`\n]+)`")
)

// Every link leads to a file of the repository and, with #, to a heading of it.
func TestDocsLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	for name, text := range all {
		for _, found := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			to := name
			if target != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(name), target))
			}
			_, err := os.Stat(filepath.Join(repository, to))
			require.NoError(t, err, "%s links to %s", name, found[1])
			if anchor != "" {
				require.Contains(t, anchors(all[to]), anchor, "%s links to %s", name, found[1])
			}
		}
	}
}

// anchors are the headings of a page as links name them.
func anchors(page string) []string {
	var list []string
	unlinked := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, h := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		list = append(list, strings.ReplaceAll(unlinked.ReplaceAllString(strings.ToLower(strings.TrimSpace(h[1])), ""), " ", "-"))
	}
	return list
}

// usage is what the help of all commands lists: "query alert run" → its flags.
type usage map[string][]string

var (
	listedFlag    = regexp.MustCompile(`(?m)^ +(?:-(\w), )?--([a-z][a-z-]*)`)
	listedCommand = regexp.MustCompile(`(?m)^  (\w+) {2,}`)
)

func (u usage) read(t *testing.T, words ...string) {
	t.Helper()
	out, err := exec.Command(filepath.Join(binaries, words[0]), append(words[1:], "--help")...).Output()
	require.NoError(t, err, "%v", words)
	text := string(out)
	name := strings.Join(words, " ")
	u[name] = []string{}
	for _, f := range listedFlag.FindAllStringSubmatch(text, -1) {
		u[name] = append(u[name], "--"+f[2])
		if f[1] != "" {
			u[name] = append(u[name], "-"+f[1])
		}
	}
	_, list, _ := strings.Cut(text, "\nCommands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for _, c := range listedCommand.FindAllStringSubmatch(list, -1) {
		if c[1] != "completion" {
			u.read(t, append(slices.Clone(words), c[1])...)
		}
	}
}

func readUsage(t *testing.T) usage {
	t.Helper()
	u := usage{}
	u.read(t, "ingest")
	u.read(t, "query")
	require.Greater(t, len(u), 20)
	return u
}

// check says what a command line of the documentation has that the commands have not; "" = nothing. Lines that are
// no command line of ours say nothing.
func (u usage) check(line string) string {
	words := strings.Fields(line)
	if len(words) < 2 {
		return ""
	}
	name := strings.TrimPrefix(words[0], "bin/")
	if name != "ingest" && name != "query" {
		return ""
	}
	rest := words[1:]
	for len(rest) > 0 && u[name+" "+rest[0]] != nil {
		name, rest = name+" "+rest[0], rest[1:]
	}
	if !strings.Contains(name, " ") && regexp.MustCompile(`^[a-z]+$`).MatchString(rest[0]) && rest[0] != "completion" {
		return "no command " + name + " " + rest[0]
	}
	for _, word := range rest {
		if word == "|" || word == "#" || word == ">" {
			break
		}
		flag, _, _ := strings.Cut(strings.Trim(word, "[]().,:;'\""), "=")
		if !regexp.MustCompile(`^(--[a-z][a-z-]*|-[a-z])$`).MatchString(flag) || slices.Contains(u[name], flag) {
			continue
		}
		return name + " has no flag " + flag
	}
	return ""
}

// lines are what a page quotes: the lines of its blocks of code, fenced or indented, and its spans.
func lines(page string) []string {
	var list []string
	for _, block := range fenced.FindAllStringSubmatch(page, -1) {
		for _, line := range strings.Split(block[1], "\n") {
			list = append(list, strings.TrimPrefix(strings.TrimSpace(line), "$ "))
		}
	}
	prose := fenced.ReplaceAllString(page, "")
	for _, found := range [][][]string{indented.FindAllStringSubmatch(prose, -1), span.FindAllStringSubmatch(prose, -1)} {
		for _, line := range found {
			list = append(list, line[1])
		}
	}
	return list
}

// Decisions tell how it was: their commands may be gone.
func history(name string) bool {
	return strings.HasPrefix(name, "docs/decisions/") || name == "CHANGELOG.md"
}

// Every command line names a command and flags that exist, every flag by itself belongs to some command.
func TestDocsNameCommandsThatExist(t *testing.T) {
	u := readUsage(t)
	flags := map[string]bool{}
	for _, list := range u {
		for _, f := range list {
			flags[f] = true
		}
	}
	checked := 0
	for name, page := range pages(t) {
		if history(name) {
			continue
		}
		for _, line := range lines(page) {
			if fault := u.check(line); fault != "" {
				t.Errorf("%s: %s: %s", name, line, fault)
			}
			for _, f := range regexp.MustCompile(`^--[a-z][a-z-]*`).FindAllString(line, 1) {
				if !flags[f] && !ofOthers[f] {
					t.Errorf("%s: no command has the flag %s", name, f)
				}
				checked++
			}
		}
	}
	require.Greater(t, checked, 50)
}

// ofOthers are flags of deploy/kafka/acls, bench, Kafka's and ClickHouse's tools that stand in the documentation by themselves.
var ofOthers = map[string]bool{"--load": true, "--stream": true, "--to-current": true, "--execute": true, "--path": true, "--config-file": true}

// Every `make` names a target.
func TestDocsNameTargetsThatExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	require.NoError(t, err)
	for name, page := range pages(t) {
		for _, line := range lines(page) {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "make" {
				continue
			}
			for _, target := range words[1:] {
				if target == "#" || !regexp.MustCompile(`^[a-z-]+$`).MatchString(target) {
					break
				}
				require.True(t, strings.Contains(string(makefile), "\n"+target+":"), "%s: %s: no such target", name, line)
			}
		}
	}
}

// Every environment variable is a flag's or stands in the code.
func TestDocsNameVariablesThatExist(t *testing.T) {
	u, code := readUsage(t), goFiles(t)
	for name, page := range pages(t) {
		for _, variable := range regexp.MustCompile(`\bERRATA_[A-Z0-9_]*[A-Z0-9]\b`).FindAllString(page, -1) {
			flag := "--" + strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, "ERRATA_"), "_", "-"))
			known := strings.Contains(code, variable)
			for _, flags := range u {
				known = known || slices.Contains(flags, flag)
			}
			require.True(t, known, "%s: %s", name, variable)
		}
	}
}

// Every path that begins in a folder of the repository exists.
func TestDocsNamePathsThatExist(t *testing.T) {
	path := regexp.MustCompile(`^(?:\./)?((?:\.ci|bench|cmd|deploy|docs|internal|migrations|parsers|pipeline|storage)/[\w./-]*[\w/])$`)
	for name, page := range pages(t) {
		if history(name) {
			continue
		}
		for _, s := range span.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
			for _, word := range strings.Fields(s[1]) {
				if found := path.FindStringSubmatch(word); found != nil && !strings.Contains(word, "<") {
					_, err := os.Stat(filepath.Join(repository, found[1]))
					require.NoError(t, err, "%s: %s", name, word)
				}
			}
		}
	}
}

// goFiles is all Go, shell and deployment text of the repository, in which a name has to stand to exist.
func goFiles(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "bin"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Base(path) == "docs_test.go":
			return nil
		case filepath.Ext(path) == ".go" || strings.Contains(filepath.ToSlash(path), "/deploy/") || strings.HasSuffix(path, ".ci/run"):
			text, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("read: %w", err)
			}
			all.Write(text)
		}
		return nil
	})
	require.NoError(t, err)
	return all.String()
}
