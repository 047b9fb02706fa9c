//go:build !noembedded && (linux || darwin)

package embedded

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the templates
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"runtime"
	"strings"
	"text/template"
)

var (
	//go:embed config.xml.tmpl
	configTemplate string
	//go:embed users.xml.tmpl
	usersTemplate string
)

// settings fill the two templates.
type settings struct {
	Store, Log, Users        string
	LogBytes                 int
	Host, NativePort         string
	HTTPPort                 string
	Pool                     int // background merges
	User, PasswordHash       string
	Reader, ReaderPasswdHash string
}

// writeConfig writes what the engine reads at its start. The files hold hashes of the passwords, not the passwords.
func writeConfig(l layout, a address) error {
	s := settings{
		Store: l.store() + "/", Log: l.serverLog(), Users: l.users(), LogBytes: maxLogBytes,
		Host: loopback, NativePort: portOf(a.Native), HTTPPort: portOf(a.HTTP),
		Pool: max(2, min(8, runtime.NumCPU())),
		User: a.User, PasswordHash: hashPassword(a.Password),
		Reader: a.Reader, ReaderPasswdHash: hashPassword(a.ReaderPassword),
	}
	for path, text := range map[string]string{l.config(): configTemplate, l.users(): usersTemplate} {
		content, err := render(text, s)
		if err != nil {
			return err
		}
		if err := writeFile(path, content); err != nil {
			return err
		}
	}
	return nil
}

func render(text string, s settings) ([]byte, error) {
	t, err := template.New("config").Funcs(template.FuncMap{"xml": escapeXML}).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("engine configuration: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, s); err != nil {
		return nil, fmt.Errorf("engine configuration: %w", err)
	}
	return out.Bytes(), nil
}

func escapeXML(text string) (string, error) {
	var out strings.Builder
	if err := xml.EscapeText(&out, []byte(text)); err != nil {
		return "", fmt.Errorf("escape %q: %w", text, err)
	}
	return out.String(), nil
}

func hashPassword(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}
