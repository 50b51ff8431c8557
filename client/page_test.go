package client_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn/client"
)

func pageAnswer(ids, next string) answer {
	return answer{status: 200, body: `{"success":true,"data":[` + ids + `],"pagination":{"limit":2,"hasMore":` + map[bool]string{true: "true", false: "false"}[next != "null"] + `,"nextCursor":` + next + `}}`}
}

// Invariant: an iterator yields every item once, in order, and then ends.
func TestIteratorsWalkAllPages(t *testing.T) {
	t.Parallel()
	server := answering(pageAnswer(`{"id":"a"},{"id":"b"}`, `"n1"`), pageAnswer(`{"id":"c"}`, `"n2"`), pageAnswer(``, `null`))
	var ids, queries []string
	for webhook, err := range newClient(t, server).Webhooks(t.Context(), client.ListQuery{Limit: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, webhook.ID)
	}
	for _, r := range server.requests {
		queries = append(queries, r.query)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, ids); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"limit=2", "cursor=n1&limit=2", "cursor=n2&limit=2"}, queries); diff != "" {
		t.Error(diff)
	}
}

// Invariant: a server whose cursor stands still doesn't hold the caller for ever.
func TestIteratorsEndWhenTheCursorStandsStill(t *testing.T) {
	t.Parallel()
	server := answering(pageAnswer(`{"id":"a"}`, `"same"`))
	for range newClient(t, server).Events(t.Context(), client.EventQuery{}) {
	}
	if len(server.requests) != 2 {
		t.Errorf("%d requests, want 2", len(server.requests))
	}
}

// Invariant: nothing is asked for that nobody wants.
func TestIteratorsStopWithTheirReader(t *testing.T) {
	t.Parallel()
	server := answering(pageAnswer(`{"id":"a"},{"id":"b"}`, `"n1"`))
	for range newClient(t, server).Deliveries(t.Context(), client.DeliveryQuery{}) {
		break
	}
	if len(server.requests) != 1 {
		t.Errorf("%d requests, want 1", len(server.requests))
	}
}

// Invariant: an iterator that fails says so once and ends.
func TestIteratorsEndWithTheirError(t *testing.T) {
	t.Parallel()
	server := answering(pageAnswer(`{"id":"a"}`, `"n1"`), answer{status: 404, body: `{"code":"not_found"}`})
	items, failures := 0, 0
	for _, err := range newClient(t, server).EventDeliveries(t.Context(), "evt_1") {
		var problem *client.Error
		switch {
		case err == nil:
			items++
		case errors.As(err, &problem) && problem.Code == "not_found":
			failures++
		default:
			t.Errorf("got %v", err)
		}
	}
	if items != 1 || failures != 1 {
		t.Errorf("%d items and %d errors, want 1 and 1", items, failures)
	}
}
