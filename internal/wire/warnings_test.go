package wire_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn/internal/wire"
)

func pointersOf(d *wire.Dialect) []string {
	var pointers []string
	for _, warning := range d.Warnings() {
		pointers = append(pointers, warning.Pointer)
	}
	return pointers
}

// What others could do with a request that they have seen is told with its place.
func TestWarnings(t *testing.T) {
	t.Parallel()
	const head = `{name: mine, body: {raw: event.data}, headers: [X: "{signature}", T: "{timestamp}", I: "{event.id}", C: "{time}"], `
	const tolerant = `{name: mine, body: {raw: event.data}, verify: {tolerance: 5m}, headers: [X: "{signature}", T: "{timestamp}", I: "{event.id}", C: "{time}"], `
	const hmac = `signature: {algorithm: hmac-sha256, content: `
	neighbours, tolerance := []string{"/signature/content"}, []string{"/verify/tolerance"}
	for text, want := range map[string][]string{
		head + hmac + `"{body}"}}`:                                              nil,
		head + hmac + `"{event.id}{body}"}}`:                                    neighbours,
		head + hmac + `"{body}{event.type|upper}"}}`:                            neighbours,
		head + hmac + `"{metadata.a}{body}"}}`:                                  neighbours,
		head + hmac + `"{event.id}.{body}"}}`:                                   nil,
		head + hmac + `"{event.id}{digest.sha256}{event.type}"}}`:               nil,
		head + hmac + `"POST{webhook.url}{body}"}}`:                             nil,
		head + hmac + `"{delivery.id}{body}{environment.id}"}}`:                 nil,
		tolerant + hmac + `"{timestamp}.{body}"}}`:                              nil,
		tolerant + hmac + `"{timestamp}{body}"}}`:                               neighbours,
		tolerant + hmac + `"{event.id}{timestamp}.{body}"}}`:                    neighbours,
		head + hmac + `"{timestamp}.{body}"}}`:                                  tolerance,
		head + hmac + `"{timestamp}{body}"}}`:                                   {"/signature/content", "/verify/tolerance"},
		head + hmac + `"{time}.{body}"}}`:                                       tolerance,
		tolerant + hmac + `"{time}.{body}"}}`:                                   {"/signature"},
		head + token + `[{iat: {number: "{timestamp}"}}, ` + digest:             tolerance,
		tolerant + token + `[{iat: {number: "{timestamp}"}}, ` + digest:         nil,
		tolerant + token + `[{iat: "{timestamp}"}, ` + digest:                   {"/signature"},
		head + token + `[{exp: {number: "{timestamp+60}"}}, ` + digest:          nil,
		head + token + `[` + digest:                                             nil,
		mixedHead + `signatures: [` + timedScheme + `, ` + untimedScheme + `]}`: {"/signatures/1"},
		mixedHead + `signatures: [` + untimedScheme + `, ` + timedScheme + `]}`: {"/signatures/0"},
	} {
		if diff := cmp.Diff(want, pointersOf(parse(t, text))); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

const (
	token  = `signature: {algorithm: jwt-hs256, claims: `
	digest = `{b: "{digest.sha256}"}]}}`
)

// The built-in formats have nothing to warn of, and neither have the examples but for the
// dialect that leaves its sender no choice.
func TestFormatsWithoutWarnings(t *testing.T) {
	t.Parallel()
	for _, name := range builtInNames() {
		if warnings := builtIn(t, name).Warnings(); len(warnings) > 0 {
			t.Errorf("%s: %v", name, warnings)
		}
	}
	files, err := filepath.Glob("../../examples/formats/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		if filepath.Base(file) == "hubspot.yaml" {
			want = []string{"/signature/content"}
		}
		if diff := cmp.Diff(want, pointersOf(parse(t, string(text)))); diff != "" {
			t.Errorf("%s:\n%s", file, diff)
		}
	}
}
