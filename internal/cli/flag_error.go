package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError says in plain words what a flag takes.
func flagError(command *cobra.Command, err error) error {
	next := below(command) + "--help"
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return usage(err.Error(), next)
	}
	flag := invalid.GetFlag()
	takes, found := map[string]string{
		"int": "a whole number, for example 5", "intSlice": "whole numbers separated by commas, for example 5,300",
		"duration": "a time with its unit, for example 30s, 5m or 24h", "bool": "true or false",
	}[flag.Value.Type()]
	if !found {
		return usage(err.Error(), next)
	}
	return usage(fmt.Sprintf("--%s takes %s, not %q", flag.Name, takes, invalid.GetValue()), next)
}
