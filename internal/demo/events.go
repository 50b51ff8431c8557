package demo

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

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
	var events []client.EventInput
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxEventLine)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		event, err := parse(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, number, err)
		}
		if events = append(events, event); len(events) > maxEvents {
			return nil, fmt.Errorf("%s has more than %d events: give a shorter file", path, maxEvents)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if len(events) == 0 {
		return nil, fmt.Errorf(`%s has no events: give one JSON object a line, such as {"type":"user.created","data":{}}`, path)
	}
	return events, nil
}

func parse(line []byte) (client.EventInput, error) {
	var event struct {
		ID        string          `json:"id"`
		Type      string          `json:"type"`
		Data      json.RawMessage `json:"data"`
		Timestamp time.Time       `json:"timestamp"`
	}
	if err := json.Unmarshal(line, &event); err != nil {
		return client.EventInput{}, fmt.Errorf("not an event: %w", err)
	}
	if event.Type == "" || len(event.Data) == 0 {
		return client.EventInput{}, errors.New(`an event needs "type" and "data"`)
	}
	return client.EventInput{ID: event.ID, Type: event.Type, Data: event.Data, Timestamp: event.Timestamp}, nil
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
