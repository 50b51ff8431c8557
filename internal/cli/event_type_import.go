package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) eventTypeImport() *cobra.Command {
	var preset, file, environment string
	command := &cobra.Command{
		Use: "import", Short: "Fill the catalogue from a preset or a file", Args: needs(),
		Long: "Fill the catalogue. Event types that are there already stay as they are.\n\n" +
			"The file is a JSON array of event types, or an object with the member eventTypes, as the API writes them.",
		Example: "  posthorn event-type import --preset ascendkit\n  posthorn event-type import -f event-types.json",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			if (preset == "") == (file == "") {
				return usage("event-type import needs either --preset or --file", "event-type import --help")
			}
			environmentID, err := s.environment(environment)
			if err != nil {
				return err
			}
			if preset != "" {
				return asking(s, func(c *client.Client) (client.Import, error) { return c.ImportPreset(ctx, environmentID, preset) }, importFields, "")
			}
			eventTypes, err := s.readEventTypes(file)
			if err != nil {
				return err
			}
			return asking(s, func(c *client.Client) (client.Import, error) {
				return c.ImportEventTypes(ctx, environmentID, eventTypes)
			}, importFields, "")
		}),
	}
	flags := command.Flags()
	flags.StringVar(&preset, "preset", "", "catalogue that comes with the server: ascendkit or signature")
	flags.StringVarP(&file, "file", "f", "", "JSON file, or - for stdin")
	environmentFlag(command, &environment)
	s.completeFlag(command, "preset", "ascendkit", "signature")
	return command
}

// readEventTypes returns the array of a file, whichever of the two forms it has.
func (s *session) readEventTypes(path string) (json.RawMessage, error) {
	text, err := s.readFile(path)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSpace(text)
	if !bytes.HasPrefix(text, []byte("{")) {
		return text, nil
	}
	var wrapped struct {
		EventTypes json.RawMessage `json:"eventTypes"`
	}
	if err := json.Unmarshal(text, &wrapped); err != nil {
		return nil, usage(fmt.Sprintf("%s is not JSON: %v", path, err), "")
	}
	if wrapped.EventTypes == nil {
		return nil, usage(path+" has no member eventTypes", "event-type import --help")
	}
	return wrapped.EventTypes, nil
}

func importFields(i client.Import) []field {
	return []field{{"created", strconv.Itoa(i.Created)}, {"skipped", strconv.Itoa(i.Skipped)}, {"event types", strings.Join(i.EventTypes, ", ")}}
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
