package app_test

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/sqlite"
)

// Invariant: what was accepted by a clock that was an hour ahead is sent by the next
// start, not an hour later, and the log tells of the clock. Starts after that, which find
// nothing that waits for the time to come, tell of nothing.
func TestClockPutBackBeforeAStart(t *testing.T) {
	t.Parallel()
	r := receive(t)
	c := settings(t, nil)
	first := start(t, c)
	webhook, err := posthorn.ParseID[posthorn.WebhookID](operate(t, first).webhook(r.URL, "a.b"))
	if err != nil {
		t.Fatal(err)
	}
	environment := first.First().Environment.ID
	stop(t, first)

	for _, made := range []struct {
		at   time.Time
		told int
	}{{time.Now().Add(time.Hour), 1}, {time.Now().Add(-time.Second), 0}} {
		event := keepPending(t, c, environment, webhook, made.at)
		var log bytes.Buffer
		a := startLogging(t, c, &log)
		if got := r.next(t); got != event {
			t.Errorf("event %s was sent", got)
		}
		r.answer(t, http.StatusOK)
		stop(t, a)
		if told := strings.Count(log.String(), "the clock has jumped"); told != made.told {
			t.Errorf("told of the clock %d times, want %d: %s", told, made.told, log.String())
		}
	}
}

// keepPending keeps an event with a pending delivery in the database of a server that is
// stopped, as it would have by a clock of that time, and returns the event's id.
func keepPending(t *testing.T, c config.Config, environment posthorn.EnvironmentID, webhook posthorn.WebhookID, at time.Time) string {
	t.Helper()
	opened, err := sqlite.Open(t.Context(), c.SQLitePath())
	if err != nil {
		t.Fatal(err)
	}
	directory, err := opened.Snapshot(t.Context(), environment)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2)).Uint64
	event := posthorn.Event{ID: posthorn.NewID[posthorn.EventID](at, random), EnvironmentID: environment, Type: "a.b", Data: []byte("1"), Timestamp: at, AcceptedAt: at, Deliveries: 1}
	delivery := posthorn.Delivery{
		ID: posthorn.NewID[posthorn.DeliveryID](at, random), EventID: event.ID, WebhookID: webhook, EnvironmentID: environment, EventPublicID: event.PublicID(), EventType: event.Type,
		Status: posthorn.DeliveryPending, DueAt: at, CreatedAt: at, UpdatedAt: at,
	}
	_, err = opened.Accept(t.Context(), store.Submission{EnvironmentID: environment, Version: directory.Version, Entries: []store.Entry{{Event: event, Deliveries: []posthorn.Delivery{delivery}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	return event.PublicID()
}

// startLogging is start with a log, to be read when the server is stopped.
func startLogging(t *testing.T, c config.Config, log *bytes.Buffer) *app.App {
	t.Helper()
	o := options(c)
	o.Logger = slog.New(slog.NewTextHandler(log, nil))
	a, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, a) })
	return a
}
