package deliver_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
)

// spyQueue notes what each claim yielded, and lets a test come in between.
type spyQueue struct {
	store.Queue
	// beforeClaim may refuse a claim; afterClaim is the time that its commit takes;
	// beforeRewind is the time that a step of following the clock takes; cancelPending
	// answers instead of the store. Each may be nil.
	beforeRewind  func()
	beforeClaim   func(store.Claim) error
	afterClaim    func(store.Claim)
	cancelPending func() (int, error)

	mu      sync.Mutex
	yielded []int
}

// spy puts itself between the store and the engine that is started next.
func (w *world) spy() *spyQueue {
	q := &spyQueue{Queue: w.store}
	w.queue = q
	return q
}

func (q *spyQueue) Claim(ctx context.Context, c store.Claim) (store.Claimed, error) {
	if q.beforeClaim != nil {
		if err := q.beforeClaim(c); err != nil {
			return store.Claimed{}, err
		}
	}
	claimed, err := q.Queue.Claim(ctx, c)
	q.mu.Lock()
	q.yielded = append(q.yielded, len(claimed.Jobs))
	q.mu.Unlock()
	if q.afterClaim != nil {
		q.afterClaim(c)
	}
	return claimed, err
}

func (q *spyQueue) Rewind(ctx context.Context, after store.DuePlace, limit int, now time.Time) (store.Rewound, error) {
	if q.beforeRewind != nil {
		q.beforeRewind()
	}
	return q.Queue.Rewind(ctx, after, limit, now)
}

func (q *spyQueue) CancelPending(ctx context.Context, webhook posthorn.WebhookID, limit int, now time.Time) (int, error) {
	if q.cancelPending != nil {
		return q.cancelPending()
	}
	return q.Queue.CancelPending(ctx, webhook, limit, now)
}

// claims returns how many claims yielded something, and how much in all.
func (q *spyQueue) claims() (count, jobs int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, n := range q.yielded {
		if n > 0 {
			count++
			jobs += n
		}
	}
	return count, jobs
}

// silent stands for a node that dies before it can tell anybody of what it kept.
type silent struct{}

func (silent) NodeID() posthorn.NodeID                         { return posthorn.NodeID{7} }
func (silent) Reserve(*posthorn.Webhook, int) bool             { return false }
func (silent) Unreserve(posthorn.WebhookID, int)               {}
func (silent) Dispatch(store.Job)                              {}
func (silent) Wake(posthorn.EnvironmentID, posthorn.WebhookID) {}

// publishUnannounced keeps events whose deliveries are pending and of which the
// engine hears nothing.
func (w *world) publishUnannounced(count int) {
	w.t.Helper()
	w.publishWith(w.unannounced(), count, []byte("{}"))
}

func (w *world) unannounced() *intake.Intake {
	return intake.New(intake.Options{Store: w.store, Directories: w.directories, Dispatcher: silent{}, Now: time.Now, Random: w.random})
}

// publishBytes publishes events of that size.
func (w *world) publishBytes(count, size int) {
	w.t.Helper()
	w.publishWith(w.intake, count, dataOf(size))
}

// dataOf is data of that size.
func dataOf(size int) []byte {
	data := bytes.Repeat([]byte("a"), size)
	data[0], data[size-1] = '"', '"'
	return data
}

func (w *world) publishWith(accepting *intake.Intake, count int, data []byte) {
	w.t.Helper()
	for range count {
		receipt, err := accepting.Publish(w.t.Context(), intake.Publication{
			EnvironmentID: w.environment.ID,
			Items:         []intake.Item{{Type: "user.created", Data: data}},
		})
		w.must(err)
		w.must(receipt.Results[0].Err)
	}
}

// seldomSweeping keeps the sweep from repairing what a test watches.
func seldomSweeping(o *deliver.Options) { o.SweepEvery = 1000 * time.Hour }
