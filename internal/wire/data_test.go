package wire_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
)

// hostileData is JSON that decoding and encoding again would change.
func hostileData() []string {
	return []string{
		`1e400`, `-0`, `-0.0`, `1.0`, `1E+2`, `123456789012345678901234567890`, `0.1000000000000000055511151231257827`,
		`"\u0000"`, `"\u003c\/script>"`, `"<&>\u2028 "`, `"\ud800"`, `"é é"`, "\"\xc3\xa9\"",
		`{"b":1,"a":2,"b":3}`, `{"":{}}`, "{ \"a\" :\t1 ,\r\n \"b\":[ ] }", " null ", "\n[1, 2]\n",
		`"{event.id} {{ }} {signature}"`, strings.Repeat("[", 200) + strings.Repeat("]", 200),
	}
}

// expectedBody is the whole body with the data's place left open, for each
// built-in format.
func expectedBody(data string) map[string]string {
	const id, kind, at = `"id":"order-4711"`, `"type":"user.created"`, `"timestamp":"2026-05-04T11:59:58Z"`
	in := input()
	owner := `"projectId":"` + in.Webhook.ProjectID.String() + `","environmentId":"` + in.Webhook.EnvironmentID.String() + `"`
	return map[string]string{
		standard:  `{` + kind + `,` + at + `,"data":` + data + `}`,
		ascendkit: `{"event":"user.created","eventType":"user.created",` + at + `,` + owner + `,"data":` + data + `}`,
		ascend:    `{` + id + `,` + kind + `,"data":` + data + `}`,
		plain:     `{` + id + `,` + kind + `,"data":` + data + `}`,
		sendkit:   `{` + id + `,` + kind + `,` + at + `,"data":` + data + `}`,
		httpsig:   `{` + kind + `,` + at + `,"data":` + data + `}`,
		stripe:    `{` + id + `,"object":"event",` + kind + `,"created":1777895998,"data":` + data + `}`,
		cloudEvents: `{"specversion":"1.0",` + id + `,"source":"/environments/` + in.Webhook.EnvironmentID.String() + `",` + kind +
			`,"time":"2026-05-04T11:59:58Z","datacontenttype":"application/json","data":` + data + `}`,
		cloudEventsBinary: data, gitHub: data, shopify: data, slack: data,
	}
}

// Data leaves as the bytes that came in, and nothing else of the body depends on
// them.
func TestDataSurvivesByteForByte(t *testing.T) {
	t.Parallel()
	for _, data := range hostileData() {
		for name, want := range expectedBody(data) {
			in := input()
			in.Event.Data = []byte(data)
			if got := render(t, builtIn(t, name), in).Body; string(got) != want {
				t.Errorf("%s:\n got %s\nwant %s", name, got, want)
			}
			if string(in.Event.Data) != data {
				t.Errorf("%s: rendering changed the event's data", name)
			}
		}
	}
}

func TestAnyDataSurvives(t *testing.T) {
	t.Parallel()
	dialects := map[string]func(in []byte) []byte{}
	for _, name := range builtInNames() {
		dialect := builtIn(t, name)
		dialects[name] = func(data []byte) []byte {
			in := input()
			in.Event.Data = data
			return render(t, dialect, in).Body
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		data := jsonValue(4).Draw(t, "data")
		for name, want := range expectedBody(data) {
			got := dialects[name]([]byte(data))
			if string(got) != want {
				t.Fatalf("%s:\n got %s\nwant %s", name, got, want)
			}
			if !json.Valid(got) {
				t.Fatalf("%s: not JSON: %s", name, got)
			}
		}
	})
}

// jsonValue draws the text of a JSON value, with spaces, numbers and escapes as
// no encoder would write them.
func jsonValue(depth int) *rapid.Generator[string] {
	space := rapid.SampledFrom([]string{"", "", " ", "\n", "\t", "\r\n  "})
	spaced := func(inner *rapid.Generator[string]) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			return space.Draw(t, "before") + inner.Draw(t, "value") + space.Draw(t, "after")
		})
	}
	text := rapid.StringMatching(`"([ !#-\[\]-~é]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,8}"`)
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?`)
	plainValue := rapid.OneOf(text, number, rapid.SampledFrom([]string{"null", "true", "false", "[]", "{}"}))
	if depth == 0 {
		return spaced(plainValue)
	}
	inner := rapid.Deferred(func() *rapid.Generator[string] { return jsonValue(depth - 1) })
	array := rapid.Custom(func(t *rapid.T) string {
		return "[" + strings.Join(rapid.SliceOfN(inner, 1, 3).Draw(t, "items"), ",") + "]"
	})
	object := rapid.Custom(func(t *rapid.T) string {
		member := rapid.Custom(func(t *rapid.T) string { return text.Draw(t, "name") + ":" + inner.Draw(t, "value") })
		return "{" + strings.Join(rapid.SliceOfN(member, 1, 3).Draw(t, "members"), ",") + "}"
	})
	return spaced(rapid.OneOf(plainValue, array, object))
}

// Text from outside can't break out of its JSON string, nor be lost in it.
func TestTextIsEscaped(t *testing.T) {
	t.Parallel()
	format := builtIn(t, plain).Format().Clone()
	format.Body = []posthorn.BodyField{{Name: "the \"name\"\n", Template: `a "\ {metadata.x} {{z}}`}}
	dialect := compile(t, format)
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		if rapid.Bool().Draw(t, "valid") {
			text = rapid.String().Draw(t, "valid text")
		}
		in := input()
		in.Webhook.Metadata["x"] = text
		request, err := dialect.Render(in)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(request.Body, &got); err != nil || !utf8.Valid(request.Body) {
			t.Fatalf("%q: %v", request.Body, err)
		}
		valid := string([]rune(text)) // one U+FFFD for each byte that isn't UTF-8
		if got["the \"name\"\n"] != `a "\ `+valid+` {z}` || len(got) != 1 {
			t.Fatalf("%q became %q", text, request.Body)
		}
	})
}

// Nothing is escaped that needn't be.
func TestEscapingIsMinimal(t *testing.T) {
	t.Parallel()
	format := builtIn(t, plain).Format().Clone()
	format.Body = []posthorn.BodyField{{Name: "x", Template: "{metadata.x}"}}
	in := input()
	in.Webhook.Metadata["x"] = "<&>/é\u2028\x7f\"\\\n\r\t\x01"
	got := render(t, compile(t, format), in).Body
	want := "{\"x\":\"<&>/é\u2028\x7f" + `\"\\\n\r\t\u0001"}`
	if !bytes.Equal(got, []byte(want)) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Each character that must be escaped is, even when it is the only one.
func TestEachCharacterIsEscaped(t *testing.T) {
	t.Parallel()
	format := builtIn(t, plain).Format().Clone()
	format.Body = []posthorn.BodyField{{Name: "x", Template: "{metadata.x}"}}
	dialect := compile(t, format)
	for c := range byte(0x80) {
		in := input()
		in.Webhook.Metadata["x"] = "a" + string(rune(c)) + "b"
		var got map[string]string
		body := render(t, dialect, in).Body
		if err := json.Unmarshal(body, &got); err != nil || got["x"] != in.Webhook.Metadata["x"] {
			t.Errorf("%q became %q", in.Webhook.Metadata["x"], body)
		}
	}
}

func TestNoDataIsRefused(t *testing.T) {
	t.Parallel()
	in := input()
	in.Event.Data = nil
	if _, err := builtIn(t, plain).Render(in); err == nil {
		t.Error("rendered an event without data")
	}
}
