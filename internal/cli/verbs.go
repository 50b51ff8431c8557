package cli

import (
	"context"
	"iter"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

// lister is a list command of a noun whose lists need nothing special.
type lister[T documented] struct {
	short, example, empty string
	// inEnvironment gives the command --environment; scoped gives it --workspace.
	inEnvironment, scoped bool
	columns               []column[T]
	items                 func(*client.Client, context.Context, client.ListQuery) iter.Seq2[T, error]
}

func listCommand[T documented](s *session, l lister[T]) *cobra.Command {
	var list listFlags
	var query client.ListQuery
	var environment string
	command := &cobra.Command{
		Use: "list", Short: l.short, Args: needs(), Example: l.example,
		RunE: s.does(func(ctx context.Context, _ []string) error {
			limit, err := list.shown()
			if err != nil {
				return err
			}
			c, environmentID, err := s.connectIn(environment)
			if err != nil {
				return err
			}
			if l.inEnvironment && query.WorkspaceID == "" {
				query.EnvironmentID = environmentID
			}
			query.Limit = list.page()
			return showList(s, listing[T]{items: l.items(c, ctx, query), limit: limit, columns: l.columns, empty: l.empty})
		}),
	}
	list.addTo(command)
	if l.inEnvironment {
		environmentFlag(command, &environment)
	}
	if l.scoped {
		command.Flags().StringVar(&query.WorkspaceID, "workspace", "", "only those of this workspace")
	}
	return command
}

// onlyPage yields the items of a list that always is one page.
func onlyPage[T any](list func() (client.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		page, err := list()
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, item := range page.Items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// getCommand is a command that shows one thing by its id or name.
func getCommand[T documented](s *session, argument, short, example string, get func(*client.Client, context.Context, string) (T, error), fields func(T) []field) *cobra.Command {
	return &cobra.Command{
		Use: "get " + argument, Short: short, Args: needs(argument), Example: example,
		RunE: s.does(func(ctx context.Context, args []string) error {
			return asking(s, func(c *client.Client) (T, error) { return get(c, ctx, args[0]) }, fields, "")
		}),
	}
}

// asking asks the server for one thing, shows it and says what was done.
func asking[T documented](s *session, ask func(*client.Client) (T, error), fields func(T) []field, done string) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	item, err := ask(c)
	if err != nil {
		return err
	}
	if err := showOne(s, item, fields(item)); err != nil {
		return err
	}
	s.sayDone(done)
	return nil
}
