package cli

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) eventTypeImport() *cobra.Command {
	var preset, file string
	var options client.ImportOptions
	command := &cobra.Command{
		Use: "import", Short: "Fill the catalogue from a preset, a file, or an OpenAPI or AsyncAPI document", Args: needs(),
		Long: "Fill the catalogue. Event types that are there already stay as they are, unless --update is given.\n\n" +
			"The file is an OpenAPI 3.1 document (its webhooks are read), an AsyncAPI 2 or 3 document (its messages\n" +
			"are read), or a JSON array of event types as the API writes them. What can't be read of a document is\n" +
			"told item by item; the exit code is 1 then.",
		Example: "  posthorn event-type import --preset ascendkit\n  posthorn event-type import -f openapi.yaml --dry-run\n  posthorn event-type import -f asyncapi.yaml --update",
	}
	command.RunE = s.does(func(ctx context.Context, _ []string) error {
		if (preset == "") == (file == "") {
			return usage("event-type import needs either --preset or --file", "event-type import --help")
		}
		var text []byte
		if file != "" {
			var err error
			if text, err = s.readFile(file); err != nil {
				return err
			}
		}
		c, environmentID, err := s.connectIn(options.EnvironmentID)
		if err != nil {
			return err
		}
		options.EnvironmentID = environmentID
		done, err := sendImport(ctx, c, preset, text, options)
		if err != nil {
			return err
		}
		return s.showImport(done)
	})
	flags := command.Flags()
	flags.StringVar(&preset, "preset", "", "catalogue that comes with the server: ascendkit or signature")
	flags.StringVarP(&file, "file", "f", "", "OpenAPI or AsyncAPI document (YAML or JSON), or JSON array of event types; - for stdin")
	flags.BoolVar(&options.Update, "update", false, "change event types that are there already")
	flags.BoolVar(&options.DryRun, "dry-run", false, "change nothing, and show what would be done")
	environmentFlag(command, &options.EnvironmentID)
	s.completeFlag(command, "preset", "ascendkit", "signature")
	return command
}

// sendImport sends what was given in the form that it has.
func sendImport(ctx context.Context, c *client.Client, preset string, text []byte, options client.ImportOptions) (client.Import, error) {
	if preset != "" {
		return c.ImportPreset(ctx, preset, options)
	}
	if eventTypes := eventTypesOf(text); eventTypes != nil {
		return c.ImportEventTypes(ctx, eventTypes, options)
	}
	return c.ImportDocument(ctx, string(text), options)
}

// eventTypesOf returns the array of event types that a file is or has as a member; nil
// if it is something else.
func eventTypesOf(text []byte) json.RawMessage {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("[")) {
		return text
	}
	var wrapped struct {
		EventTypes json.RawMessage `json:"eventTypes"`
	}
	if json.Unmarshal(text, &wrapped) != nil {
		return nil
	}
	return wrapped.EventTypes
}

// showImport shows what became of each event type.
func (s *session) showImport(done client.Import) error {
	if s.output != asTable {
		if err := showOne(s, done, nil); err != nil {
			return err
		}
	} else {
		rows := [][]string{{"EVENT TYPE", "ACTION", "REASON"}}
		for _, item := range done.Items {
			reason := item.Reason
			if item.Place != "" {
				reason = item.Place + ": " + reason
			}
			rows = append(rows, []string{item.Name, item.Action, inFlags(reason)})
		}
		if err := s.writeRows(rows); err != nil {
			return err
		}
	}
	would := ""
	if done.DryRun {
		would = "Nothing was changed. It would be: "
	}
	s.say("%s%d created, %d updated, %d left as they are, %d refused.", would, done.Created, done.Updated, done.Skipped, done.Refused)
	if done.Refused > 0 {
		return &failure{code: exitFailed}
	}
	return nil
}

func rawIf(given bool, text []byte) client.Optional[json.RawMessage] {
	if !given {
		return client.Optional[json.RawMessage]{}
	}
	if len(text) == 0 {
		return client.Reset[json.RawMessage]()
	}
	return client.Set(json.RawMessage(text))
}

// jsonIf is JSON as text; null is nothing.
func jsonIf(text json.RawMessage) string {
	if string(text) == "null" {
		return ""
	}
	return string(text)
}
