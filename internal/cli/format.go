package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) formatCommand() *cobra.Command {
	return s.noun("format", "Dialects of requests: body, headers and signature",
		s.formatCreate(),
		listCommand(s, lister[client.Format]{
			short: "List formats", example: "  posthorn format list", empty: "There are no formats.",
			inEnvironment: true, scoped: true,
			items: (*client.Client).Formats,
			columns: []column[client.Format]{
				{"name", func(f client.Format) string { return f.Name }},
				{"version", func(f client.Format) string { return numberIf(f.Version) }},
				{"signature", func(f client.Format) string { return algorithms(f) }},
				{"retries", func(f client.Format) string { return numberIf(f.Retries) }},
				{"description", func(f client.Format) string { return f.Description }},
			},
		}),
		s.formatGet(), s.formatDelete(), s.formatPreview(), s.formatTest(), s.formatInfer(), s.formatScheme())
}

// formatFlags say whose format is meant.
type formatFlags struct{ workspace, environment string }

func (f *formatFlags) addTo(command *cobra.Command) {
	command.Flags().StringVar(&f.workspace, "workspace", "", "whose format (default: that of the environment)")
	environmentFlag(command, &f.environment)
}

func (s *session) formatQuery(flags formatFlags) (client.FormatQuery, error) {
	query := client.FormatQuery{WorkspaceID: flags.workspace}
	if flags.workspace != "" && flags.environment == "" {
		return query, nil
	}
	var err error
	query.EnvironmentID, err = s.environment(flags.environment)
	return query, err
}

func (s *session) formatCreate() *cobra.Command {
	var flags formatFlags
	var file string
	var applyNow bool
	command := &cobra.Command{
		Use: "create [NAME]", Aliases: []string{"save"}, Short: "Create a format, or change one", Args: mayHave("NAME"),
		Long: "Create a format from a YAML or JSON file, or make a new version of it. Its name is the file's member name\n" +
			"unless it is given. Deliveries that were tried before keep the version of their first attempt, unless --apply-now\n" +
			"makes them take this one.",
		Example: "  posthorn format create -f my.yaml\n  posthorn format get standard -o json > mine.json && posthorn format create mine -f mine.json",
		RunE: s.does(func(ctx context.Context, args []string) error {
			if file == "" {
				return usage("format create needs --file", "format create --help")
			}
			text, err := s.readFile(file)
			if err != nil {
				return err
			}
			name := nameOfFormat(text)
			if len(args) > 0 {
				name, text = args[0], withName(text, name, args[0])
			}
			if name == "" {
				return usage("the format has no name", "format create NAME -f "+escape(file))
			}
			query, err := s.formatQuery(flags)
			if err != nil {
				return err
			}
			c, err := s.connect()
			if err != nil {
				return err
			}
			saved, err := c.SaveFormat(ctx, client.FormatInput{Name: name, WorkspaceID: query.WorkspaceID, EnvironmentID: query.EnvironmentID, Text: text, AppliesToAll: applyNow})
			if err != nil {
				return err
			}
			if err := showOne(s, saved, formatFields(saved)); err != nil {
				return err
			}
			s.sayDone(fmt.Sprintf("Saved %s, version %s.", saved.Name, numberIf(saved.Version)))
			return nil
		}),
	}
	command.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file, or - for stdin")
	command.Flags().BoolVar(&applyNow, "apply-now", false, "deliveries that wait for a retry take it, too")
	flags.addTo(command)
	return command
}

// nameOfFormat finds the name in a format's text without understanding the rest.
func nameOfFormat(text []byte) string {
	var object struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(text, &object) == nil {
		return object.Name
	}
	for line := range strings.Lines(string(text)) {
		value, found := strings.CutPrefix(line, "name:")
		if !found {
			continue
		}
		value, _, _ = strings.Cut(value, " #")
		return strings.Trim(value, " \t\r\n\"'")
	}
	return ""
}

// withName gives a format's text the name that it is to be saved as, where it has another.
func withName(text []byte, former, name string) []byte {
	if former == "" || former == name {
		return text
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) == nil {
		quoted, err := json.Marshal(name)
		if err != nil {
			return text
		}
		object["name"] = quoted
		if renamed, err := json.Marshal(object); err == nil {
			return renamed
		}
		return text
	}
	var renamed strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "name:") {
			line = fmt.Sprintf("name: %q\n", name)
		}
		renamed.WriteString(line)
	}
	return []byte(renamed.String())
}

func (s *session) formatGet() *cobra.Command {
	var flags formatFlags
	var version int
	command := &cobra.Command{
		Use: "get FORMAT", Short: "Show a format", Args: needs("FORMAT"),
		Example: "  posthorn format get standard\n  posthorn format get mine --version 2 -o json",
		RunE: s.does(func(ctx context.Context, args []string) error {
			query, err := s.formatQuery(flags)
			if err != nil {
				return err
			}
			query.Version = version
			return asking(s, func(c *client.Client) (client.Format, error) { return c.GetFormat(ctx, args[0], query) }, formatFields, "")
		}),
	}
	command.Flags().IntVar(&version, "version", 0, "an earlier version (default the newest)")
	flags.addTo(command)
	return command
}

func (s *session) formatDelete() *cobra.Command {
	var flags formatFlags
	command := &cobra.Command{
		Use: "delete FORMAT", Short: "Delete a format that nobody uses", Args: needs("FORMAT"), Example: "  posthorn format delete mine",
		RunE: s.does(func(ctx context.Context, args []string) error {
			query, err := s.formatQuery(flags)
			if err != nil {
				return err
			}
			return s.deleting("Deleted", func(c *client.Client) (client.Deleted, error) { return c.DeleteFormat(ctx, args[0], query) })
		}),
	}
	flags.addTo(command)
	return command
}

func formatFields(f client.Format) []field {
	contents, keys, prefixes := make([]string, 0, 1), make([]string, 0, 1), make([]string, 0, 1)
	for _, scheme := range schemes(f) {
		contents, keys, prefixes = append(contents, scheme.Content), append(keys, scheme.Key), append(prefixes, scheme.KeyPrefix)
	}
	return []field{
		{"name", f.Name},
		{"version", numberIf(f.Version)},
		{"description", f.Description},
		{"content type", f.ContentType},
		{"body", string(f.Body)},
		{"headers", string(f.Headers)},
		{"signature", algorithms(f)},
		{"signed content", joinSet(contents)},
		{"key", joinSet(keys)},
		{"key prefix", joinSet(prefixes)},
		{"success", string(f.Success)},
		{"retries", numberIf(f.Retries)},
		{"tolerance", f.Verify.Tolerance},
		{"warnings", joinWarnings(f.Warnings)},
	}
}

// schemes are the ways in which a format signs.
func schemes(f client.Format) []client.FormatSignature {
	if len(f.Signatures) > 0 {
		return f.Signatures
	}
	return []client.FormatSignature{f.Signature}
}

func algorithms(f client.Format) string {
	var all []string
	for _, scheme := range schemes(f) {
		all = append(all, strings.TrimSpace(scheme.Algorithm+" "+scheme.Encoding))
	}
	return strings.Join(all, ", ")
}

// joinSet joins the texts that aren't empty.
func joinSet(texts []string) string {
	isEmpty := func(text string) bool { return text == "" }
	return strings.Join(slices.DeleteFunc(texts, isEmpty), ", ")
}
