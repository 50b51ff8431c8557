package demo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/client"
	"github.com/posthorn/posthorn/internal/manage"
)

// Limits of a file of events.
const (
	maxEvents    = 5000
	maxEventLine = 1 << 20
)

// load reads the events of a file, or makes the built-in stream: an event of
// every type of the presets, with the data of its example.
func load(path string) ([]client.EventInput, error) {
	if path == "" {
		return builtIn()
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the events: %w", err)
	}
	defer func() { _ = file.Close() }() // it is only read
	events, err := readEvents(file)
	if err != nil {
		return nil, fmt.Errorf("%s, %w", path, err)
	}
	if len(events) == 0 {
		return nil, fmt.Errorf(`%s has no events: give one JSON object a line, such as {"type":"user.created","data":{}}`, path)
	}
	return events, nil
}

// readEvents finds every mistake before anything is sent; an error begins with
// the line's number.
func readEvents(source io.Reader) ([]client.EventInput, error) {
	var events []client.EventInput
	seen := map[string]int{}
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, maxEventLine)
	number := 1
	for ; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		event, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if before, twice := seen[event.ID]; twice {
			return nil, fmt.Errorf("line %d: the id %q stands in line %d already; an id means one event", number, event.ID, before)
		}
		if event.ID != "" {
			seen[event.ID] = number
		}
		if events = append(events, event); len(events) > maxEvents {
			return nil, fmt.Errorf("line %d: more than %d events; give a shorter file", number, maxEvents)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: longer than %d bytes", number, maxEventLine)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number, err)
	}
	return events, nil
}

// parse is as strict as the server, so that a file that is taken here is taken
// there.
func parse(line []byte) (client.EventInput, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil || members == nil {
		return client.EventInput{}, errors.New(`not a JSON object; an event looks like {"type":"user.created","data":{}}`)
	}
	var event client.EventInput
	// Sorted, so that of several mistakes the same one is told every time.
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if err := setMember(&event, name, members[name]); err != nil {
			return client.EventInput{}, err
		}
	}
	if event.Type == "" || len(event.Data) == 0 {
		return client.EventInput{}, errors.New(`an event needs "type" and "data"`)
	}
	return event, nil
}

func setMember(event *client.EventInput, name string, value json.RawMessage) error {
	switch name {
	case "type":
		if json.Unmarshal(value, &event.Type) != nil {
			return errors.New(`"type" must be a text`)
		}
		return plain(posthorn.ValidateEventTypeName("/type", event.Type))
	case "id":
		if json.Unmarshal(value, &event.ID) != nil {
			return errors.New(`"id" must be a text`)
		}
		if string(value) == "null" {
			return nil
		}
		return plain(posthorn.ValidateGivenID(event.ID))
	case "timestamp":
		if json.Unmarshal(value, &event.Timestamp) != nil {
			return errors.New(`"timestamp" must be a time like "2026-01-02T03:04:05Z"`)
		}
		return nil
	case "data":
		event.Data = value
		return nil
	default:
		return fmt.Errorf("an event has no member %q; it has type, data, id and timestamp", name)
	}
}

// plain makes a mistake's sentence an error; a nil mistake is a nil error.
func plain(mistake *posthorn.Error) error {
	if mistake == nil {
		return nil
	}
	return mistake
}

func builtIn() ([]client.EventInput, error) {
	names, err := manage.Presets()
	if err != nil {
		return nil, fmt.Errorf("reading the presets: %w", err)
	}
	var events []client.EventInput
	for _, name := range names {
		types, err := manage.Preset(name)
		if err != nil {
			return nil, fmt.Errorf("reading the presets: %w", err)
		}
		for _, eventType := range types {
			events = append(events, client.EventInput{Type: eventType.Name, Data: eventType.Example.Value})
		}
	}
	return events, nil
}
