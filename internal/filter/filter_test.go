package filter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
	"github.com/posthorn/posthorn/internal/filter"
)

func names(webhooks []*posthorn.Webhook) []string {
	var found []string
	for _, webhook := range webhooks {
		found = append(found, webhook.Name)
	}
	return found
}

// Invariant: an event goes to every webhook that wants it, once, and to no other.
func TestMatch(t *testing.T) {
	t.Parallel()
	index := filter.NewIndex([]posthorn.Webhook{
		{Name: "exact", Events: []string{"user.created"}, Status: posthorn.WebhookActive},
		{Name: "family", Events: []string{"user.*"}, Status: posthorn.WebhookActive},
		{Name: "everything", Events: []string{"*"}, Status: posthorn.WebhookActive},
		{Name: "thrice", Events: []string{"user.created", "user.*", "*"}, Status: posthorn.WebhookPaused},
		{Name: "disabled", Events: []string{"*"}, Status: posthorn.WebhookDisabled},
		{Name: "deeper", Events: []string{"user.created.*"}, Status: posthorn.WebhookActive},
	}, filter.NewPrograms())
	for eventType, want := range map[string][]string{
		"user.created":         {"exact", "family", "everything", "thrice"},
		"user.deleted":         {"family", "everything", "thrice"},
		"user":                 {"everything", "thrice"},
		"users.created":        {"everything", "thrice"},
		"user.created.by.hand": {"family", "everything", "thrice", "deeper"},
		"User.created":         {"everything", "thrice"},
	} {
		if diff := cmp.Diff(want, names(index.Match(&posthorn.Event{Type: eventType}, eventdata.Of(nil)).Webhooks)); diff != "" {
			t.Errorf("%s: %s", eventType, diff)
		}
	}
}

// Invariant: who would want it but is disabled is counted.
func TestCountDisabled(t *testing.T) {
	t.Parallel()
	index := filter.NewIndex([]posthorn.Webhook{
		{Events: []string{"user.*"}, Status: posthorn.WebhookDisabled},
		{Events: []string{"user.created", "*"}, Status: posthorn.WebhookDisabled},
		{Events: []string{"user.*"}, Status: posthorn.WebhookActive},
	}, filter.NewPrograms())
	for eventType, want := range map[string]int{"user.created": 2, "invoice.paid": 1} {
		if got := index.CountDisabled(eventType); got != want {
			t.Errorf("%s: %d, want %d", eventType, got, want)
		}
	}
}

// Invariant: the index gives the same answer as asking each webhook.
func TestMatchAgreesWithWants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "b", "aa"})
		name := rapid.Custom(func(t *rapid.T) string {
			text := part.Draw(t, "part")
			for range rapid.IntRange(0, 2).Draw(t, "more") {
				text += "." + part.Draw(t, "part")
			}
			return text
		})
		pattern := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"*", name.Draw(t, "name"), name.Draw(t, "family") + ".*"}).Draw(t, "pattern")
		})
		webhooks := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) posthorn.Webhook {
			return posthorn.Webhook{
				Name:   rapid.StringN(1, 5, 10).Draw(t, "webhook"),
				Events: rapid.SliceOfN(pattern, 1, 4).Draw(t, "events"),
				Status: rapid.SampledFrom([]posthorn.WebhookStatus{posthorn.WebhookActive, posthorn.WebhookPaused, posthorn.WebhookDisabled}).Draw(t, "status"),
			}
		}), 0, 8).Draw(t, "webhooks")
		eventType := name.Draw(t, "event type")
		var want []string
		for _, webhook := range webhooks {
			if webhook.Wants(eventType) {
				want = append(want, webhook.Name)
			}
		}
		if diff := cmp.Diff(want, names(filter.NewIndex(webhooks, filter.NewPrograms()).Match(&posthorn.Event{Type: eventType}, eventdata.Of(nil)).Webhooks)); diff != "" {
			t.Fatal(diff)
		}
	})
}
