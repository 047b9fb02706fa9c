package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
)

// How wide the help is where nobody says, and at the most: longer lines are hard to read.
const (
	helpWidth    = 80
	maxHelpWidth = 110
)

// help prints what a command does, its examples, and its flags under headings: those of its own first, not the many
// that all commands share.
func help(cmd *cobra.Command, _ []string) {
	out := cmd.OutOrStdout()
	width := widthOf(out)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\nUsage:\n", fill(cmp.Or(cmd.Long, cmd.Short), width))
	if cmd.Runnable() {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", cmd.CommandPath())
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	helpCommands(&b, cmd, width)
	helpFlags(&b, cmd, width)
	_, _ = out.Write(b.Bytes()) //nolint:errcheck // whoever closes the output has read enough
}

func helpCommands(b *bytes.Buffer, cmd *cobra.Command, width int) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	b.WriteString("\nCommands:\n")
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			column := fmt.Sprintf("  %-*s  ", c.NamePadding(), c.Name())
			b.WriteString(column + strings.ReplaceAll(fill(c.Short, width-len(column)), "\n", "\n"+strings.Repeat(" ", len(column))) + "\n")
		}
	}
	fmt.Fprintf(b, "\n%q says more of each.\n", cmd.CommandPath()+" COMMAND --help")
}

func helpFlags(b *bytes.Buffer, cmd *cobra.Command, width int) {
	cmd.Flags().SortFlags = false // what belongs together was registered together
	sections := map[string]*pflag.FlagSet{}
	add := func(f *pflag.Flag) {
		name := config.Section(f)
		if sections[name] == nil {
			sections[name] = pflag.NewFlagSet(name, pflag.ContinueOnError)
			sections[name].SortFlags = false
		}
		if sections[name].Lookup(f.Name) == nil {
			sections[name].AddFlag(f)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	for _, name := range append([]string{""}, config.Sections()...) {
		if flags := sections[name]; flags != nil && flags.HasAvailableFlags() {
			fmt.Fprintf(b, "\n%s:\n%s", cmp.Or(name, "Flags"), flags.FlagUsagesWrapped(width))
		}
	}
	b.WriteString("\n" + fill("Every flag is an environment variable, too (--clickhouse-user: ERRATA_CLICKHOUSE_USER), and most are keys of the YAML file.", width) + "\n")
}

// widthOf is how many columns the help may take.
func widthOf(out io.Writer) int {
	if f, ok := out.(*os.File); ok {
		if width := render.Detect(f, os.Getenv).Width; width > 0 {
			return min(width, maxHelpWidth)
		}
	}
	return helpWidth
}

// fill joins the lines of each paragraph and breaks them anew. Lines that are indented stay as they are.
func fill(text string, width int) string {
	var b strings.Builder
	column := 0
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if line == "" || line[0] == ' ' {
			b.WriteString(lineEnd(column) + line + "\n")
			column = 0
			continue
		}
		for _, word := range strings.Fields(line) {
			switch {
			case column == 0:
			case column+1+len(word) > width:
				b.WriteByte('\n')
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += len(word)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func lineEnd(column int) string {
	if column > 0 {
		return "\n"
	}
	return ""
}
