package wire_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
)

var update = flag.Bool("update", false, "write the golden requests anew")

// The exact request of each built-in format is a promise to its receivers: a
// change of one byte must be seen here.
func TestGoldenRequests(t *testing.T) {
	t.Parallel()
	for _, name := range builtInNames() {
		got := asText(render(t, builtIn(t, name), input()))
		path := filepath.Join("testdata", "golden", name+".http")
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
			t.Errorf("%s (-want +got):\n%s", name, difference)
		}
	}
}

func asText(request posthorn.Request) string {
	var text strings.Builder
	fmt.Fprintf(&text, "POST %s\n", request.URL)
	for _, header := range request.Headers {
		fmt.Fprintf(&text, "%s: %s\n", header.Name, header.Value)
	}
	fmt.Fprintf(&text, "\n%s", request.Body)
	return text.String()
}

// What isn't rendered is handed on as it is.
func TestRequestCarriesTheSettings(t *testing.T) {
	t.Parallel()
	in := input()
	request := render(t, builtIn(t, standard), in)
	if request.URL != in.Webhook.URL || request.Timeout != in.Webhook.Timeout || request.EnvironmentKind != in.EnvironmentKind {
		t.Errorf("the request is %+v", request)
	}
}
