package detect_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
	"github.com/posthorn/posthorn/internal/wire"
)

// Guards that a document that is written of a stranger's request says the format and
// nothing else: comments that nothing in them ends, and characters that a screen may
// print without losing any.
func TestWrittenFormatsAreWhatWasFound(t *testing.T) {
	t.Parallel()
	const strange = "a\u00a0b\u3000c\u200bd\u00ade\u0085f\u2028g\u2029h\U000e0001i\\j\"k'"
	format := posthorn.Format{
		Name: "mine", Body: []posthorn.BodyField{{Name: strange + "\rretries: 50\r#", Template: strange}, {Name: "b\nc", Template: "one\ntwo" + strange}, {Name: "c", Template: "one\ntwo"}},
		ContentType: "application/json", Signatures: []posthorn.SignatureScheme{{Algorithm: posthorn.NotSigned}},
	}
	for _, end := range []string{"\r", "\n", "\r\n", "\u0085", "\u2028", "\u2029"} {
		found := detect.Inference{
			IsFound: true, Format: format,
			Explanation: []string{"The header " + end + "retries: 50" + end + "# is one."},
			Differences: []string{"So is " + end + "retries: 50" + end + "#."},
		}
		text := found.YAML()
		read, err := wire.ParseFormat(text)
		if err != nil {
			t.Fatalf("%q: %v\n%s", end, err, text)
		}
		if diff := cmp.Diff(wire.FormatJSON(format), wire.FormatJSON(read)); diff != "" {
			t.Errorf("%q:\n%s", end, diff)
		}
		if hidden := strings.IndexFunc(string(text), func(r rune) bool { return r != '\n' && !strconv.IsPrint(r) }); hidden >= 0 {
			t.Errorf("%q: something isn't printed: %q", end, text[hidden:])
		}
	}
}
