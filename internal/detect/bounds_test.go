package detect_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/posthorn/posthorn/internal/detect"
)

func hexMAC(body string) string {
	mac := hmac.New(sha256.New, []byte(hexSecret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// diagnoseSigned asks about a request whose signature is that of another body.
func diagnoseSigned(t *testing.T, signed, came string) detect.Diagnosis {
	t.Helper()
	return diagnose(t, detect.Question{
		Request: read(t, "X-Signature: "+hexMAC(signed)+"\n\n"+came), Secrets: []detect.Secret{{Value: hexSecret}}, Known: builtIn(t), Format: "signature", Now: noon(),
	})
}

// Guards that JSON with very many values isn't looked into: reading it costs many
// times what it weighs, and the budget can't see it.
func TestJSONOfManyValuesIsNotLookedInto(t *testing.T) {
	t.Parallel()
	list := func(count int, separator string) string { return "[1" + strings.Repeat(separator+"1", count-1) + "]" }
	if d := diagnoseSigned(t, list(1000, ", "), list(1000, ",")); d.Cause != detect.CauseReencoded {
		t.Errorf("1000 values: %+v", d)
	}
	if d := diagnoseSigned(t, list(20_000, ", "), list(20_000, ",")); d.Cause == detect.CauseReencoded {
		t.Errorf("20000 values: %+v", d)
	}
}

// Guards that JSON isn't written in a style in which it would be far longer than
// any request.
func TestJSONIsNotWrittenWithoutEnd(t *testing.T) {
	t.Parallel()
	indented := func(depth, count int) (string, string) {
		came := strings.Repeat("[", depth) + strings.TrimSuffix(strings.Repeat("1,", count), ",") + strings.Repeat("]", depth)
		var signed bytes.Buffer
		if err := json.Indent(&signed, []byte(came), "", "  "); err != nil {
			t.Fatal(err)
		}
		return signed.String(), came
	}
	signed, came := indented(50, 100)
	if d := diagnoseSigned(t, signed, came); d.Cause != detect.CauseReencoded {
		t.Errorf("%d bytes: %+v", len(signed), d)
	}
	signed, came = indented(90, 6000)
	if d := diagnoseSigned(t, signed, came); d.Cause == detect.CauseReencoded || len(signed) < detect.MaxRequest {
		t.Errorf("%d bytes: %+v", len(signed), d)
	}
}

// Guards that tokens are looked for in headers of a sensible length alone.
func TestTokensInLongHeadersAreNotLookedFor(t *testing.T) {
	t.Parallel()
	encode := base64.RawURLEncoding.EncodeToString
	token := func(padding int) string {
		text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(`{"a":"`+strings.Repeat("a", padding)+`"}`))
		mac := hmac.New(sha256.New, []byte(hexSecret))
		mac.Write([]byte(text))
		return "X-Token: " + text + "." + encode(mac.Sum(nil)) + "\n\n{}"
	}
	if found := infer(t, token(100), hexSecret); !found.IsFound {
		t.Errorf("short: %v", found.Explanation)
	}
	if found := infer(t, token(8<<10), hexSecret); !strings.Contains(strings.Join(found.Explanation, " "), "No header holds") {
		t.Errorf("long: %v", found.Explanation)
	}
}

// Guards that an envelope, or a form, has a sensible number of members.
func TestEnvelopesAreBounded(t *testing.T) {
	t.Parallel()
	var form strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&form, "f%d=%d&", i, i)
	}
	body := form.String()
	found := infer(t, "Content-Type: application/x-www-form-urlencoded\nX-Signature: "+hexMAC(body)+"\n\n"+body, hexSecret)
	if len(found.Format.Body) > 256 || len(found.Format.Body) == 0 {
		t.Errorf("a form of %d fields", len(found.Format.Body))
	}
	if _, err := detect.ReadRequest([]byte("POST /" + strings.Repeat("a", 9<<10) + " HTTP/1.1\nX: a\n\n")); err == nil {
		t.Error("a URL of 9 KiB is read")
	}
}
