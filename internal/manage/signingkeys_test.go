package manage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func (b *bench) makeSigned(t *testing.T, format string, uses bool) WebhookDetails {
	t.Helper()
	made, err := b.CreateWebhook(t.Context(), b.platform, posthorn.EnvironmentID{}, WebhookChange{
		URL: Set("https://example.com/in"), Events: Set([]string{"*"}), Format: Set(format), UsesSigningKeys: Set(uses),
	})
	must(t, err)
	return made
}

func (b *bench) keys(t *testing.T) []PublicKey {
	t.Helper()
	keys, err := b.SigningKeys(t.Context(), b.platform, posthorn.EnvironmentID{})
	must(t, err)
	return keys
}

func wantCode(t *testing.T, what string, err error, code posthorn.Code, text string) {
	t.Helper()
	var known *posthorn.Error
	if !errors.As(err, &known) || known.Code != code || !strings.Contains(known.Message+known.Hint, text) {
		t.Errorf("%s: %v, want %s with %q", what, err, code, text)
	}
}

// Invariant: a signing key is made when a webhook is saved that is signed with it,
// once, and not because a format could use one.
func TestSigningKeysAreMadeWhenNeeded(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	plain := b.makeSigned(t, "standard", false)
	if keys := b.keys(t); len(keys) != 0 {
		t.Fatalf("a webhook that doesn't ask for it has %d keys made", len(keys))
	}
	_, err := b.UpdateWebhook(t.Context(), b.platform, plain.ID, WebhookChange{UsesSigningKeys: Set(true)})
	must(t, err)
	b.makeSigned(t, "httpsig", true)
	if keys := b.keys(t); len(keys) != 1 || keys[0].Algorithm != posthorn.Ed25519 {
		t.Fatalf("made were %v", keys)
	}
	_, err = b.CreateWebhook(t.Context(), b.platform, posthorn.EnvironmentID{}, WebhookChange{
		URL: Set("https://example.com/in"), Events: Set([]string{"*"}), Format: Set("github"), UsesSigningKeys: Set(true),
	})
	wantCode(t, "a format without such a signature", err, posthorn.CodeInvalid, "github are never signed")
}

// Invariant: after a rotation the new key is the newest and the old one is valid
// for the overlap; an overlap of zero ends it at once, and too many are refused.
func TestSigningKeysRotate(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	_, err := b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{})
	wantCode(t, "rotating nothing", err, posthorn.CodeConflict, "POST /v1/signing-keys")
	first, err := b.CreateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, posthorn.Ed25519)
	must(t, err)
	_, err = b.CreateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, posthorn.Ed25519)
	wantCode(t, "a second one", err, posthorn.CodeConflict, "otate")
	_, err = b.CreateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, "rsa")
	wantCode(t, "another algorithm", err, posthorn.CodeInvalid, "ed25519")
	b.noted.take()
	second, err := b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{})
	must(t, err)
	if keys := b.keys(t); len(keys) != 2 || keys[0].ID != second.ID || keys[1].ID != first.ID || !keys[0].ExpiresAt.IsZero() || keys[1].ExpiresAt.Sub(keys[0].CreatedAt) != DefaultOverlap {
		t.Errorf("after a rotation: %+v", keys)
	}
	if lines := b.noted.take(); len(lines) != 1 || lines[0] != "directory" {
		t.Errorf("told was %v", lines)
	}
	curve, err := b.CreateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, posthorn.ECDSAP256)
	must(t, err)
	_, err = b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{})
	wantCode(t, "rotating one of two", err, posthorn.CodeInvalid, "which one")
	for range MaxValidSigningKeys - 2 {
		_, err = b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{Algorithm: posthorn.Ed25519})
		must(t, err)
	}
	_, err = b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{Algorithm: posthorn.Ed25519})
	wantCode(t, "one too many", err, posthorn.CodeConflict, "as many as there may be")
	last, err := b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{Algorithm: posthorn.Ed25519, Overlap: Set(time.Duration(0))})
	must(t, err)
	if keys := b.keys(t); len(keys) != 2 || keys[0].ID != last.ID || keys[1].ID != curve.ID {
		t.Errorf("after ending all: %+v", keys)
	}
	_, err = b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{Overlap: Set(-time.Second)})
	wantCode(t, "a negative overlap", err, posthorn.CodeInvalid, "604800")
}

// Invariant: the newest key signs even if the clock was put back before it was
// made.
func TestSigningKeysOfAClockPutBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	b.now = func() time.Time { return at }
	_, err := b.CreateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, posthorn.Ed25519)
	must(t, err)
	at = at.Add(-time.Hour)
	second, err := b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{})
	must(t, err)
	if keys := b.keys(t); keys[0].ID != second.ID || !keys[0].ExpiresAt.IsZero() {
		t.Errorf("%+v", keys)
	}
}

// Invariant: an expired key is neither listed nor published, and its private part
// is deleted with the next change.
func TestSigningKeysExpire(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	b.now = func() time.Time { return at }
	for range 2 {
		b.makeSigned(t, "standard", true)
	}
	_, err := b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{})
	must(t, err)
	at = at.Add(DefaultOverlap - 1)
	published, err := b.PublishedKeys(t.Context(), posthorn.EnvironmentID{})
	must(t, err)
	if len(published) != 2 || len(b.keys(t)) != 2 {
		t.Errorf("before the end: %d published, %d listed", len(published), len(b.keys(t)))
	}
	at = at.Add(1)
	published, err = b.PublishedKeys(t.Context(), b.home.ID)
	must(t, err)
	if len(published) != 1 || len(b.keys(t)) != 1 {
		t.Errorf("at the end: %d published, %d listed", len(published), len(b.keys(t)))
	}
	_, err = b.CreateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, posthorn.ECDSAP256)
	must(t, err)
	if kept, err := b.store.SigningKeys(t.Context(), b.home.ID); err != nil || len(kept) != 2 {
		t.Errorf("kept are %d keys, %v", len(kept), err)
	}
}

// Invariant: a key that signs for a webhook isn't revoked, any other is gone at
// once, and an unknown environment publishes nothing.
func TestSigningKeysAreRevoked(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	webhook := b.makeSigned(t, "standard", true)
	first := b.keys(t)[0]
	err := b.RevokeSigningKey(t.Context(), b.platform, first.ID)
	wantCode(t, "a key in use", err, posthorn.CodeConflict, webhook.ID.String())
	_, err = b.RotateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, KeyRotation{})
	must(t, err)
	must(t, b.RevokeSigningKey(t.Context(), b.platform, first.ID))
	if keys := b.keys(t); len(keys) != 1 || keys[0].ID == first.ID {
		t.Errorf("after revoking: %+v", keys)
	}
	must(t, b.DeleteWebhook(t.Context(), b.platform, webhook.ID))
	must(t, b.RevokeSigningKey(t.Context(), b.platform, b.keys(t)[0].ID))
	wantCode(t, "a key that is gone", b.RevokeSigningKey(t.Context(), b.platform, first.ID), posthorn.CodeNotFound, "")
	published, err := b.PublishedKeys(t.Context(), posthorn.EnvironmentID{9})
	if err != nil || len(published) != 0 {
		t.Errorf("of an unknown environment: %v, %v", published, err)
	}
}

// Guards invariant 10: no way of printing shows a private part.
func TestSigningKeysArePrintedWithoutTheirPrivatePart(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.makeSigned(t, "standard", true)
	kept, err := b.store.SigningKeys(t.Context(), b.home.ID)
	must(t, err)
	raw, err := kept[0].RevealPrivate()
	must(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d", "%s", "%q"} {
		for _, thing := range []any{kept, kept[0], &kept[0], b.keys(t)} {
			text := fmt.Sprintf(verb, thing)
			for _, form := range []string{"%x", "%d", "%v", "%s", "%q"} {
				if strings.Contains(text, strings.Trim(fmt.Sprintf(form, raw), "[]")) {
					t.Errorf("%s of %T shows the key", verb, thing)
				}
			}
		}
	}
}

// hasty lets something happen once, just before signing keys, or a webhook, are
// changed.
type hasty struct {
	Store

	before func()
}

func (h *hasty) happen() {
	if happens := h.before; happens != nil {
		h.before = nil
		happens()
	}
}

func (h *hasty) UpdateSigningKeys(ctx context.Context, environment posthorn.EnvironmentID, change func([]posthorn.SigningKey, store.Version) ([]posthorn.SigningKey, error)) ([]posthorn.SigningKey, error) {
	h.happen()
	return h.Store.UpdateSigningKeys(ctx, environment, change)
}

func (h *hasty) CreateWebhook(ctx context.Context, w posthorn.Webhook, limit int) error {
	h.happen()
	return h.Store.CreateWebhook(ctx, w, limit)
}

func (h *hasty) UpdateWebhook(ctx context.Context, id posthorn.WebhookID, change func(posthorn.Webhook) (posthorn.Webhook, error)) (posthorn.Webhook, error) {
	h.happen()
	return h.Store.UpdateWebhook(ctx, id, change)
}

// Invariant: no webhook is left without the key that signs for it, even if the key
// is revoked at the moment at which the webhook is created, or begins to use it.
func TestRevokingMeetsANewWebhook(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	_, err := b.CreateSigningKey(t.Context(), b.platform, posthorn.EnvironmentID{}, posthorn.Ed25519)
	must(t, err)
	key := b.keys(t)[0]
	var fresh WebhookDetails
	others := &hasty{Store: b.Manager.store}
	b.Manager.store = others

	others.before = func() { fresh = b.makeSigned(t, "standard", true) }
	err = b.RevokeSigningKey(t.Context(), b.platform, key.ID)
	wantCode(t, "a key that came into use", err, posthorn.CodeConflict, fresh.ID.String())
	must(t, b.DeleteWebhook(t.Context(), b.platform, fresh.ID))

	revoke := func() { must(t, b.RevokeSigningKey(t.Context(), b.platform, b.keys(t)[0].ID)) }
	others.before = revoke
	fresh = b.makeSigned(t, "standard", true)
	if keys := b.keys(t); len(keys) != 1 || keys[0].ID == key.ID {
		t.Errorf("the created webhook has the keys %v", keys)
	}
	_, err = b.UpdateWebhook(t.Context(), b.platform, fresh.ID, WebhookChange{UsesSigningKeys: Set(false)})
	must(t, err)
	others.before = revoke
	_, err = b.UpdateWebhook(t.Context(), b.platform, fresh.ID, WebhookChange{UsesSigningKeys: Set(true)})
	must(t, err)
	if keys := b.keys(t); len(keys) != 1 {
		t.Errorf("the changed webhook has the keys %v", keys)
	}
}
