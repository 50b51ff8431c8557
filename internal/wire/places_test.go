package wire_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
)

// place is where a request has something of its event: in a header, or in a member of
// the body, which is the whole body if the name is empty.
type place struct {
	Header string  `json:"header,omitempty"`
	Member *string `json:"member,omitempty"`
}

// eventPlaces is where a format puts its event; what it doesn't send is left out.
type eventPlaces struct {
	ID   *place `json:"id,omitempty"`
	Type *place `json:"type,omitempty"`
	Data *place `json:"data,omitempty"`
}

// The libraries for receivers in other languages find an event's id, type and data
// where the formats put them.
func TestReceiversFindTheEventWhereFormatsPutIt(t *testing.T) {
	t.Parallel()
	places := map[string]eventPlaces{}
	for _, name := range builtInNames() {
		in := input()
		request := render(t, builtIn(t, name), in)
		places[name] = eventPlaces{
			ID:   findText(t, request, in.Event.GivenID),
			Type: findText(t, request, in.Event.Type),
			Data: findBytes(t, request, in.Event.Data),
		}
		if places[name].Data == nil {
			t.Errorf("%s: the data is nowhere", name)
		}
	}
	text, err := json.MarshalIndent(places, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	file := filepath.Join("..", "..", "signature", "places.json")
	if *update {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(string(want), string(text)); difference != "" {
		t.Errorf("places.json is not what the formats say (-file +formats):\n%s", difference)
	}
}

// findText looks in the body first, because that is always signed.
func findText(t *testing.T, request posthorn.Request, text string) *place {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	if found := findBytes(t, request, quoted); found != nil {
		return found
	}
	for _, header := range request.Headers {
		if header.Value == text {
			return &place{Header: header.Name}
		}
	}
	return nil
}

func findBytes(t *testing.T, request posthorn.Request, value []byte) *place {
	t.Helper()
	if bytes.Equal(request.Body, value) {
		return &place{Member: new(string)}
	}
	decoder := json.NewDecoder(bytes.NewReader(request.Body))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		var member json.RawMessage
		if err := decoder.Decode(&member); err != nil {
			t.Fatal(err)
		}
		if text, isText := name.(string); isText && bytes.Equal(member, value) {
			return &place{Member: &text}
		}
	}
	return nil
}
