package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The groups of commands in the help.
const (
	groupRunning = "running"
	groupSending = "sending"
	groupTenants = "tenants"
	groupProgram = "program"
)

func (s *session) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   s.program,
		Short: "Send webhooks: accept events once, sign, deliver, retry, and show every attempt",
		Long: "Posthorn sends webhooks. Your application posts an event once; Posthorn keeps it, signs it in the\n" +
			"dialect that each receiver speaks, delivers it, and retries until it is taken.\n\n" +
			"Which server and key a command uses: flags, then POSTHORN_SERVER and POSTHORN_API_KEY, then the\n" +
			"context in use, then " + defaultServer + ".",
		Example:           "  posthorn webhook create --url https://example.com/webhooks --events user.created,user.login\n  posthorn event send user.created --data '{\"userId\":\"usr_1\"}'\n  posthorn delivery list --status exhausted",
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return s.checkOutput() },
		Args:              cobra.ArbitraryArgs,
		RunE:              s.chooseCommand,
		Version:           version(),
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(s.helpCommand())
	flags := root.PersistentFlags()
	flags.StringVar(&s.server, "server", "", "URL of the server (POSTHORN_SERVER)")
	flags.StringVar(&s.keyFile, "api-key-file", "", "file that holds the API key (or POSTHORN_API_KEY)")
	flags.StringVar(&s.contextName, "context", "", "context to use instead of the current one (POSTHORN_CONTEXT)")
	flags.StringVarP(&s.output, "output", "o", asTable, "form of the output: table, json (the API's object unchanged) or jsonl")
	s.completeFlag(root, "output", asTable, asJSON, asLines)
	root.AddGroup(&cobra.Group{ID: groupRunning, Title: "Running:"}, &cobra.Group{ID: groupSending, Title: "Sending:"}, &cobra.Group{ID: groupTenants, Title: "Tenants and keys:"}, &cobra.Group{ID: groupProgram, Title: "This program:"})
	root.SetHelpCommandGroupID(groupProgram)
	root.SetCompletionCommandGroupID(groupProgram)
	s.add(root, groupRunning, s.demoCommand(), s.devCommand(), s.serveCommand(), s.sinkCommand(), s.benchCommand(), s.backupCommand(), s.databaseCommand())
	s.add(root, groupSending, s.webhookCommand(), s.eventCommand(), s.triggerCommand(), s.deliveryCommand(), s.replayCommand(), s.eventTypeCommand(), s.formatCommand(), s.verifyCommand())
	s.add(root, groupTenants, s.workspaceCommand(), s.projectCommand(), s.environmentCommand(), s.keyCommand(), s.signingKeyCommand(), s.limitsCommand(), s.egressCommand())
	s.add(root, groupProgram, s.contextCommand(), s.versionCommand())
	root.AddCommand(&cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesText, GroupID: groupProgram})
	s.underName(root)
	return root
}

func (s *session) add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, command := range commands {
		command.GroupID = group
		root.AddCommand(command)
	}
}

// noun makes a command that only groups its verbs.
func (s *session) noun(use, short string, verbs ...*cobra.Command) *cobra.Command {
	command := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: s.chooseCommand}
	command.AddCommand(verbs...)
	return command
}

// chooseCommand answers a command line that ends before its verb, or has one
// that doesn't exist.
func (s *session) chooseCommand(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		if !command.HasParent() {
			return command.Help()
		}
		return usage(command.CommandPath()+" needs a command: "+strings.Join(verbs(command), ", "), below(command)+"--help")
	}
	mistake := usage(fmt.Sprintf("there is no command %q in %s", args[0], command.CommandPath()), below(command)+"--help")
	command.SuggestionsMinimumDistance = 2
	similar := command.SuggestionsFor(args[0])
	if len(similar) > 0 {
		mistake.hint = "Did you mean " + strings.Join(similar, " or ") + "?"
	}
	if len(similar) == 1 {
		mistake.next = below(command) + similar[0] + " --help"
	}
	return mistake
}

func verbs(command *cobra.Command) []string {
	var names []string
	for _, child := range command.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	slices.Sort(names)
	return names
}

// does makes what a command runs.
func (s *session) does(run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		s.started = true
		return run(command.Context(), args)
	}
}

func (s *session) checkOutput() error {
	switch s.output {
	case asTable, asJSON, asLines:
		return nil
	default:
		return usage(fmt.Sprintf("%q is not a form of output; use table, json or jsonl", s.output), "")
	}
}

func (s *session) completeFlag(command *cobra.Command, flag string, values ...string) {
	// The only error is a flag that doesn't exist.
	_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// needs says which arguments a command has, by name.
func needs(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		next := below(command) + "--help"
		if len(args) > len(names) {
			return usage(fmt.Sprintf("%s doesn't take %q", command.CommandPath(), args[len(names)]), next)
		}
		return usage(command.CommandPath()+" needs "+strings.Join(names[len(args):], " and "), next)
	}
}

// mayHave is needs for one argument that may be left out.
func mayHave(name string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return needs(name)(command, args)
	}
}
