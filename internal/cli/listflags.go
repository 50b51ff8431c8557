package cli

import "github.com/spf13/cobra"

// listFlags are the flags of every list.
type listFlags struct {
	limit int
	all   bool
}

func (l *listFlags) addTo(command *cobra.Command) {
	command.Flags().IntVar(&l.limit, "limit", 50, "how many to show")
	command.Flags().BoolVar(&l.all, "all", false, "show every one")
}

// shown is how many items are shown, 0 for all.
func (l *listFlags) shown() (int, error) {
	if l.all {
		return 0, nil
	}
	if l.limit < 1 {
		return 0, usage("--limit must be at least 1; --all shows every one", "")
	}
	return l.limit, nil
}

// page is how many items to ask for at once: one more than is shown, to know
// whether there are more.
func (l *listFlags) page() int {
	const largest = 250
	if l.all {
		return largest
	}
	return min(l.limit+1, largest)
}

// environmentFlag is the flag of commands that work within one environment.
func environmentFlag(command *cobra.Command, id *string) {
	command.Flags().StringVar(id, "environment", "", "id of the environment (POSTHORN_ENVIRONMENT_ID); needed where the key reaches several")
}
