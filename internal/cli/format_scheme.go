package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
	"github.com/posthorn/posthorn/signature"
)

func (s *session) formatScheme() *cobra.Command {
	var flags formatFlags
	var file string
	var version int
	command := &cobra.Command{
		Use: "scheme [FORMAT]", Short: "Print how receivers verify a format, for the libraries of their languages", Args: mayHave("FORMAT"),
		Long: "Print the scheme of a format as JSON: what signature.Verify (Go), verify of posthorn (Node) and posthorn.verify (Python)\n" +
			"take in the place of a built-in format's name. It holds no secret. Built-in formats and files need no server.",
		Example: "  posthorn format scheme mine > acme.json\n  posthorn format scheme -f my.yaml",
		RunE: s.does(func(ctx context.Context, args []string) error {
			scheme, err := s.schemeNamed(ctx, args, file, version, flags)
			if err != nil {
				return err
			}
			indent := ""
			if s.output == asTable {
				indent = "  "
			}
			text, err := schemeText(scheme, indent)
			if err != nil {
				return fmt.Errorf("writing the scheme: %w", err)
			}
			return s.writeJSON(text)
		}),
	}
	command.Flags().StringVarP(&file, "file", "f", "", "a format that needn't be saved: YAML or JSON file, or - for stdin")
	command.Flags().IntVar(&version, "version", 0, "an earlier version (default the newest)")
	flags.addTo(command)
	return command
}

// schemeNamed is the scheme of a file, of a built-in format, or of one that the server
// knows.
func (s *session) schemeNamed(ctx context.Context, args []string, file string, version int, flags formatFlags) (signature.Scheme, error) {
	if (file == "") == (len(args) == 0) {
		return signature.Scheme{}, usage("give either the name of a format or --file", "format list")
	}
	if file != "" {
		format, err := s.formatOfFile(file)
		if err != nil {
			return signature.Scheme{}, err
		}
		return schemeOf(format, file)
	}
	name := args[0]
	if scheme, isBuiltIn := signature.Lookup(name); isBuiltIn {
		return scheme, nil
	}
	query, err := s.formatQuery(flags)
	if err != nil {
		return signature.Scheme{}, err
	}
	query.Version = version
	c, err := s.connect()
	if err != nil {
		return signature.Scheme{}, err
	}
	saved, err := c.GetFormat(ctx, name, query)
	if err != nil {
		return signature.Scheme{}, err
	}
	format, err := detect.ReadFormat(saved.JSON())
	if err != nil {
		return signature.Scheme{}, fmt.Errorf("reading the format %s: %w", name, err)
	}
	return schemeOf(format, name)
}

// schemeText writes a scheme so that a person can read it, or with nothing to indent
// with on one line.
func schemeText(scheme signature.Scheme, indent string) ([]byte, error) {
	if indent == "" {
		return json.Marshal(scheme)
	}
	return json.MarshalIndent(scheme, "", indent)
}

func schemeOf(format posthorn.Format, source string) (signature.Scheme, error) {
	scheme, err := detect.SchemeOf(format)
	if err != nil {
		return signature.Scheme{}, usageOf(fmt.Errorf("%s: %w", source, err))
	}
	return scheme, nil
}
