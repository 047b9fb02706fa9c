package report

import (
	"strings"

	"github.com/errata-dev/errata/internal/render"
)

// plain makes visible what could hide text or change its direction; HTML would show or swallow it.
func plain(text string) string { return render.Escape(text) }

var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`,
	"#", `\#`, "!", `\!`, "~", `\~`, "$", `\$`, "@", "&#64;", "://", ":&#47;&#47;", "www.", "www&#46;",
)

// escapeMarkdown keeps a text from being anything but text: no link, no picture, no mention, no table cell of its own.
func escapeMarkdown(text string) string { return markdownEscaper.Replace(plain(text)) }
