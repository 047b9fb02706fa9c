package alert

import (
	"io"
	"strings"
	"text/template"
)

// maxText bounds an annotation: Alertmanager and chat services cut long ones, or refuse them.
const maxText = 2000

// parseTemplate reads an annotation and tries it on an empty alert, so that a misspelt member is found when
// the rules are read and not in the night.
func parseTemplate(name, text string) (*template.Template, error) {
	t, err := template.New(name).Option("missingkey=zero").Parse(text)
	if err != nil {
		return nil, err
	}
	return t, t.Execute(io.Discard, Evidence{Labels: map[string]string{}})
}

func render(t *template.Template, e Evidence) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, e); err != nil {
		return "", err
	}
	text := b.String()
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text, nil
}
