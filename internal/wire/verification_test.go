package wire_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn/signature"
)

// What receivers know of the built-in formats is what the formats say.
func TestReceiversVerifyWhatFormatsSay(t *testing.T) {
	t.Parallel()
	schemes := map[string]signature.Scheme{}
	for _, name := range builtInNames() {
		scheme, err := builtIn(t, name).Verification()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		schemes[name] = scheme
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schemes); err != nil {
		t.Fatal(err)
	}
	place := filepath.Join("..", "..", "signature", "schemes.json")
	if *update {
		if err := os.WriteFile(place, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(place)
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(string(want), text.String()); difference != "" {
		t.Errorf("schemes.json is not what the formats say (-file +formats):\n%s", difference)
	}
}
