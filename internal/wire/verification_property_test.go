package wire_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/signature"
)

// eachAccepts fails unless each scheme that receivers are given accepts the request, with
// the secret or the public key of its kind.
func eachAccepts(t rapid.TB, scheme signature.Scheme, keys map[signature.Algorithm]string, request posthorn.Request, now time.Time) {
	t.Helper()
	schemes := append([]signature.Scheme{scheme}, scheme.Alternatives...)
	for _, one := range schemes {
		one.Alternatives = nil
		secret, isPublic := keys[one.Algorithm]
		if !isPublic {
			secret = newSecret
		}
		if _, err := one.Verify([]string{secret}, headerMap(request), request.Body, now, signature.WithURL(request.URL)); err != nil {
			t.Errorf("%v\n%s\n%+v", err, asText(request), one)
		}
	}
}

// Guards that whatever is said of how receivers verify a format is true of what the format
// sends: also during a rotation, wherever the signature and the time stand, and whatever
// else stands beside them.
func TestWhatVerificationSaysAcceptsWhatIsSent(t *testing.T) {
	t.Parallel()
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		some := func(label, between string, most int, from ...string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(from), 0, most).Draw(t, label), between)
		}
		content := func(label string) string {
			return some(label, ".", 2, "{timestamp}", "{timestampMs}", "{event.id}", "{event.type}", "{webhook.url}")
		}
		separator := rapid.SampledFrom([]string{",", ", ", ";", " ", ""}).Draw(t, "separator")
		entries := []string{
			some("before", separator, 2, "t={timestamp}", "t={timestampMs}", "ms={timestampMs}", "a=b", "{event.id}", "t=s{signature}", "v2={signature.b}", "k={event.type}"),
			rapid.SampledFrom([]string{"v1={signature}", "v1={signature}", "v1={signature}", "v1={signature}", "{signature}", `v1=\"{signature}\"`, "v1={event.id}{signature}"}).Draw(t, "signed"),
			some("behind", separator, 1, "", "t={timestamp}", "{event.type}", "v2={signature.b}", "a=b", " "),
		}
		header := strings.Join(slices.DeleteFunc(entries, func(entry string) bool { return entry == "" }), separator)
		several := func(label string) string {
			return rapid.SampledFrom([]string{"", "", "", ` several: ",v1={signature}",`, ` several: " v2={signature}",`, ` several: ";t={timestamp},v1={signature}",`, " several: {lines: true},"}).Draw(t, label)
		}
		var text strings.Builder
		text.WriteString(`{name: a, body: {raw: event.data}, verify: {tolerance: 5m}, headers: [X: "` + header + `", I: "{event.id}", E: "{event.type}", T: "`)
		text.WriteString(rapid.SampledFrom([]string{"{timestamp}", "{timestampMs}"}).Draw(t, "time") + `", B: "{signature.b}"], signatures: [`)
		text.WriteString(`{name: a, algorithm: hmac-sha256,` + several("of a") + ` content: "` + content("a") + `{body}"}, `)
		text.WriteString(`{name: b, algorithm: hmac-sha512,` + several("of b") + rapid.SampledFrom([]string{"", " appendTo: X,"}).Draw(t, "to") + ` content: "` + content("b") + `{body}"}]}`)
		format, err := wire.ParseFormat([]byte(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		dialect, err := wire.Compile(format)
		if err != nil {
			return
		}
		scheme, err := dialect.Verification()
		if err != nil {
			return
		}
		in := rotated(time.Hour)
		request, err := dialect.Render(in)
		if err != nil {
			return
		}
		accepted++
		eachAccepts(t, scheme, nil, request, in.Now)
		if t.Failed() {
			t.Log(text.String())
		}
	})
	if accepted == 0 {
		t.Error("no format could be verified")
	}
}

// publicKeys are the public keys of what signs, by algorithm.
func publicKeys(t testing.TB, in wire.Input) map[signature.Algorithm]string {
	t.Helper()
	keys := map[signature.Algorithm]string{}
	for _, key := range slices.Backward(in.Keys) {
		keys[signature.Algorithm(key.Algorithm)] = publicText(t, key)
	}
	return keys
}
