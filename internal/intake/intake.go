// Package intake accepts events: it checks them, fans them out to the webhooks
// that want them, and has event and deliveries kept together before anyone is
// told that the event was accepted.
package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
)

// Directories finds an environment's directory in memory.
type Directories interface {
	// Environment returns the newest known directory, or posthorn.ErrNotFound.
	Environment(ctx context.Context, id posthorn.EnvironmentID) (*snapshot.Environment, error)
	// Forget makes the next Environment call read the directory again.
	Forget(id posthorn.EnvironmentID)
}

// Dispatcher is the delivery engine as intake sees it: fresh deliveries go
// straight to it, without a way round through the database, while it has room.
type Dispatcher interface {
	// NodeID holds the leases of the deliveries for which Reserve said yes.
	NodeID() posthorn.NodeID
	// Reserve asks for room for a delivery of so many bytes. After a yes, exactly
	// one of Dispatch and Unreserve must follow.
	Reserve(webhook *posthorn.Webhook, bytes int) bool
	// Unreserve gives room back.
	Unreserve(webhook posthorn.WebhookID, bytes int)
	// Dispatch hands over a delivery that is durable and leased to the node.
	Dispatch(job store.Job)
	// Wake says that deliveries of the webhook are pending and due.
	Wake(environment posthorn.EnvironmentID, webhook posthorn.WebhookID)
}

// Store is what intake needs of the database.
type Store interface {
	Accept(ctx context.Context, s store.Submission) (store.Receipt, error)
}

// Publication is what a publisher asks to have accepted, together.
type Publication struct {
	EnvironmentID posthorn.EnvironmentID
	Items         []Item
	// Idempotency is nil when the publisher gave no key.
	Idempotency *Idempotency
}

// Item is one event as its publisher gave it. ID is empty when it gave none, and
// Timestamp zero. Data is a JSON value that has been checked.
type Item struct {
	ID        string
	Type      string
	Data      []byte
	Timestamp time.Time
}

// Idempotency is a key that a publisher gave, the fingerprint of its request,
// and how to answer it.
type Idempotency struct {
	Key         store.IdempotencyKey
	Fingerprint [32]byte
	Answer      func(results []Result) (statusCode int, body []byte)
}

// Result tells what became of one item. Err is nil or a *posthorn.Error for an
// item that was refused by itself. Duplicate means that Event was accepted
// before, with the same type and data.
type Result struct {
	Event     posthorn.Event
	Duplicate bool
	Err       error
	// Disabled is how many webhooks would have wanted an event that nobody else
	// wants, were they not disabled.
	Disabled int
	// Unmatched and FilterFailed tell of an event that nobody wants: how many
	// webhooks want its type and have a filter that said no, or that couldn't be
	// evaluated.
	Unmatched    int
	FilterFailed int
	// Warnings say where the data of an event that was accepted doesn't match the
	// schema of its type.
	Warnings []*posthorn.Error
}

// Receipt tells what became of a publication: one result for each item, or the
// answer that was given before under the same idempotency key.
type Receipt struct {
	Results  []Result
	Replayed *store.Answer
}

// AnswerLifetime is how long an answer under an idempotency key is kept.
const AnswerLifetime = 24 * time.Hour

// Options are what an Intake is made of. All are needed.
type Options struct {
	Store       Store
	Directories Directories
	Dispatcher  Dispatcher
	Now         func() time.Time
	Random      posthorn.Randomness
}

// Intake accepts events. It is safe for concurrent use.
type Intake struct {
	Options
	writes *writes
	// looking makes the schemas and the filters of a workspace be evaluated for one
	// publication after the other, so that they take no more than one processor.
	looking *turns
}

// New makes an Intake.
func New(o Options) *Intake {
	return &Intake{Options: o, writes: newWrites(o.Now), looking: newTurns(1)}
}

// maxStale bounds how often a fan-out is made again because the directory
// changed under it.
const maxStale = 8

// Welcome returns posthorn.ErrBusy if so much of a workspace is waiting to be written
// that Publish would refuse more of it: so it can be told before it has been read.
func (i *Intake) Welcome(workspace posthorn.WorkspaceID) error { return i.writes.welcome(workspace) }

// Publish accepts the items: when it returns without an error, every result
// without an error is durable together with all its deliveries. It returns
// posthorn.ErrNotFound when there is no such environment, and posthorn.ErrBusy, at
// once, when too much is waiting to be written.
func (i *Intake) Publish(ctx context.Context, p Publication) (Receipt, error) {
	for range maxStale {
		results, good := i.prepare(p)
		if good == 0 && p.Idempotency == nil {
			return Receipt{Results: results}, nil
		}
		directory, err := i.Directories.Environment(ctx, p.EnvironmentID)
		if err != nil {
			return Receipt{}, err
		}
		receipt, err := i.accept(ctx, p, directory, results, good)
		if !errors.Is(err, store.ErrStale) {
			return receipt, err
		}
		i.Directories.Forget(p.EnvironmentID)
	}
	return Receipt{}, fmt.Errorf("accepting: the directory changed %d times meanwhile: %w", maxStale, posthorn.ErrBusy)
}

func (i *Intake) accept(ctx context.Context, p Publication, directory *snapshot.Environment, results []Result, good int) (Receipt, error) {
	wanted, err := i.examine(ctx, directory, results, good)
	if err != nil {
		return Receipt{}, err
	}
	if len(wanted.by) == 0 && p.Idempotency == nil {
		return Receipt{Results: results}, nil
	}
	turn, err := i.writes.take(ctx, directory.WorkspaceID, wanted.rows())
	if err != nil {
		return Receipt{}, err
	}
	defer i.writes.end(turn)
	entries := i.fanOut(results, wanted.by)
	kept, err := i.Store.Accept(ctx, store.Submission{
		EnvironmentID: p.EnvironmentID,
		Version:       directory.Version,
		NodeID:        i.Dispatcher.NodeID(),
		Entries:       entries,
		Idempotency:   i.idempotency(p.Idempotency, directory, results),
	})
	if err != nil || kept.Replayed != nil {
		i.unreserve(entries)
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("accepting: %w", err)
	}
	if kept.Replayed != nil {
		return Receipt{Replayed: kept.Replayed}, nil
	}
	i.handOver(entries, kept.Results)
	settle(directory, results, kept.Results)
	return Receipt{Results: results}, nil
}

func (i *Intake) idempotency(given *Idempotency, directory *snapshot.Environment, results []Result) *store.Idempotency {
	if given == nil {
		return nil
	}
	now := i.Now()
	return &store.Idempotency{
		Key:       given.Key,
		ValidFrom: now.Add(-AnswerLifetime),
		Answer: func(kept []store.Result) store.Answer {
			settled := slices.Clone(results) // the store may ask again
			settle(directory, settled, kept)
			statusCode, body := given.Answer(settled)
			return store.Answer{Fingerprint: given.Fingerprint, StatusCode: statusCode, Body: body, CreatedAt: now}
		},
	}
}
