package demo

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// talk writes live lines for a person.
type talk struct {
	out io.Writer

	mu    sync.Mutex
	names map[string]string
}

func (t *talk) line(format string, values ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = fmt.Fprintf(t.out, format+"\n", values...) // the demonstration goes on without its audience
}

// name tells what to call a webhook.
func (t *talk) name(id, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil {
		t.names = map[string]string{}
	}
	t.names[id] = name
}

// Attempted implements deliver.Observer: one line for each attempt.
func (t *talk) Attempted(job store.Job, attempt posthorn.Attempt, next posthorn.Next, err error) {
	t.mu.Lock()
	name := t.names[job.Delivery.WebhookID.String()]
	t.mu.Unlock()
	took := attempt.Outcome.Timings.Total.Round(10 * time.Microsecond)
	t.line("%s  %-22s → %-10s attempt %d  %9v  %s", attempt.StartedAt.Format("15:04:05.000"), job.Event.Type, name, attempt.Number, took, tell(attempt, next, err))
}

func tell(attempt posthorn.Attempt, next posthorn.Next, err error) string {
	outcome := attempt.Outcome
	switch {
	case err != nil:
		return "not recorded: " + err.Error()
	case outcome.Succeeded():
		return fmt.Sprintf("%d verified", outcome.StatusCode)
	case next.Status == posthorn.DeliveryPending:
		wait := next.DueAt.Sub(attempt.StartedAt).Round(100 * time.Millisecond)
		return fmt.Sprintf("%s, again in %v", outcome.Reason, wait)
	default:
		return fmt.Sprintf("%s, given up", outcome.Reason)
	}
}
