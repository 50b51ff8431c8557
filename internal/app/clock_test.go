package app_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/sqlite"
)

// Invariant: what was accepted by a clock that was an hour ahead is sent by the next
// start, not an hour later.
func TestClockPutBackBeforeAStart(t *testing.T) {
	t.Parallel()
	r := receive(t)
	c := settings(t, nil)
	first := start(t, c)
	o := operate(t, first)
	webhook, err := posthorn.ParseID[posthorn.WebhookID](o.webhook(r.URL, "a.b"))
	if err != nil {
		t.Fatal(err)
	}
	environment := first.First().Environment.ID
	stop(t, first)

	opened, err := sqlite.Open(t.Context(), c.SQLitePath())
	if err != nil {
		t.Fatal(err)
	}
	directory, err := opened.Snapshot(t.Context(), environment)
	if err != nil {
		t.Fatal(err)
	}
	ahead, random := time.Now().Add(time.Hour), rand.New(rand.NewPCG(1, 2)).Uint64
	event := posthorn.Event{ID: posthorn.NewID[posthorn.EventID](ahead, random), EnvironmentID: environment, Type: "a.b", Data: []byte("1"), Timestamp: ahead, AcceptedAt: ahead, Deliveries: 1}
	delivery := posthorn.Delivery{
		ID: posthorn.NewID[posthorn.DeliveryID](ahead, random), EventID: event.ID, WebhookID: webhook, EnvironmentID: environment, EventPublicID: event.PublicID(), EventType: event.Type,
		Status: posthorn.DeliveryPending, DueAt: ahead, CreatedAt: ahead, UpdatedAt: ahead,
	}
	_, err = opened.Accept(t.Context(), store.Submission{EnvironmentID: environment, Version: directory.Version, Entries: []store.Entry{{Event: event, Deliveries: []posthorn.Delivery{delivery}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}

	start(t, c)
	if got := r.next(t); got != event.PublicID() {
		t.Errorf("event %s was sent", got)
	}
	r.answer(t, http.StatusOK)
}
