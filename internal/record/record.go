// Package record keeps what came of attempts. Those that end while others are being
// written go together into the next transaction, and nobody waits for it: the goroutine
// of an attempt is free for the next one.
package record

import (
	"context"
	"log/slog"
	"sync"

	"github.com/posthorn/posthorn/internal/insist"
	"github.com/posthorn/posthorn/internal/store"
)

// maxTogether bounds the recordings of one transaction, so that whoever publishes waits
// for short ones, and maxWriters the transactions that wait at once: the database puts many
// into one commit when it has time, as after an event for a thousand webhooks.
const (
	maxTogether = 64
	maxWriters  = 64
)

// Queue is what a Recorder needs of the database.
type Queue interface {
	// Record is that of store.Queue.
	Record(ctx context.Context, recordings []store.Recording) ([]error, error)
}

// Recorder keeps what came of attempts. It is safe for concurrent use. All fields are
// needed, and set before the first recording.
type Recorder struct {
	Queue  Queue
	Logger *slog.Logger
	// Background starts work that whoever owns the attempts waits for, with a context
	// that ends when they must be given up.
	Background func(work func(ctx context.Context))

	mu      sync.Mutex
	waiting batch
	// spare is an empty batch whose room is used again.
	spare   batch
	writers int
}

// batch are recordings, and who hears what became of each.
type batch struct {
	recordings []store.Recording
	done       []func(err error)
}

// Record keeps a recording, and then calls done, once, with nil, store.ErrLeaseLost, or
// the error for which it could not be kept: the database is broken, or the context of
// Background ended. That of ctx is no reason not to try. Record returns at once if others
// are being written; else it writes until nobody waits.
func (r *Recorder) Record(ctx context.Context, recording store.Recording, done func(err error)) {
	if r.add(recording, done) {
		r.write(ctx)
	}
}

// add reports whether the caller is to write.
func (r *Recorder) add(recording store.Recording, done func(err error)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting.recordings = append(r.waiting.recordings, recording)
	r.waiting.done = append(r.waiting.done, done)
	isCrowded := len(r.waiting.done) >= maxTogether && r.writers < maxWriters
	if r.writers > 0 && !isCrowded {
		return false
	}
	r.writers++
	return true
}

func (r *Recorder) write(ctx context.Context) {
	for next := r.take(); len(next.done) > 0; next = r.take() {
		r.keep(ctx, next)
		r.giveBack(next)
	}
}

// take returns what goes into the next transaction; if that is nothing, the caller is no
// writer any more.
func (r *Recorder) take() batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := min(len(r.waiting.done), maxTogether)
	if count == 0 {
		r.writers--
		return batch{}
	}
	next := r.spare
	r.spare = batch{}
	next.recordings = append(next.recordings, r.waiting.recordings[:count]...)
	next.done = append(next.done, r.waiting.done[:count]...)
	left := copy(r.waiting.recordings, r.waiting.recordings[count:])
	_ = copy(r.waiting.done, r.waiting.done[count:])
	clear(r.waiting.recordings[left:])
	clear(r.waiting.done[left:])
	r.waiting = batch{recordings: r.waiting.recordings[:left], done: r.waiting.done[:left]}
	return next
}

func (r *Recorder) giveBack(written batch) {
	clear(written.recordings)
	clear(written.done)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spare = batch{recordings: written.recordings[:0], done: written.done[:0]}
}

// keep keeps a batch. If that fails, each recording is tried again by itself: one that
// can't be kept doesn't hold up the others.
func (r *Recorder) keep(ctx context.Context, written batch) {
	results, err := r.Queue.Record(context.WithoutCancel(ctx), written.recordings) // it matters most while the engine is stopping
	for i, done := range written.done {
		if err == nil {
			done(results[i])
			continue
		}
		recording := written.recordings[i]
		r.Background(func(ctx context.Context) { done(r.insist(ctx, recording)) })
	}
}

func (r *Recorder) insist(ctx context.Context, recording store.Recording) error {
	return insist.On(ctx, r.Logger, "recording an attempt", func(ctx context.Context) error {
		results, err := r.Queue.Record(ctx, []store.Recording{recording})
		if err != nil {
			return err
		}
		return results[0]
	})
}
