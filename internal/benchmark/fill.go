package benchmark

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// filling is what the filler is told to put into a database that no server uses.
type filling struct {
	Directory string `json:"directory"`
	Database  string `json:"database"`
	// Deliveries is how many, each of an event of its own; the webhooks get them in
	// turn.
	Deliveries int      `json:"deliveries"`
	Webhooks   []string `json:"webhooks"`
	// IsOver says that they have been sent, one in a hundred in vain, and IsCancelled
	// that they have been cancelled; otherwise they are due.
	IsOver      bool   `json:"isOver"`
	IsCancelled bool   `json:"isCancelled"`
	Family      string `json:"family"`
	DataSize    int    `json:"dataSize"`
	// Span is how far back the first one was accepted; the others follow evenly.
	Span time.Duration `json:"span"`
}

// playFiller is the filler's process.
func playFiller(ctx context.Context, in io.Reader, out, talk io.Writer) error {
	return obey(ctx, in, out, func(ctx context.Context, o order) (any, error) {
		if o.Do != "fill" {
			return nil, unknown(o)
		}
		told, err := read[filling](o)
		if err != nil {
			return nil, err
		}
		opened, err := openDatabase(ctx, told.Database, told.Directory)
		if err != nil {
			return nil, err
		}
		err = fill(ctx, opened, told, talk)
		return "", errors.Join(err, opened.Close())
	})
}

// filler writes events and what became of them, in groups that share commits.
type filler struct {
	filling
	store       store.Store
	environment posthorn.EnvironmentID
	version     store.Version
	node        posthorn.NodeID
	webhooks    []posthorn.WebhookID
	data        []byte
	begin       time.Time
}

func fill(ctx context.Context, database store.Store, told filling, talk io.Writer) error {
	f, err := newFiller(ctx, database, told)
	if err != nil {
		return err
	}
	// Those who record share commits, of up to 512 writes.
	const recorders, chunk = 512, 1000
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	leases := make(chan store.Recording, recorders)
	var group sync.WaitGroup
	for range recorders {
		group.Go(func() {
			for recording := range leases {
				if results, err := f.store.Record(ctx, []store.Recording{recording}); err != nil || results[0] != nil {
					cancel(fmt.Errorf("recording: %w", errors.Join(append(results, err)...)))
				}
			}
		})
	}
	shown := time.Now()
	for done := 0; done < told.Deliveries && ctx.Err() == nil; done += chunk {
		recordings, err := f.accept(ctx, done, min(done+chunk, told.Deliveries))
		if err != nil {
			cancel(err)
			break
		}
		for _, recording := range recordings {
			leases <- recording
		}
		if time.Since(shown) > 10*time.Second {
			shown = time.Now()
			_, _ = fmt.Fprintf(talk, "  filled %d of %d\n", done, told.Deliveries) // only for people
		}
	}
	close(leases)
	group.Wait()
	if told.IsCancelled && ctx.Err() == nil {
		return f.cancel(ctx)
	}
	return context.Cause(ctx)
}

// cancel ends all that is due.
func (f *filler) cancel(ctx context.Context) error {
	const chunk = 10_000
	for _, webhook := range f.webhooks {
		for ended := chunk; ended == chunk; {
			var err error
			if ended, err = f.store.CancelPending(ctx, webhook, chunk, time.Now()); err != nil {
				return fmt.Errorf("cancelling: %w", err)
			}
		}
	}
	return nil
}

func newFiller(ctx context.Context, database store.Store, told filling) (*filler, error) {
	now := time.Now()
	environment, err := database.OldestEnvironment(ctx, posthorn.WorkspaceID{})
	if err != nil {
		return nil, fmt.Errorf("finding the environment: %w", err)
	}
	snapshot, err := database.Snapshot(ctx, environment.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the environment: %w", err)
	}
	f := &filler{
		filling: told, store: database, environment: environment.ID, version: snapshot.Version,
		node: posthorn.NewID[posthorn.NodeID](now, rand.Uint64), begin: now.Add(-told.Span),
		data: []byte(eventData(told.DataSize)),
	}
	if _, err := database.Join(ctx, f.node, now, rand.Uint64); err != nil {
		return nil, fmt.Errorf("joining: %w", err)
	}
	for _, text := range told.Webhooks {
		var id posthorn.WebhookID
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return nil, fmt.Errorf("reading the id of a webhook: %w", err)
		}
		f.webhooks = append(f.webhooks, id)
	}
	return f, nil
}

// accept keeps the events from one number up to another, and returns what is to be
// recorded of their deliveries.
func (f *filler) accept(ctx context.Context, from, until int) ([]store.Recording, error) {
	submission := store.Submission{EnvironmentID: f.environment, Version: f.version, NodeID: f.node}
	var recordings []store.Recording
	for i := from; i < until; i++ {
		at := f.begin.Add(time.Duration(float64(f.Span) * float64(i) / float64(f.Deliveries)))
		event := posthorn.Event{
			ID: posthorn.NewID[posthorn.EventID](at, rand.Uint64), EnvironmentID: f.environment, Type: typeName(f.Family, i%10),
			Data: f.data, Timestamp: at, AcceptedAt: at, Deliveries: 1,
		}
		delivery := posthorn.Delivery{
			ID: posthorn.NewID[posthorn.DeliveryID](at, rand.Uint64), EventID: event.ID, WebhookID: f.webhooks[i%len(f.webhooks)], EnvironmentID: f.environment,
			Status: posthorn.DeliveryPending, DueAt: at, CreatedAt: at, UpdatedAt: at,
		}
		if f.IsOver {
			delivery.Status = posthorn.DeliveryLeased
			recordings = append(recordings, f.outcome(delivery, i, at))
		}
		submission.Entries = append(submission.Entries, store.Entry{Event: event, Deliveries: []posthorn.Delivery{delivery}})
	}
	if _, err := f.store.Accept(ctx, submission); err != nil {
		return nil, fmt.Errorf("accepting: %w", err)
	}
	return recordings, nil
}

func (f *filler) outcome(delivery posthorn.Delivery, number int, at time.Time) store.Recording {
	const oneIn = 100 // failed
	outcome, next := posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200, ResponseBody: []byte("ok"), ConnectionReused: true}, posthorn.DeliverySucceeded
	if number%oneIn == 0 {
		outcome, next = posthorn.Outcome{Reason: posthorn.StatusReason(500), StatusCode: 500}, posthorn.DeliveryExhausted
	}
	return store.Recording{
		Lease:     store.Lease{DeliveryID: delivery.ID, NodeID: f.node, Epoch: store.FirstEpoch},
		WebhookID: delivery.WebhookID,
		Attempt: posthorn.Attempt{
			ID: posthorn.NewID[posthorn.AttemptID](at, rand.Uint64), DeliveryID: delivery.ID, Number: 1, StartedAt: at,
			URL: "http://127.0.0.1:8080/usual/", Outcome: outcome,
		},
		Next: posthorn.Next{Status: next}, Now: at,
	}
}
