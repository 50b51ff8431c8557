package simulation

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/posthorn/posthorn"
)

// mood is how a receiver behaves for a while: what it answers and how often.
type mood struct {
	answers []func(r *rand.Rand) posthorn.Outcome
	slowest time.Duration
}

func status(codes ...int) func(r *rand.Rand) posthorn.Outcome {
	return func(r *rand.Rand) posthorn.Outcome {
		return posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: pick(r, codes...)}
	}
}

func asksToWait(longest time.Duration, codes ...int) func(r *rand.Rand) posthorn.Outcome {
	return func(r *rand.Rand) posthorn.Outcome {
		outcome := status(codes...)(r)
		outcome.RetryAfter = time.Duration(1+r.Int64N(int64(longest/time.Second))) * time.Second
		return outcome
	}
}

func trouble(reasons ...posthorn.Reason) func(r *rand.Rand) posthorn.Outcome {
	return func(r *rand.Rand) posthorn.Outcome { return posthorn.Outcome{Reason: pick(r, reasons...)} }
}

func (n *node) mood(r *rand.Rand) mood {
	type answers = []func(r *rand.Rand) posthorn.Outcome
	longest := min(n.profile.span/4, posthorn.MaxRetryAfter)
	fine := status(200, 202, 204)
	return pick(r,
		mood{answers{fine}, 50 * time.Millisecond},
		mood{answers{fine, fine, fine, fine, fine, fine, trouble(posthorn.ReasonTimeout), status(500, 503)}, 2 * time.Second},
		mood{answers{trouble(posthorn.ReasonConnectionRefused, posthorn.ReasonDNSNotFound)}, time.Millisecond},
		mood{answers{trouble(posthorn.ReasonTimeout), fine}, 20 * time.Second},
		mood{answers{asksToWait(longest, 429, 503), fine}, 3 * time.Second},
		mood{answers{status(500, 404, 400, 302), trouble(posthorn.ReasonConnectionReset)}, time.Second},
		mood{answers{fine, fine, fine, fine, fine, fine, fine, fine, fine, status(410)}, 2 * time.Second},
		mood{answers{trouble(posthorn.ReasonInternal, posthorn.ReasonLocalResource), fine}, time.Second},
	)
}

// Send implements deliver.Sender: it is the network and the receivers behind it.
func (n *node) Send(ctx context.Context, q posthorn.Request) posthorn.Outcome {
	at := time.Now()
	n.dice.apart("departure", q.URL, headerOf(q, "webhook-id"))
	n.mu.Lock()
	if n.isDead {
		n.mu.Unlock()
		return posthorn.Outcome{Reason: posthorn.ReasonInterrupted}
	}
	d, started := n.books.sent(n.number, q, at)
	if d == nil {
		n.mu.Unlock()
		return posthorn.Outcome{Reason: posthorn.ReasonInternal}
	}
	outcome, takes := n.answer(d, q.Timeout)
	takes += between(n.dice.next("arrival", d.event.serial, d.receiver.number), 0, alone)
	n.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		outcome = posthorn.Outcome{Reason: posthorn.ReasonInterrupted}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.books.answered(d, started, outcome, n.isDead)
	switch {
	case n.isDead:
		return posthorn.Outcome{Reason: posthorn.ReasonInterrupted}
	case outcome.Reason == posthorn.ReasonInternal:
		panic("the simulated sender panics")
	default:
		return outcome
	}
}

// answer decides what comes of a request, and how long that takes.
func (n *node) answer(d *delivery, timeout time.Duration) (posthorn.Outcome, time.Duration) {
	now := time.Now()
	r := n.dice.fixed("answer", d.event.serial, d.receiver.number, d.requests)
	if now.After(n.calm) {
		return status(200)(r), between(r, time.Microsecond, 50*time.Millisecond)
	}
	m := n.mood(n.dice.fixed("mood", d.receiver.number, int(now.Sub(n.begin)/n.profile.phase)))
	outcome, takes := pick(r, m.answers...)(r), between(r, time.Microsecond, m.slowest)
	if takes >= timeout || outcome.Reason == posthorn.ReasonTimeout {
		return posthorn.Outcome{Reason: posthorn.ReasonTimeout}, timeout
	}
	return outcome, takes
}
