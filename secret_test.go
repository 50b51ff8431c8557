package posthorn_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: a secret appears nowhere by accident.
func TestSecretIsNotShown(t *testing.T) {
	t.Parallel()
	const text = "whsec_c2VjcmV0LXNlY3JldA=="
	secret := posthorn.Secret(text)
	signing := posthorn.SigningSecret{Value: secret}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("x", "secret", secret, "in", signing, "webhook", posthorn.Webhook{Secrets: []posthorn.SigningSecret{signing}})
	asJSON, err := json.Marshal(signing)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s %q", secret, signing, signing, secret, secret), log.String(), string(asJSON),
	} {
		if strings.Contains(shown, "c2VjcmV0") {
			t.Errorf("shown: %s", shown)
		}
	}
	if secret.Reveal() != text {
		t.Error("Reveal doesn't")
	}
}

// Invariant: a list shows at most the first 12 characters, and never all of a
// short secret.
func TestShortened(t *testing.T) {
	t.Parallel()
	for secret, want := range map[posthorn.Secret]string{
		"a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2": "a1b2c3d4e5f6...",
		"12345678": "...", "": "...", "exactly-23-characters-x": "...", "exactly-24-characters-xx": "exactly-24-c...",
	} {
		if got := secret.Shortened(); got != want {
			t.Errorf("%d characters: %q, want %q", len(secret), got, want)
		}
	}
}

// Invariant: the Standard Webhooks notation holds the same key.
func TestStandardNotation(t *testing.T) {
	t.Parallel()
	if got := posthorn.Secret("a secret").Standard(); got != "whsec_YSBzZWNyZXQ=" {
		t.Errorf("got %s", got)
	}
	if got := posthorn.Secret("whsec_YQ==").Standard(); got != "whsec_YQ==" {
		t.Errorf("got %s", got)
	}
}

// Invariant: a generated secret is 32 random bytes in hex.
func TestNewSecret(t *testing.T) {
	t.Parallel()
	next := uint64(0)
	secret := posthorn.NewSecret(func() uint64 { next += 0x0123456789abcdef; return next })
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(secret.Reveal()) || strings.Count(secret.Reveal(), "0123456789abcdef") != 1 {
		t.Errorf("got %s", secret.Reveal())
	}
}

// Invariant: a given secret can be sent back, stored and read by its format.
func TestValidateSecret(t *testing.T) {
	t.Parallel()
	for secret, want := range map[posthorn.Secret]bool{
		"12345678": true, "1234567": false, "whsec_MTIzNDU2Nzg=": true, "whsec_!!!!!!!!": false, "whsec_": false,
		"with a space": false, "with\nnewline": false, "with-ünïcode": false, posthorn.Secret(strings.Repeat("x", 512)): true, posthorn.Secret(strings.Repeat("x", 513)): false,
	} {
		err := posthorn.ValidateSecret("/secret", secret)
		if (err == nil) != want {
			t.Errorf("%q: %v", secret.Reveal(), err)
		}
		if err != nil && len(secret) >= 8 && strings.Contains(err.Message+err.Hint, secret.Reveal()) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}
