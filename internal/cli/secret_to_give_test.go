package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/client"
	"github.com/posthorn/posthorn/signature"
)

// Invariant: what is said of the two notations of a secret is true: the one for
// Standard Webhooks libraries is named, and package signature takes either.
func TestSecretToGive(t *testing.T) {
	t.Parallel()
	secret := posthorn.Secret("0123456789abcdef0123456789abcdef")
	said := secretToGive(client.Webhook{Secret: secret.Reveal(), StandardSecret: secret.Standard()})
	if !strings.Contains(said, "the standard secret (whsec_…)") || !strings.Contains(said, "either") {
		t.Errorf("it says %q", said)
	}
	scheme, _ := signature.Lookup("standard")
	now, body := time.Unix(1_700_000_000, 0), []byte(`{}`)
	signed, err := scheme.Sign([]string{secret.Standard()}, "evt_1", body, now)
	if err != nil {
		t.Fatal(err)
	}
	headers := http.Header{}
	for name, value := range signed {
		headers.Set(name, value)
	}
	for _, given := range []string{secret.Reveal(), secret.Standard()} {
		if _, err := signature.Verify("standard", []string{given}, headers, body, now); err != nil {
			t.Errorf("%s: %v", given, err)
		}
	}
	if strings.Contains(secretToGive(client.Webhook{Secret: "x"}), "standard") {
		t.Error("a secret of one notation is said to have two")
	}
}
