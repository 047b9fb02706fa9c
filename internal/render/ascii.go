package render

import (
	"bytes"
	"strings"

	"github.com/rivo/uniseg"
)

// plainRunes are the stand-ins of our own characters where a terminal knows only ASCII, each as wide as they.
var plainRunes = map[rune]rune{
	'─': '-', '↳': '>', '…': '~', '–': '-', '±': '~', '·': '.', '×': 'x',
	'▁': '_', '▂': ',', '▃': '-', '▄': '~', '▅': '=', '▆': '+', '▇': '*', '█': '#',
	'▏': ' ', '▎': ' ', '▍': '-', '▌': '-', '▋': '=', '▊': '=', '▉': '#',
}

// toASCII replaces what is not ASCII: our own characters by their stand-ins, those of others by as many
// question marks as they are wide.
func toASCII(text []byte) []byte {
	var out bytes.Buffer
	for rest, state := string(text), -1; rest != ""; {
		var cluster string
		var boundaries int
		cluster, rest, boundaries, state = uniseg.StepString(rest, state)
		runes := []rune(cluster)
		switch plain, ours := plainRunes[runes[0]]; {
		case isPlain(cluster) || strings.ContainsAny(cluster, "\n\x1b"):
			out.WriteString(cluster)
		case ours && len(runes) == 1:
			out.WriteRune(plain)
		default:
			out.WriteString(strings.Repeat("?", boundaries>>uniseg.ShiftWidth))
		}
	}
	return out.Bytes()
}

// asciiLocale tells whether the locale is one that cannot write more than ASCII. A locale that nobody has set is
// taken for UTF-8: containers have none, and the terminals before them are.
func asciiLocale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(getenv(name)); locale != "" {
			return !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
		}
	}
	return false
}
