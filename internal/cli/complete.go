package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// CompleteFlag lets a shell complete the values of a flag, if the command has it. Of a list, separated by commas,
// the last value is completed.
func CompleteFlag(cmd *cobra.Command, flag string, values func() []string) {
	if cmd.Flags().Lookup(flag) == nil {
		return
	}
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return completions(values(), word), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // a flag is completed twice
	}
}

// completions are the values that begin as the word does, after what it lists already.
func completions(values []string, word string) []string {
	listed := word[:strings.LastIndexByte(word, ',')+1]
	var list []string
	for _, value := range values {
		if strings.HasPrefix(listed+value, word) {
			list = append(list, listed+value)
		}
	}
	return list
}
