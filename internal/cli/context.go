package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
	"github.com/posthorn/posthorn/internal/config"
)

func (s *session) contextCommand() *cobra.Command {
	command := s.noun("context", "Servers that this program knows by name", s.contextList(), s.contextUse(), s.contextShow(), s.contextSet(), s.contextDelete())
	command.Long = "A context is a server, its API key and an environment under one name, kept in contexts.yaml in the\n" +
		"user's configuration directory (or in POSTHORN_CONFIG_HOME), readable by its owner only."
	return command
}

// shownContext is what is told of a context: never its key.
type shownContext struct {
	Name        string `json:"name"`
	Current     bool   `json:"current"`
	Server      string `json:"server"`
	Environment string `json:"environment,omitempty"`
	HasKey      bool   `json:"hasKey"`
}

// JSON returns the context as JSON.
func (c shownContext) JSON() []byte {
	text, _ := json.Marshal(c) // texts and booleans can always be written
	return text
}

func (s *session) contextList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List contexts", Args: needs(), Example: "  posthorn context list",
		RunE: s.does(func(context.Context, []string) error {
			contexts, _, err := s.contexts()
			if err != nil {
				return err
			}
			return showList(s, listing[shownContext]{
				empty: "There are no contexts. Make one: posthorn context set NAME --server URL --key-file FILE",
				items: func(yield func(shownContext, error) bool) {
					for _, name := range slices.Sorted(maps.Keys(contexts.Contexts)) {
						c := contexts.Contexts[name]
						if !yield(shownContext{name, name == contexts.Current, c.Server, c.EnvironmentID, c.Key != "" || c.KeyFile != ""}, nil) {
							return
						}
					}
				},
				columns: []column[shownContext]{
					{"current", func(c shownContext) string { return map[bool]string{true: "*"}[c.Current] }},
					{"name", func(c shownContext) string { return c.Name }},
					{"server", func(c shownContext) string { return c.Server }},
					{"environment", func(c shownContext) string { return c.Environment }},
				},
			})
		}),
	}
}

func (s *session) contextShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show which server and key commands use now", Args: needs(), Example: "  posthorn context show",
		RunE: s.does(func(context.Context, []string) error {
			chosen, err := s.target()
			if err != nil {
				return err
			}
			_, path, err := s.contexts()
			if err != nil {
				return err
			}
			key := "none"
			if chosen.key != "" {
				key = "set, not shown"
			}
			shown := shownContext{Name: chosen.contextName, Current: chosen.contextName != "", Server: chosen.server, Environment: chosen.environmentID, HasKey: chosen.key != ""}
			return showOne(s, shown, []field{{"context", first(chosen.contextName, "none")}, {"server", chosen.server}, {"API key", key}, {"environment", chosen.environmentID}, {"file", path}})
		}),
	}
}

func (s *session) contextUse() *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Make a context the current one", Args: needs("NAME"), Example: "  posthorn context use production",
		RunE: s.does(func(_ context.Context, args []string) error {
			return s.changeContexts(func(contexts *config.Contexts) error {
				if _, found := contexts.Contexts[args[0]]; !found {
					return &failure{code: exitNotFound, message: fmt.Sprintf("there is no context %q", args[0]), next: "context list"}
				}
				contexts.Current = args[0]
				return nil
			}, "Commands now use "+args[0]+".")
		}),
	}
}

func (s *session) contextSet() *cobra.Command {
	var given config.Context
	command := &cobra.Command{
		Use: "set NAME --server URL", Short: "Make or change a context", Args: needs("NAME"),
		Long:    "Make or change a context. The API key stays in the file that --key-file names; it is read anew by every\ncommand. The first context becomes the current one.",
		Example: "  posthorn context set production --server https://hooks.example.com --key-file ~/.posthorn-key",
	}
	command.RunE = s.does(func(_ context.Context, args []string) error {
		if err := config.ValidateContextName(args[0]); err != nil {
			return usage(err.Error(), "")
		}
		given.Server, given.KeyFile = s.server, first(given.KeyFile, s.keyFile)
		c, err := client.New(given.Server, "")
		if err != nil {
			return usage("context set needs --server URL: "+err.Error(), "context set --help")
		}
		given.Server = c.Server()
		if given.KeyFile != "" {
			path, err := filepath.Abs(given.KeyFile)
			if err != nil {
				return fmt.Errorf("finding the key's file: %w", err)
			}
			given.KeyFile = path
			if _, err := config.ReadKeyFile(path); err != nil {
				return usage(err.Error(), "context set --help")
			}
		}
		return s.changeContexts(func(contexts *config.Contexts) error {
			contexts.Contexts[args[0]] = given
			contexts.Current = first(contexts.Current, args[0])
			return nil
		}, "Kept. Use it: posthorn context use "+args[0])
	})
	command.Flags().StringVar(&given.KeyFile, "key-file", "", "file that holds the API key (like --api-key-file)")
	command.Flags().StringVar(&given.EnvironmentID, "environment", "", "id of the environment to work in")
	return command
}

func (s *session) contextDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Short: "Forget a context", Args: needs("NAME"), Example: "  posthorn context delete production",
		RunE: s.does(func(_ context.Context, args []string) error {
			return s.changeContexts(func(contexts *config.Contexts) error {
				if _, found := contexts.Contexts[args[0]]; !found {
					return &failure{code: exitNotFound, message: fmt.Sprintf("there is no context %q", args[0]), next: "context list"}
				}
				delete(contexts.Contexts, args[0])
				if contexts.Current == args[0] {
					contexts.Current = ""
				}
				return nil
			}, "Forgotten.")
		}),
	}
}

func (s *session) changeContexts(change func(*config.Contexts) error, done string) error {
	contexts, path, err := s.contexts()
	if err != nil {
		return err
	}
	if err := change(&contexts); err != nil {
		return err
	}
	if err := contexts.Save(path); err != nil {
		return err
	}
	s.sayDone(done)
	return nil
}
