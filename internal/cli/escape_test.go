package cli

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Invariant: whatever the bytes are, what is shown can be printed, stays on its
// line, and plain text is shown as it is.
func TestEscapedTextCanBePrinted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := anyText(t)
		safe := escape(text)
		for _, r := range safe {
			if !strconv.IsPrint(r) {
				t.Fatalf("%q is shown as %q", text, safe)
			}
		}
		if isPlain(text) && safe != text {
			t.Fatalf("%q became %q", text, safe)
		}
	})
}

// Invariant: escaping JSON changes nothing of what it says.
func TestEscapedJSONMeansTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := strings.ToValidUTF8(anyText(t), "?")
		text, err := json.Marshal(map[string]string{value: value})
		if err != nil {
			t.Fatal(err)
		}
		safe := escapeJSON(text)
		var back map[string]string
		if err := json.Unmarshal(safe, &back); err != nil || back[value] != value {
			t.Fatalf("%s became %s (%v)", text, safe, err)
		}
		for _, r := range string(safe) {
			if !strconv.IsPrint(r) {
				t.Fatalf("%s is shown as %q", text, safe)
			}
		}
	})
}

// anyText has many of the characters that move cursors and change directions.
func anyText(t *rapid.T) string {
	hostile := rapid.SampledFrom([]string{"\x1b[2J", "\x9b", "\u009b31m", "\u202e", "\u2066", "\r", "\n", "\t", "\x00", "\x7f", "\u2028", "\ufeff", "\U000e0001", "\xff\xfe"})
	parts := rapid.SliceOfN(rapid.OneOf(rapid.String(), hostile), 0, 6).Draw(t, "parts")
	return strings.Join(parts, "")
}

func TestInvalidBytesAreShownAsBytes(t *testing.T) {
	t.Parallel()
	if got := escape("a\xffb\ufffd" + string(rune(0x9b))); got != `a\xffb`+"\ufffd"+`\u009b` || !utf8.ValidString(got) {
		t.Errorf("shown as %q", got)
	}
}
