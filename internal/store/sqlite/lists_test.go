package sqlite

import (
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// listCase is a query and the index by which its page is to be found.
type listCase struct {
	query store.DeliveryQuery
	plan  string
}

// Invariant: a page of a list is found through an index that has what is asked for
// side by side and in its order, so that its cost doesn't grow with what is stored.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	environment, webhook, event := posthorn.EnvironmentID{1}, posthorn.WebhookID{2}, posthorn.EventID{3}
	page := posthorn.Page{Limit: 10, After: [16]byte{9}}
	for _, span := range []posthorn.Span{{}, {From: time.Unix(1, 0), Until: time.Unix(2, 0)}} {
		for name, plan := range map[string]string{"": "events_by_environment (environment_id=?", "a": "events_by_type (environment_id=? AND type=?"} {
			query, args := listEvents(store.EventQuery{EnvironmentID: environment, Type: name, Accepted: span, Page: page})
			wantPlan(t, s, query, args, plan, span)
		}
		for _, c := range []listCase{
			{store.DeliveryQuery{}, "deliveries_by_environment (environment_id=?"},
			{store.DeliveryQuery{Status: posthorn.DeliverySucceeded}, "deliveries_by_environment (environment_id=?"},
			{store.DeliveryQuery{Status: posthorn.DeliveryPending}, "deliveries_not_succeeded (status=? AND environment_id=?"},
			{store.DeliveryQuery{Status: posthorn.DeliveryLeased}, "deliveries_not_succeeded (status=? AND environment_id=?"},
			{store.DeliveryQuery{Status: posthorn.DeliveryExhausted}, "deliveries_not_succeeded (status=? AND environment_id=?"},
			{store.DeliveryQuery{WebhookID: webhook}, "deliveries_by_webhook (webhook_id=?"},
			{store.DeliveryQuery{WebhookID: webhook, Status: posthorn.DeliverySucceeded}, "deliveries_by_webhook (webhook_id=?"},
			{store.DeliveryQuery{WebhookID: webhook, Status: posthorn.DeliveryLeased}, "deliveries_not_succeeded (status=? AND environment_id=?"},
			{store.DeliveryQuery{WebhookID: webhook, Status: posthorn.DeliveryExhausted}, "deliveries_over (webhook_id=? AND status=?"},
			{store.DeliveryQuery{EventID: event}, "PRIMARY KEY ("},
			{store.DeliveryQuery{EventID: event, WebhookID: webhook, Status: posthorn.DeliveryPending}, "PRIMARY KEY ("},
		} {
			c.query.EnvironmentID, c.query.Created, c.query.Page = environment, span, page
			index, err := s.indexFor(t.Context(), c.query)
			if err != nil {
				t.Fatal(err)
			}
			query, args, err := listDeliveries(c.query, index)
			if err != nil {
				t.Fatal(err)
			}
			wantPlan(t, s, query, args, c.plan, span)
		}
	}
}

// Invariant: an event is one step away where its environment is known, beside a delivery
// too, and one step for each environment where it isn't: those of its workspace alone, if
// that is known.
func TestEventsAreFoundByIndex(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	const found = "INDEX events_by_environment (environment_id=? AND id=?)"
	queries := map[string][]any{selectDelivery + ` WHERE d.id = ?`: {[]byte{1}}, selectDelivery + ` WHERE d.webhook_id = ?`: {[]byte{1}}}
	ofWorkspace, _ := eventWithin(store.Reach{WorkspaceID: posthorn.WorkspaceID{1}}, posthorn.EventID{1})
	for _, within := range []store.Reach{{}, {EnvironmentID: posthorn.EnvironmentID{1}}, {WorkspaceID: posthorn.WorkspaceID{1}}} {
		query, args := eventWithin(within, posthorn.EventID{1})
		queries[query] = args
	}
	if said := planOf(t, s, ofWorkspace, queries[ofWorkspace]); !strings.Contains(said, "environments_by_workspace (workspace_id=?)") {
		t.Errorf("a workspace's event is looked for by %s", said)
	}
	for query, args := range queries {
		if said := planOf(t, s, query, args); !strings.Contains(said, found) || strings.Contains(said, "SCAN") || strings.Contains(said, "AUTOMATIC") {
			t.Errorf("%s\n\tis read by %s, want %s", query, said, found)
		}
	}
}

// Invariant: a page of attempts reads no more of them than it shows: none is sorted.
func TestAttemptsAreReadInOrder(t *testing.T) {
	t.Parallel()
	said := planOf(t, openStore(t), selectAttempts, []any{[]byte{1}, 0, 10})
	const inOrder = "SEARCH attempts USING PRIMARY KEY (delivery_id=? AND number>?)"
	if i := strings.Index(said, inOrder); i < 0 || strings.Contains(said[i:], "TEMP B-TREE") || strings.Contains(said, "SCAN") {
		t.Errorf("attempts are read by %s", said)
	}
}

// wantPlan wants that SQLite looks for a range of ids in an index, without sorting.
func wantPlan(t *testing.T, s *Store, query string, args []any, plan string, span posthorn.Span) {
	t.Helper()
	wanted := []string{plan, "id<?)"}
	if !span.From.IsZero() {
		wanted = append(wanted, "id>? AND id<?)")
	}
	said := planOf(t, s, query, args)
	for _, part := range wanted {
		if !strings.Contains(said, part) || strings.Contains(said, "SCAN") || strings.Contains(said, "TEMP B-TREE") {
			t.Errorf("%s\n\tis read by %s, want %s", query, said, part)
		}
	}
}

// planOf is what SQLite says of how it reads a query.
func planOf(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	var steps []string
	err := s.each(t.Context(), "EXPLAIN QUERY PLAN "+query, args, func(scan func(...any) error) error {
		var id, parent, unused int
		var step string
		err := scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "; ")
}

// Invariant: what is pending for a webhook is found among its own backlog when that
// is short, and in the order of its deliveries when it is long.
func TestPendingOfAWebhook(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	webhook := posthorn.WebhookID{2}
	add := func(count int) {
		t.Helper()
		err := s.write(t.Context(), func(tx *tx) error {
			_, err := tx.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO deliveries SELECT randomblob(16), x'01', ?, x'03', 0, 0, 0, 0, NULL, 1, 0, '', 0, NULL, 0, 0, 0, NULL FROM n`, count, webhook[:])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	wantIndex := func(want string) {
		t.Helper()
		got, err := s.indexFor(t.Context(), store.DeliveryQuery{WebhookID: webhook, Status: posthorn.DeliveryPending})
		if err != nil || got != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
		query, args, err := listDeliveries(store.DeliveryQuery{WebhookID: webhook, Status: posthorn.DeliveryPending, Page: posthorn.Page{Limit: 10}}, got)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.each(t.Context(), query, args, func(func(...any) error) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	add(fewPending)
	wantIndex("deliveries_due")
	add(1)
	wantIndex("deliveries_by_webhook")
}
