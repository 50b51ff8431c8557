package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// inHeader renders one template as a header.
func inHeader(t *testing.T, template string, in wire.Input) string {
	t.Helper()
	format := builtIn(t, plain).Format().Clone()
	format.Headers = append(format.Headers, posthorn.Header{Name: "X-Value", Value: template})
	return headerMap(render(t, compile(t, format), in))["X-Value"][0]
}

// Every value and filter that a format may name means what is documented.
func TestTemplateValues(t *testing.T) {
	t.Parallel()
	in := input()
	for template, want := range map[string]string{
		"{event.id}":                    "order-4711",
		"{event.type}":                  "user.created",
		"{event.timestamp}":             "2026-05-04T11:59:58Z",
		"{event.timestampMs}":           "1777895998999",
		"{timestamp}":                   "1777896000",
		"{timestampMs}":                 "1777896000987",
		"{time}":                        "2026-05-04T12:00:00Z",
		"{delivery.id}":                 in.DeliveryID.String(),
		"{attempt.number}":              "2",
		"{webhook.id}":                  in.Webhook.ID.String(),
		"{webhook.url}":                 "https://example.com/hooks",
		"{workspace.id}":                in.Webhook.WorkspaceID.String(),
		"{project.id}":                  in.Webhook.ProjectID.String(),
		"{environment.id}":              in.Webhook.EnvironmentID.String(),
		"{secret}":                      newSecret,
		"Basic {metadata.token|base64}": "Basic YTpi",
		"{event.type|upper}":            "USER.CREATED",
		"{event.type|upper|lower}":      "user.created",
		"{event.type|hex}":              "757365722e63726561746564",
		"{event.type|hex|upper}":        "757365722E63726561746564",
		"{metadata.team|base64}":        "R3LDtsOfZQ==",
		"{metadata.team|upper|hex}":     "4752c396c39f45",
		"{{{event.type}}}":              "{user.created}",
		"{{}} {{event.id}}":             "{} {event.id}",
		"a {attempt.number} b":          "a 2 b",
		"":                              "",
	} {
		if got := inHeader(t, template, in); got != want {
			t.Errorf("%s: got %q, want %q", template, got, want)
		}
	}
}

// The digest and the signature are those of the body that is sent.
func TestTemplateOfWhatWasRendered(t *testing.T) {
	t.Parallel()
	in := input()
	in.Event.Data = []byte(`{"hello": "world"}`)
	format := builtIn(t, plain).Format().Clone()
	format.Body = nil
	format.Headers = append(format.Headers,
		posthorn.Header{Name: "Content-Digest", Value: "sha-256=:{digest.sha256}:"},
		posthorn.Header{Name: "X-Loud", Value: "{signature|upper}"},
		posthorn.Header{Name: "X-Body", Value: "{body|base64}"})
	headers := headerMap(render(t, compile(t, format), in))
	// The example of RFC 9530, appendix B.
	if got := headers["Content-Digest"][0]; got != "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:" {
		t.Errorf("the digest is %s", got)
	}
	if headers["X-Loud"][0] != strings.ToUpper(headers["X-Signature"][0]) || headers["X-Body"][0] != "eyJoZWxsbyI6ICJ3b3JsZCJ9" {
		t.Errorf("the headers are %v", headers)
	}
}

// A template with a name that isn't known where it stands is refused when it is
// saved, not when it is sent.
func TestUnknownNamesAreRefused(t *testing.T) {
	t.Parallel()
	everywhere := []string{
		"{}", "{nobody}", "{event}", "{event.data}", "{ event.id }", "{EVENT.ID}", "{event.id|}", "{event.id|rot13}", "{event.id|lower|}",
		"{metadata.}", "{metadata.a b}", "{metadata.a.b}", "{metadata." + strings.Repeat("x", 65) + "}",
		"{event.id", "event.id}", "{event.id}}", "{{event.id}", "{", "}", "{event.{id}}", strings.Repeat("x", 1025), "\xff",
	}
	cases := map[string][]string{
		"header":  everywhere,
		"content": append([]string{"{signature}"}, everywhere...),
		"body":    append([]string{"{signature}", "{body}", "{digest.sha256}", "{secret}"}, everywhere...),
		"several": append([]string{"no signature", "{body}"}, everywhere...),
	}
	for where, templates := range cases {
		for _, template := range templates {
			format := builtIn(t, plain).Format().Clone()
			switch where {
			case "header":
				format.Headers = append(format.Headers, posthorn.Header{Name: "X-Value", Value: template})
			case "content":
				format.Signatures[0].Content = template
			case "body":
				format.Body = append(format.Body, posthorn.BodyField{Name: "more", Template: template})
			case "several":
				format.Signatures[0].Several = template
			}
			_, err := wire.Compile(format)
			var problem *posthorn.Error
			if !errors.As(err, &problem) || problem.Code != posthorn.CodeInvalid || problem.Pointer == "" {
				t.Errorf("%q in the %s: %v", template, where, err)
			}
		}
	}
}

// Metadata that a format needs and a webhook lacks is told, not left out.
func TestMissingMetadataIsAnError(t *testing.T) {
	t.Parallel()
	format := builtIn(t, plain).Format().Clone()
	format.Headers = append(format.Headers, posthorn.Header{Name: "X-Value", Value: "{metadata.absent}"})
	if _, err := compile(t, format).Render(input()); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Error(err)
	}
}
