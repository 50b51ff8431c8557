package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// helpCommand replaces cobra's, which takes a command that doesn't exist for
// help on none.
func (s *session) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about a command", Example: "  posthorn help webhook create", GroupID: groupProgram,
		ValidArgsFunction: func(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			found, _, err := command.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return verbs(found), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(command *cobra.Command, args []string) error {
			found, rest, err := command.Root().Find(args)
			if err != nil {
				return usage(err.Error(), "help")
			}
			if len(rest) > 0 {
				return s.chooseCommand(found, rest)
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

func (s *session) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show the version of this program", Args: needs(),
		Example: "  posthorn version\n  posthorn version -o json",
		RunE: s.does(func(context.Context, []string) error {
			if s.output == asTable {
				return s.write(fmt.Appendf(nil, "posthorn %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
			}
			text, _ := json.Marshal(struct { // texts can always be written
				Version string `json:"version"`
				Go      string `json:"go"`
				OS      string `json:"os"`
				Arch    string `json:"arch"`
			}{version(), runtime.Version(), runtime.GOOS, runtime.GOARCH})
			return s.writeJSON(text)
		}),
	}
}

// version is what the Go tool stamped into the program.
func version() string {
	info, found := debug.ReadBuildInfo()
	if !found || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
