package apidoc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/apidoc"
)

// long is a text that is written once in a document and used often.
var long = strings.Repeat("x", 50_000)

// many repeats a pattern with the numbers from 0.
func many(count int, pattern string) string {
	var text strings.Builder
	for i := range count {
		text.WriteString(strings.ReplaceAll(pattern, "#N", fmt.Sprint(i)))
	}
	return text.String()
}

// size is how much a catalogue holds, in bytes.
func size(c apidoc.Catalogue) int {
	total := 0
	for _, found := range c.Types {
		total += len(found.Name) + len(found.Description) + len(found.Schema) + len(found.Example)
	}
	for _, refused := range c.Refused {
		total += len(refused.Name) + len(refused.Place) + len(refused.Reason)
	}
	return total
}

// Invariant: what is made of a document is bounded in bytes, however often the document
// repeats a part of itself.
func TestWhatRepeatsItself(t *testing.T) {
	t.Parallel()
	const most = 24 << 20
	for name, document := range map[string]string{
		"a text in an example, by aliases": "openapi: 3.1.0\nx: &long " + long + "\nwebhooks: {a: {post: {requestBody: {content: {application/json: {example: [" +
			strings.Repeat("*long, ", 2000) + "]}}}}}}\n",
		"a text in a schema, by aliases": "openapi: 3.1.0\nx: &long " + long + "\nwebhooks: {a: {post: {requestBody: {content: {application/json: {schema: {enum: [" +
			strings.Repeat("*long, ", 2000) + "]}}}}}}}\n",
		"a schema that many refer to": "openapi: 3.1.0\ncomponents: {schemas: {long: {const: " + long + "}}}\nwebhooks:\n" +
			many(2000, "  a#N: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/long'}}}}}}\n"),
		"an example that many refer to": "asyncapi: 3.0.0\ncomponents: {messages: {long: {examples: [{payload: " + long + "}]}}}\nchannels: {c: {messages: {" +
			many(2000, "a#N: {$ref: '#/components/messages/long'}, ") + "}}}\n",
		"a long name above what is refused": "asyncapi: 3.0.0\nchannels: {" + long[:1000] + ": {messages: {" + many(30_000, "a#N: 1, ") + "}}}\n",
		"a long name that is a reference": "asyncapi: 3.0.0\nx: &long '#/" + long + "'\nchannels: {c: {messages: {" +
			many(2000, "a#N: {$ref: *long}, ") + "}}}\n",
		"names in a long list of merges": "openapi: 3.1.0\nx: &long {" + long + ": 1}\nwebhooks: {" + many(2000, "a#N: {<<: *long}, ") + "}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := apidoc.Read([]byte(document))
			var known *posthorn.Error
			if err != nil && !errors.As(err, &known) {
				t.Fatal(err)
			}
			if got := size(found); got > most {
				t.Errorf("%d bytes are made of %d", got, len(document))
			}
		})
	}
}

// Invariant: a reference may be written as the fragment of a URI, and never leads out
// of the document.
func TestReferences(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"#/components/schemas/a b~1c~0d":          "",
		"#/components/schemas/a%20b~1c~0d":        "",
		"#/components/schemas/a%20b%7E1c%7E0d":    "",
		"#/components/schemas/a b/c~0d":           "where nothing is",
		"#a":                                      "nothing is fetched",
		"https://example.com/schemas.json#/a":     "nothing is fetched",
		"file:///etc/passwd":                      "nothing is fetched",
		"//example.com/a":                         "nothing is fetched",
		"":                                        "nothing is fetched",
		"#/" + strings.Repeat("a", 1000):          "longer than",
		"#/webhooks/t/post/requestBody/content/0": "where nothing is",
	} {
		found := read(t, `{"openapi": "3.1.0", "webhooks": {"t": {"post": {"requestBody": {"content": {"application/json": {"schema": {"items": {"$ref": "`+target+
			`"}}}}}}}}, "components": {"schemas": {"a b/c~d": {"type": "string"}}}}`)
		switch {
		case want == "" && len(found.Refused) > 0:
			t.Errorf("%s: %v", target, refusals(found))
		case want != "" && (len(found.Refused) != 1 || !strings.Contains(found.Refused[0].Reason, want)):
			t.Errorf("%s: %+v, want %q", target, found, want)
		}
	}
}
