package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/commandline"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/storage"
)

// advise completes the notes of an answer: the command line that finds data, and filters that match nothing.
func (p printer) advise(notes, try []string, unknown []storage.UnknownValue) []string {
	notes = slices.Clone(notes)
	if arguments := strings.Join(try, " "); arguments != "" {
		advice := ", try: " + p.command(try)
		if len(unknown) > 0 {
			advice = "" // another range helps nobody who has mistyped a name
		}
		for i, note := range notes {
			notes[i] = strings.Replace(note, ", try "+arguments, advice, 1)
		}
	}
	for _, u := range unknown {
		notes = append(notes, describeUnknown(u))
	}
	return notes
}

// mostNamed is how many of the known values a note lists.
const mostNamed = 10

func describeUnknown(u storage.UnknownValue) string {
	text := fmt.Sprintf("no response of this range has the %s %q", u.Filter, u.Value)
	if near := config.Nearest(u.Value, u.Known); near != "" {
		return text + fmt.Sprintf("; did you mean %q?", near)
	}
	text += "; there are " + strings.Join(u.Known[:min(mostNamed, len(u.Known))], ", ")
	if more := len(u.Known) - mostNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// commandLine is the command as it was called, with another range.
func commandLine(cmd *cobra.Command, try []string) string {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	words := []string{os.Args[0], path}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "since" && f.Name != "from" && f.Name != "to" {
			words = append(words, flagWords(f)...)
		}
	})
	words = append(words, try...)
	for i, word := range words {
		words[i] = commandline.Quote(word)
	}
	return strings.Join(words, " ")
}

func flagWords(f *pflag.Flag) []string {
	values := []string{f.Value.String()}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		values = slices.Clone(list.GetSlice())
	}
	switch {
	case f.Value.Type() == "stringSlice": // it reads CSV
		for i, value := range values {
			values[i] = commandline.Value(value)
		}
	case f.Name == "clickhouse":
		if o, err := storage.ParseURL(values[0]); err == nil {
			values[0] = o.String() // without the password
		}
	}
	var words []string
	for _, value := range values {
		words = append(words, "--"+f.Name+"="+value)
	}
	return words
}
