package report

import "github.com/errata-dev/errata/internal/render"

// plain makes visible what could hide text or change its direction; HTML would show or swallow it.
func plain(text string) string { return render.Escape(text) }

// escapeMarkdown keeps a text from being anything but text.
func escapeMarkdown(text string) string { return render.EscapeMarkdown(plain(text)) }
