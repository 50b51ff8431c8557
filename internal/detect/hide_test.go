package detect

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Invariant: a secret is hidden in whatever case and place its hex stands, and what only
// looks like an encoding is left as it is.
func TestHiddenInHex(t *testing.T) {
	t.Parallel()
	const secret = "whsec_jklmnoz"
	hide, whole := hider([]string{secret}), hex.EncodeToString([]byte("k="+secret+";"))
	for _, text := range []string{whole, strings.ToUpper(whole), "a" + strings.ToUpper(whole), "sig=" + whole + ",b"} {
		if got := hide(text); strings.Contains(strings.ToLower(got), hex.EncodeToString([]byte(secret))) || !strings.Contains(got, hidden) {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, text := range []string{"deadbeefdeadbeef", "%41%42%43", `\u0041bcdefgh`, "YWJjZGVmZ2hp", "whsec_jklmno", strings.Repeat("ab%", 100)} {
		if got := hide(text); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}
