// Package commandline writes command lines that people copy into a shell. The values in them can be a
// vendor's, so no value may become a second argument or a command.
package commandline

import "strings"

// Quote makes one word of a POSIX shell of any text.
func Quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=.,:/+@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Value writes one value of a flag that takes a comma-separated list, so that it is read back as the one that
// it is: with a comma, a quotation mark, or empty.
func Value(value string) string {
	if value != "" && !strings.ContainsAny(value, "\",\r\n") {
		return value
	}
	return `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
}
