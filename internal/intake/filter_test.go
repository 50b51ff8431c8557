package intake_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
)

func (f *fixture) filter(webhook posthorn.WebhookID, text string) {
	f.Helper()
	_, err := f.store.UpdateWebhook(f.Context(), webhook, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		w.Filter = text
		return w, nil
	})
	if err != nil {
		f.Fatal(err)
	}
}

// Invariant: each event of a batch goes to the webhooks whose filters match it; a
// publisher is told about filters where they are why nobody gets an event.
func TestFiltersDecide(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10)
	f.filter(f.webhook("*", posthorn.WebhookActive), "event.data.n > 1")
	var items []intake.Item
	for _, data := range []string{`{"n":2}`, `{"n":1}`, `{}`, `{"n":3}`} {
		one := item("")
		one.Data = []byte(data)
		items = append(items, one)
	}
	results := f.publish(items...).Results
	for i, want := range []intake.Result{{}, {Unmatched: 1}, {FilterFailed: 1}, {}} {
		if got := results[i]; got.Unmatched != want.Unmatched || got.FilterFailed != want.FilterFailed || (got.Event.Deliveries == 1) != (want.Unmatched+want.FilterFailed == 0) {
			t.Errorf("event %d: %+v", i, got)
		}
	}
	if len(f.deliveries("")) != 2 || f.dispatcher.reserved != 2 {
		t.Errorf("%d deliveries, %d reserved", len(f.deliveries("")), f.dispatcher.reserved)
	}
}

// Invariant: of an event that somebody gets, nothing is told about the filters of others.
func TestFiltersOfOthersAreNotTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10)
	f.filter(f.webhook("*", posthorn.WebhookActive), "event.data.n > 1")
	f.filter(f.webhook("*", posthorn.WebhookActive), "event.type == 'other'")
	f.webhook("*", posthorn.WebhookActive)
	if got := f.publish(item("")).Results[0]; got.Event.Deliveries != 1 || got.Unmatched+got.FilterFailed != 0 {
		t.Errorf("%+v", got)
	}
}

// Invariant: the cost of the filters of one batch is bounded; a batch beyond it
// keeps nothing and holds no room, and a single event is never refused for it.
func TestFilterCostOfABatchIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1000)
	for range 40 {
		f.filter(f.webhook("*", posthorn.WebhookActive), "event.data.all(i, i > 0)")
	}
	costly := item("")
	costly.Data = []byte("[" + strings.Repeat("1,", 5000) + "1]")
	items := make([]intake.Item, 30)
	for i := range items {
		items[i] = costly
	}
	_, err := f.intake.Publish(t.Context(), intake.Publication{EnvironmentID: f.environment, Items: items})
	if !errors.Is(err, &posthorn.Error{Code: posthorn.CodeTooLarge}) || !strings.Contains(err.Error(), "filters") || f.dispatcher.reserved != 0 {
		t.Errorf("got %v, %d reserved", err, f.dispatcher.reserved)
	}
	if got := f.publish(costly).Results[0]; got.FilterFailed != 40 {
		t.Errorf("a single event: %+v", got)
	}
}
