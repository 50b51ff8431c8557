package store

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
)

// Queue is what delivering needs.
//
// A lease is held by a node under an epoch; each new lease of a delivery has a
// higher epoch than the one before, and whatever ends a lease (recording,
// release, cancelling, takeover) makes its epoch void. A write under a void
// lease changes nothing about the delivery.
//
// Whatever changes a delivery's status sets its UpdatedAt to the moment that the
// method is given.
type Queue interface {
	// Join makes the node known. Where only one node can use the database, every
	// lease of another node ends at once, and each counts as a crash of its
	// delivery. Those deliveries are pending and due now; but those that then have
	// posthorn.QuarantineAfter crashes are quarantined, and Join returns
	// them in the order of their ids. Of each of those leases an attempt is kept, under
	// the number after the delivery's attempts or else after its highest: see
	// LostAttempt. It is uncounted and the delivery's last; the webhook's
	// stats count it, neither as a success nor as a failure.
	Join(ctx context.Context, node posthorn.NodeID, now time.Time, random posthorn.Randomness) ([]posthorn.Delivery, error)

	// Due lists up to limit webhooks that have pending deliveries, whatever their
	// status, in the order of their ids and after the given one, each with the
	// earliest due time of its pending deliveries.
	Due(ctx context.Context, after posthorn.WebhookID, limit int) ([]DueWebhook, error)

	// Suspects lists up to limit webhooks that have pending suspects that are due,
	// those with the fewest crashes first, then by id; a webhook is listed once for
	// each number of crashes. A webhook that is not active, or held until after now,
	// is not listed.
	Suspects(ctx context.Context, now time.Time, limit int) ([]SuspectWebhook, error)

	// Claim leases up to c.Limit pending deliveries of one webhook that are due at
	// c.Now, those due first before others (then by id), to c.NodeID: if c.Crashes is
	// zero, those that are not suspects, else those with exactly so many crashes. A
	// webhook that is unknown, not active, or held until after c.Now, yields none.
	// The jobs' data together is at most c.MaxBytes, but for a single job, which may
	// be larger: Claim stops before the job that would be too much.
	Claim(ctx context.Context, c Claim) (Claimed, error)

	// Record keeps what came of attempts, all in one transaction, one after the other: an
	// error means that none is kept. Results has a place for each, with nil or ErrLeaseLost.
	// Recordings are the caller's again when it returns.
	//
	// For each it keeps the attempt and moves the delivery to r.Next, together, and sets
	// its crashes to zero; the webhook's stats follow (their times are the latest StartedAt of all attempts
	// so recorded, of those that succeeded and of those that did not).
	//
	// If r.Next holds or disables the webhook, that happens in the same
	// transaction. A hold that ends later stays. Disabling touches only an active
	// webhook, with the attempt's detail as the reason and r.Now as UpdatedAt.
	// The delivery's Format becomes r.Format. R.Breaker, when set, becomes the webhook's breaker in that transaction, unless
	// the one that is kept has changed later.
	//
	// If the lease is void the attempt is kept (the request did leave) unless the
	// delivery is unknown or has an attempt of that number, nothing else changes,
	// and its result is ErrLeaseLost. It takes the place of a lost attempt of that
	// number: now somebody knows what came of it. If such a late attempt has taken the number
	// of an attempt under a good lease, the latter is kept under the number after
	// the delivery's highest.
	Record(ctx context.Context, recordings []Recording) ([]error, error)

	// Release gives deliveries back untried: they are pending and due at now, and
	// no crash is counted. Void leases are passed over.
	Release(ctx context.Context, leases []Lease, now time.Time) error

	// Retry makes a delivery pending and due now, with no crashes, all its retries
	// before it again (all its attempts are uncounted) and its Format forgotten, whatever its status; but a leased one
	// is left alone, with posthorn.ErrConflict. It returns the delivery, or posthorn.ErrNotFound.
	Retry(ctx context.Context, id posthorn.DeliveryID, now time.Time) (posthorn.Delivery, error)

	// Cancel ends a pending, leased or quarantined delivery. It returns the delivery,
	// posthorn.ErrConflict if it had ended before, or posthorn.ErrNotFound.
	Cancel(ctx context.Context, id posthorn.DeliveryID, now time.Time) (posthorn.Delivery, error)

	// CancelPending ends up to limit pending deliveries of a webhook, whatever its
	// status, and tells how many.
	CancelPending(ctx context.Context, webhook posthorn.WebhookID, limit int, now time.Time) (int, error)

	// Expire ends up to limit pending deliveries of a webhook that were due before
	// a moment (not at it), and tells how many.
	Expire(ctx context.Context, webhook posthorn.WebhookID, dueBefore time.Time, limit int, now time.Time) (int, error)

	// Rewind is for a clock that was put back: what was written after now, by its own
	// account, waits from now on as long as it had to wait then. It looks at up to limit
	// pending deliveries, in the order of their webhooks' ids, then DueAt, then id, and
	// after the given place: of those whose UpdatedAt is after now, DueAt goes back by as
	// much and UpdatedAt becomes now. Rewound.Next is the place where the next call goes
	// on, or the zero place when it has seen the last. What is moved goes back in that
	// order, never ahead, so that going through all of it looks at each delivery once.
	//
	// The call that begins, with the zero place, does the same to every breaker that
	// changed after now. A hold of a webhook whose LastAttemptAt is after now goes back
	// by as much; and no time in the stats stays after now.
	//
	// Rewound.Moved counts the deliveries, breakers, holds and stats of a webhook that
	// were after now.
	Rewind(ctx context.Context, after DuePlace, limit int, now time.Time) (Rewound, error)
}

// Lease is the right to send a delivery and to record what came of it.
type Lease struct {
	DeliveryID posthorn.DeliveryID
	NodeID     posthorn.NodeID
	Epoch      int64
}

// DuePlace is a place in the order of pending deliveries, that of a delivery. The zero
// place comes before all of them.
type DuePlace struct {
	WebhookID  posthorn.WebhookID
	DueAt      time.Time
	DeliveryID posthorn.DeliveryID
}

// Rewound is what a step of following a clock that was put back came to: where the next
// one goes on, and how much there was to move.
type Rewound struct {
	Next  DuePlace
	Moved int
}

// DueWebhook is a webhook with pending deliveries.
type DueWebhook struct {
	WebhookID     posthorn.WebhookID
	EnvironmentID posthorn.EnvironmentID
	DueAt         time.Time
}

// SuspectWebhook is a webhook with pending suspects of so many crashes.
type SuspectWebhook struct {
	WebhookID     posthorn.WebhookID
	EnvironmentID posthorn.EnvironmentID
	Crashes       int
}

// Claim asks for due deliveries of one webhook.
type Claim struct {
	WebhookID posthorn.WebhookID
	NodeID    posthorn.NodeID
	Now       time.Time
	Limit     int
	MaxBytes  int
	// Crashes asks for suspects, those with so many crashes; zero for others.
	Crashes int
}

// Claimed is what a claim yielded.
type Claimed struct {
	Jobs []Job
	// NextAt is when to claim again: the earliest due time of the deliveries left
	// pending that such a claim may have, or the webhook's HoldUntil if that is
	// later. It is zero when there are none or the webhook is not active.
	NextAt time.Time
}

// Job is a leased delivery with its event, data included.
type Job struct {
	Lease    Lease
	Delivery posthorn.Delivery
	Event    posthorn.Event
}

// Recording is an attempt and what follows from it.
type Recording struct {
	Lease Lease
	// WebhookID is the delivery's; with another one the lease is void.
	WebhookID posthorn.WebhookID
	Attempt   posthorn.Attempt
	Next      posthorn.Next
	// Format is what the delivery's retries are rendered with.
	Format posthorn.FormatVersion
	// Breaker is the webhook's breaker if the attempt has changed it, else nil.
	Breaker *posthorn.Breaker
	// Now is when it is recorded.
	Now time.Time
}
