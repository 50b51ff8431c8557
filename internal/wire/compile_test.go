package wire_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// Every mistake in a format is found when it is saved, with the place where it
// stands.
func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	many, negative := 51, -1
	cases := []struct {
		pointer string
		change  func(*posthorn.Format)
	}{
		{"/name", func(f *posthorn.Format) { f.Name = "" }},
		{"/name", func(f *posthorn.Format) { f.Name = "Mine" }},
		{"/name", func(f *posthorn.Format) { f.Name = "1st" }},
		{"/name", func(f *posthorn.Format) { f.Name = "a/b" }},
		{"/name", func(f *posthorn.Format) { f.Name = strings.Repeat("a", 65) }},
		{"/description", func(f *posthorn.Format) { f.Description = "a\x00b" }},
		{"/description", func(f *posthorn.Format) { f.Description = strings.Repeat("a", posthorn.MaxDescription+1) }},
		{"/contentType", func(f *posthorn.Format) { f.ContentType = "json" }},
		{"/contentType", func(f *posthorn.Format) { f.ContentType = "application/json\r\nX: y" }},
		{"/body", func(f *posthorn.Format) { f.Body = make([]posthorn.BodyField, 65) }},
		{"/body/0", func(f *posthorn.Format) { f.Body[0].Name = "" }},
		{"/body/0", func(f *posthorn.Format) { f.Body[0].Name = "\xff" }},
		{"/body/1", func(f *posthorn.Format) { f.Body[1].Name = f.Body[0].Name }},
		{"/body/2", func(f *posthorn.Format) { f.Body[2].Raw = "event.id" }},
		{"/body/2", func(f *posthorn.Format) { f.Body[2].Template = "both" }},
		{"/headers", func(f *posthorn.Format) { f.Headers = make([]posthorn.Header, posthorn.MaxHeaders+1) }},
		{"/headers", func(f *posthorn.Format) { f.Headers = nil }},
		{"/headers", func(f *posthorn.Format) { f.Signatures = []posthorn.SignatureScheme{{Algorithm: posthorn.NotSigned}} }},
		{"/headers/1", func(f *posthorn.Format) { f.Headers = append(f.Headers, posthorn.Header{Name: "x-signature"}) }},
		{"/headers/1", func(f *posthorn.Format) { f.Headers = append(f.Headers, posthorn.Header{Name: "content-TYPE"}) }},
		{"/headers/1", func(f *posthorn.Format) { f.Headers = append(f.Headers, posthorn.Header{Name: "Host"}) }},
		{"/headers/1", func(f *posthorn.Format) { f.Headers = append(f.Headers, posthorn.Header{Name: "a b"}) }},
		{"/headers/1", func(f *posthorn.Format) { f.Headers = append(f.Headers, posthorn.Header{Name: "X", Value: "a\r\nb"}) }},
		{"/headers/1", func(f *posthorn.Format) { f.Headers = append(f.Headers, posthorn.Header{Name: "X", Value: "é"}) }},
		{"/signature/algorithm", func(f *posthorn.Format) { f.Signatures[0].Algorithm = "" }},
		{"/signature/algorithm", func(f *posthorn.Format) { f.Signatures[0].Algorithm = "md5" }},
		{"/signature/key", func(f *posthorn.Format) { f.Signatures[0].Algorithm = "ed25519" }},
		{"/signature/algorithm", func(f *posthorn.Format) { f.Signatures[0].Algorithm = "httpsig" }},
		{"/signature/content", func(f *posthorn.Format) { f.Signatures[0].Content = "" }},
		{"/signature/encoding", func(f *posthorn.Format) { f.Signatures[0].Encoding = "text" }},
		{"/signature/encoding", func(f *posthorn.Format) { f.Signatures[0].Encoding = "base32" }},
		{"/signature/key", func(f *posthorn.Format) { f.Signatures[0].Key = "base32" }},
		{"/signature/keyPrefix", func(f *posthorn.Format) { f.Signatures[0].KeyPrefix = strings.Repeat("x", 33) }},
		{"/signature/keyPrefix", func(f *posthorn.Format) { f.Signatures[0].KeyPrefix = "é" }},
		{"/signature", func(f *posthorn.Format) { f.Signatures[0].Algorithm = posthorn.NotSigned }},
		{"/success/1", func(f *posthorn.Format) { f.Success = []string{"200", "20"} }},
		{"/success/0", func(f *posthorn.Format) { f.Success = []string{"1xx"} }},
		{"/success/0", func(f *posthorn.Format) { f.Success = []string{"2XX"} }},
		{"/success/0", func(f *posthorn.Format) { f.Success = []string{"600"} }},
		{"/success", func(f *posthorn.Format) { f.Success = make([]string, 33) }},
		{"/retries", func(f *posthorn.Format) { f.Retries = &many }},
		{"/retries", func(f *posthorn.Format) { f.Retries = &negative }},
		{"/verify/tolerance", func(f *posthorn.Format) { f.Tolerance = -time.Second }},
		{"/verify/tolerance", func(f *posthorn.Format) { f.Tolerance = 25 * time.Hour }},
	}
	for i, c := range cases {
		format := builtIn(t, plain).Format().Clone()
		format.Body = append([]posthorn.BodyField(nil), format.Body...)
		c.change(&format)
		_, err := wire.Compile(format)
		var problem *posthorn.Error
		if !errors.As(err, &problem) || problem.Code != posthorn.CodeInvalid {
			t.Errorf("case %d, %s: %v", i, c.pointer, err)
			continue
		}
		if !hasPointer(problem, c.pointer) {
			t.Errorf("case %d: %v is about %s, not %s", i, err, problem.Pointer, c.pointer)
		}
	}
}

func hasPointer(problem *posthorn.Error, pointer string) bool {
	if problem.Pointer == pointer {
		return true
	}
	for _, other := range problem.Others {
		if other.Pointer == pointer {
			return true
		}
	}
	return false
}

// All mistakes are told at once.
func TestCompileTellsAllMistakes(t *testing.T) {
	t.Parallel()
	_, err := wire.Compile(posthorn.Format{Signatures: []posthorn.SignatureScheme{{Algorithm: "md5", Content: "{x}"}}, Success: []string{"x"}})
	var problem *posthorn.Error
	if !errors.As(err, &problem) {
		t.Fatal(err)
	}
	for _, pointer := range []string{"/name", "/success/0", "/signature/algorithm", "/signature/content", "/headers"} {
		if !hasPointer(problem, pointer) {
			t.Errorf("nothing is said of %s", pointer)
		}
	}
}

// What a format leaves out has a meaning.
func TestCompileFillsIn(t *testing.T) {
	t.Parallel()
	format := compile(t, posthorn.Format{
		Name:       "mine",
		Headers:    []posthorn.Header{{Name: "X-Signature", Value: "{signature}"}},
		Signatures: []posthorn.SignatureScheme{{Algorithm: posthorn.HMACSHA256, Content: "{body}"}},
	}).Format()
	if format.ContentType != "application/json" || format.Signatures[0].Encoding != posthorn.EncodingHex || format.Signatures[0].Key != posthorn.EncodingText || !format.Accepts(204) || format.Accepts(302) {
		t.Errorf("the format is %+v", format)
	}
}

// A format's name means nothing: the same format under another name renders the
// same request.
func TestNoFormatIsKnownByName(t *testing.T) {
	t.Parallel()
	for _, name := range builtInNames() {
		format := builtIn(t, name).Format().Clone()
		format.Name = "renamed"
		if got, want := asText(render(t, compile(t, format), rotated(time.Hour))), asText(render(t, builtIn(t, name), rotated(time.Hour))); got != want {
			t.Errorf("%s: got %s\nwant %s", name, got, want)
		}
	}
}

// A dialect doesn't change when the format it was made of does.
func TestDialectKeepsItsFormat(t *testing.T) {
	t.Parallel()
	format := builtIn(t, plain).Format().Clone()
	format.Headers = append([]posthorn.Header(nil), format.Headers...)
	dialect := compile(t, format)
	want := asText(render(t, dialect, input()))
	format.Headers[0].Name = "X-Changed"
	if got := asText(render(t, dialect, input())); got != want || dialect.Format().Headers[0].Name != "X-Signature" {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	formats, err := wire.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	set, err := wire.NewSet(formats)
	if err != nil {
		t.Fatal(err)
	}
	if _, found := set.Dialect("nobody"); found {
		t.Error("found a dialect that isn't there")
	}
	for i, format := range set.Formats() {
		if format.Name != builtInNames()[i] {
			t.Errorf("format %d is %s", i, format.Name)
		}
	}
	if _, err := wire.NewSet(append(formats, formats[0])); !errors.Is(err, &posthorn.Error{Code: posthorn.CodeConflict}) {
		t.Errorf("two of one name: %v", err)
	}
	if _, err := wire.NewSet([]posthorn.Format{{}}); !errors.Is(err, &posthorn.Error{Code: posthorn.CodeInvalid}) {
		t.Errorf("a bad format: %v", err)
	}
}
