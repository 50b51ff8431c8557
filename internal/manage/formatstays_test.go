package manage

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// racing is a store in which something happens just before the next write.
type racing struct {
	*memstore.Store

	before func()
}

func (r *racing) race() {
	if happen := r.before; happen != nil {
		r.before = nil
		happen()
	}
}

func (r *racing) CreateWebhook(ctx context.Context, w posthorn.Webhook, limit int) error {
	r.race()
	return r.Store.CreateWebhook(ctx, w, limit)
}

func (r *racing) UpdateWebhook(ctx context.Context, id posthorn.WebhookID, change func(posthorn.Webhook) (posthorn.Webhook, error)) (posthorn.Webhook, error) {
	r.race()
	return r.Store.UpdateWebhook(ctx, id, change)
}

func (r *racing) UpdateEnvironment(ctx context.Context, id posthorn.EnvironmentID, change func(posthorn.Environment) (posthorn.Environment, error)) (posthorn.Environment, error) {
	r.race()
	return r.Store.UpdateEnvironment(ctx, id, change)
}

// Invariant: a format that is deleted while it is given to a webhook or an environment
// leaves nobody with a format that isn't there.
func TestFormatDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	const own = `{"body":{"raw":"event.data"},"signature":{"algorithm":"none"}}`
	named := posthorn.EnvironmentID{}
	for name, give := range map[string]func(b *bench, w posthorn.Webhook) error{
		"a new webhook": func(b *bench, _ posthorn.Webhook) error {
			_, err := b.CreateWebhook(t.Context(), b.platform, named, WebhookChange{URL: Set("https://example.com/new"), Events: Set([]string{"*"}), Format: Set("own")})
			return err
		},
		"a changed webhook": func(b *bench, w posthorn.Webhook) error {
			_, err := b.UpdateWebhook(t.Context(), b.platform, w.ID, WebhookChange{URL: Set("https://example.com/new"), Format: Set("own")})
			return err
		},
		"an environment": func(b *bench, _ posthorn.Webhook) error {
			_, err := b.UpdateEnvironment(t.Context(), b.platform, b.home.ID, EnvironmentChange{DefaultFormat: Set("own")})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			made := b.makeWebhook(t).Webhook
			_, err := b.SaveFormat(t.Context(), b.platform, Scope{}, "own", []byte(own), false)
			must(t, err)
			b.Manager.store = &racing{Store: b.store, before: func() { must(t, b.store.DeleteFormat(t.Context(), b.home.WorkspaceID, "own")) }}
			if err := give(b, made); !errors.Is(err, posthorn.ErrConflict) {
				t.Errorf("the answer is %v", err)
			}
			snapshot, err := b.store.Snapshot(t.Context(), b.home.ID)
			must(t, err)
			if len(snapshot.Webhooks) != 1 {
				t.Fatalf("there are %d webhooks", len(snapshot.Webhooks))
			}
			left := snapshot.Webhooks[0]
			if got, want := []string{left.URL, left.Format, snapshot.Environment.DefaultFormat}, []string{made.URL, made.Format, b.home.DefaultFormat}; !cmp.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
}
