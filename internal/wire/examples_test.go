package wire_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn/internal/wire"
)

// The example formats give the very requests that the senders' own libraries
// have accepted (examples/formats/check.mjs).
func TestExampleFormats(t *testing.T) {
	t.Parallel()
	directory := filepath.Join("..", "..", "examples", "formats")
	files, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		format, err := wire.ParseFormat(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		dialect, err := wire.Compile(format)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		in := input()
		in.Event.Data = []byte(`{"userId":"usr_abc123","total":10.5}`) // one of those libraries verifies what it has parsed and written again
		got := asText(render(t, dialect, in))
		path := filepath.Join(directory, "requests", strings.TrimSuffix(filepath.Base(file), ".yaml")+".http")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if difference := cmp.Diff(string(want), got); difference != "" {
			t.Errorf("%s (-want +got):\n%s", file, difference)
		}
	}
}
