package e2e

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// The engine of the tests keeps no users of its own making: CREATE USER is refused. But it reads users from XML, with the same
// rights, settings and constraints. So what users.sql says is translated, word for word where it matters, and every statement is
// given to the engine's own parser besides.

// userStatements runs deploy/clickhouse/users with these passwords and returns its statements, comments removed.
func userStatements(passwords map[string]string) ([]string, error) {
	cmd := exec.Command(filepath.Join("..", "..", "deploy", "clickhouse", "users"))
	cmd.Env = os.Environ()
	for user, password := range passwords {
		cmd.Env = append(cmd.Env, "ERRATA_"+strings.ToUpper(user)+"_PASSWORD="+password)
	}
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("deploy/clickhouse/users: %w", err)
	}
	statements := splitStatements(string(out))
	if len(statements) == 0 {
		return nil, errors.New("deploy/clickhouse/users printed no statement")
	}
	return statements, nil
}

// splitStatements returns the statements of a file, each on one line, without comments.
func splitStatements(text string) (statements []string) {
	for text := range strings.SplitSeq(regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(text, ""), ";") {
		if text = strings.Join(strings.Fields(text), " "); text != "" {
			statements = append(statements, text)
		}
	}
	return statements
}

// access is what users.sql defines.
type access struct {
	profiles map[string]string   // name to settings
	quotas   map[string]string   // user to limits
	roles    map[string][]string // name to rights: "SELECT ON errata.gaps"
	users    map[string]*user
}

type user struct {
	hash, profile string
	roles         []string
}

// forms are the statements that users.sql may consist of.
var forms = []struct {
	pattern *regexp.Regexp
	apply   func(a *access, part []string)
}{
	{
		regexp.MustCompile(`^CREATE SETTINGS PROFILE OR REPLACE (\w+) SETTINGS (.+)$`),
		func(a *access, part []string) { a.profiles[part[1]] = part[2] },
	},
	{
		regexp.MustCompile(`^CREATE ROLE IF NOT EXISTS (\w+)$`),
		func(a *access, part []string) { a.roles[part[1]] = nil },
	},
	{
		regexp.MustCompile(`^GRANT (.+) TO (\w+) WITH REPLACE OPTION$`),
		func(a *access, part []string) {
			a.roles[part[2]] = regexp.MustCompile(`[^ ,].*? ON [\w.*]+`).FindAllString(part[1], -1)
		},
	},
	{ // what cluster.sql adds
		regexp.MustCompile(`^GRANT (.+ ON .+) TO (\w+)$`),
		func(a *access, part []string) {
			a.roles[part[2]] = append(a.roles[part[2]], regexp.MustCompile(`[^ ,].*? ON [\w.*]+`).FindAllString(part[1], -1)...)
		},
	},
	{
		regexp.MustCompile(`^GRANT (\w+) TO (\w+(?:, \w+)+)$`),
		func(a *access, part []string) {
			for role := range strings.SplitSeq(part[2], ", ") {
				a.roles[role] = append(a.roles[role], a.roles[part[1]]...)
			}
		},
	},
	{
		regexp.MustCompile(`^CREATE USER IF NOT EXISTS (\w+) IDENTIFIED WITH sha256_hash BY '\w+' HOST NONE$`),
		func(a *access, part []string) { a.users[part[1]] = &user{} },
	},
	{
		regexp.MustCompile(`^ALTER USER (\w+) IDENTIFIED WITH sha256_hash BY '(\w+)' HOST ANY SETTINGS PROFILE '(\w+)'$`),
		func(a *access, part []string) { a.users[part[1]].hash, a.users[part[1]].profile = part[2], part[3] },
	},
	{
		regexp.MustCompile(`^GRANT (\w+) TO (\w+)$`),
		func(a *access, part []string) { a.users[part[2]].roles = append(a.users[part[2]].roles, part[1]) },
	},
	{
		regexp.MustCompile(`^CREATE QUOTA OR REPLACE \w+ FOR INTERVAL 1 hour MAX (.+) TO (\w+)$`),
		func(a *access, part []string) { a.quotas[part[2]] = part[1] },
	},
}

func parseAccess(statements []string) (*access, error) {
	a := &access{profiles: map[string]string{}, quotas: map[string]string{}, roles: map[string][]string{}, users: map[string]*user{}}
	for _, statement := range statements {
		if !a.apply(statement) {
			return nil, fmt.Errorf("the tests cannot translate %q: teach them this form", statement)
		}
	}
	return a, nil
}

func (a *access) apply(statement string) bool {
	for _, form := range forms {
		if part := form.pattern.FindStringSubmatch(statement); part != nil {
			form.apply(a, part)
			return true
		}
	}
	return false
}

// xml is a file for users.d.
func (a *access) xml() (string, error) {
	var b strings.Builder
	b.WriteString("<clickhouse><profiles>")
	for name, settings := range a.profiles {
		text, err := profileXML(settings)
		if err != nil {
			return "", fmt.Errorf("profile %s: %w", name, err)
		}
		fmt.Fprintf(&b, "<%[1]s>%[2]s</%[1]s>\n", name, text)
	}
	b.WriteString("</profiles><quotas>")
	for name, limits := range a.quotas {
		fmt.Fprintf(&b, "<%[1]s><interval><duration>3600</duration>%[2]s</interval></%[1]s>\n", name,
			regexp.MustCompile(`(\w+) = (\w+),? ?`).ReplaceAllString(limits, "<$1>$2</$1>"))
	}
	b.WriteString("</quotas><users>")
	for name, u := range a.users {
		if u.hash == "" || len(u.roles) == 0 {
			return "", fmt.Errorf("user %s has no password or no role", name)
		}
		quota := "default"
		if _, ok := a.quotas[name]; ok {
			quota = name
		}
		fmt.Fprintf(&b, "<%[1]s><password_sha256_hex>%[2]s</password_sha256_hex><networks><ip>::/0</ip></networks><profile>%[3]s</profile><quota>%[4]s</quota><grants>",
			name, u.hash, u.profile, quota)
		for _, role := range u.roles {
			for _, right := range a.roles[role] {
				b.WriteString("<query>GRANT ")
				if err := xml.EscapeText(&b, []byte(right)); err != nil {
					return "", err
				}
				b.WriteString("</query>")
			}
		}
		fmt.Fprintf(&b, "</grants></%s>\n", name)
	}
	b.WriteString("</users></clickhouse>")
	return b.String(), nil
}

var setting = regexp.MustCompile(`^(\w+) = (\w+)((?: CONST| MIN \w+| MAX \w+)*)$`)

func profileXML(settings string) (string, error) {
	var values, constraints strings.Builder
	for text := range strings.SplitSeq(settings, ", ") {
		part := setting.FindStringSubmatch(text)
		if part == nil {
			return "", fmt.Errorf("the tests cannot translate %q", text)
		}
		fmt.Fprintf(&values, "<%[1]s>%[2]s</%[1]s>", part[1], part[2])
		limits := strings.ReplaceAll(part[3], " CONST", "<const/>")
		limits = regexp.MustCompile(` MIN (\w+)`).ReplaceAllString(limits, "<min>$1</min>")
		limits = regexp.MustCompile(` MAX (\w+)`).ReplaceAllString(limits, "<max>$1</max>")
		fmt.Fprintf(&constraints, "<%[1]s>%[2]s</%[1]s>", part[1], limits)
	}
	return values.String() + "<constraints>" + constraints.String() + "</constraints>", nil
}
