package schedule_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/schedule"
)

func middle() uint64 { return 1 << 63 } // no jitter

func failure(reason posthorn.Reason) posthorn.Outcome { return posthorn.Outcome{Reason: reason} }

// Invariant: retries follow the schedule, its last delay holds on, and after the
// allowed number the delivery is exhausted.
func TestRetriesFollowTheSchedule(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	policy := posthorn.RetryPolicy{Retries: 11}
	want := append(posthorn.DefaultRetryDelays(), 24*time.Hour, 24*time.Hour)
	for i, delay := range want {
		next := schedule.Next(policy, schedule.History{Attempts: i + 1}, failure("status_500"), now, middle)
		if next.Status != posthorn.DeliveryPending || next.DueAt != now.Add(delay) {
			t.Errorf("retry %d: %v in %v, want in %v", i+1, next.Status, next.DueAt.Sub(now), delay)
		}
	}
	next := schedule.Next(policy, schedule.History{Attempts: 12}, failure("status_500"), now, middle)
	if next.Status != posthorn.DeliveryExhausted {
		t.Errorf("after 11 retries: %v", next.Status)
	}
}

// Invariant: a webhook's own schedule replaces the default one.
func TestOwnSchedule(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	policy := posthorn.RetryPolicy{Retries: 3, Delays: []time.Duration{time.Second, 3 * time.Second}}
	for attempts, delay := range map[int]time.Duration{1: time.Second, 2: 3 * time.Second, 3: 3 * time.Second} {
		if next := schedule.Next(policy, schedule.History{Attempts: attempts}, failure("timeout"), now, middle); next.DueAt != now.Add(delay) {
			t.Errorf("after attempt %d: in %v, want %v", attempts, next.DueAt.Sub(now), delay)
		}
	}
}

// Invariant: no retries means one attempt.
func TestNoRetries(t *testing.T) {
	t.Parallel()
	next := schedule.Next(posthorn.RetryPolicy{}, schedule.History{Attempts: 1}, failure("timeout"), time.Unix(0, 0), middle)
	if next.Status != posthorn.DeliveryExhausted {
		t.Errorf("got %v", next.Status)
	}
}

// Invariant: our own troubles never use up a receiver's retries.
func TestOwnTroubleIsNotCharged(t *testing.T) {
	t.Parallel()
	next := schedule.Next(posthorn.RetryPolicy{}, schedule.History{Attempts: 40}, failure(posthorn.ReasonLocalResource), time.Unix(0, 0), middle)
	if next.Status != posthorn.DeliveryPending || !next.Uncounted {
		t.Errorf("got %+v", next)
	}
	next = schedule.Next(posthorn.RetryPolicy{Retries: 1}, schedule.History{Attempts: 41, Uncounted: 40}, failure("timeout"), time.Unix(0, 0), middle)
	if next.Status != posthorn.DeliveryPending {
		t.Errorf("uncounted attempts used up retries: %+v", next)
	}
}

// Invariant: 410 disables the webhook; its delivery keeps its retries.
func TestGoneDisables(t *testing.T) {
	t.Parallel()
	next := schedule.Next(posthorn.RetryPolicy{Retries: 1}, schedule.History{Attempts: 1}, failure(posthorn.ReasonGone), time.Unix(0, 0), middle)
	if !next.DisableWebhook || next.Status != posthorn.DeliveryPending {
		t.Errorf("got %+v", next)
	}
}

// Invariant: whatever the receiver answers, the next try lies within the
// schedule (and its jitter) or what the receiver asked for, at most a day; the
// webhook is held exactly as long as the receiver asked.
func TestDelayIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_700_000_000, 0)
		retries := rapid.IntRange(1, 50).Draw(t, "retries")
		attempts := rapid.IntRange(1, retries).Draw(t, "attempts")
		after := time.Duration(rapid.Int64Range(0, math.MaxInt64/4).Draw(t, "retry after"))
		random := rapid.Uint64().Draw(t, "random")
		outcome := posthorn.Outcome{Reason: "status_503", StatusCode: 503, RetryAfter: after}
		next := schedule.Next(posthorn.RetryPolicy{Retries: retries}, schedule.History{Attempts: attempts}, outcome, now, func() uint64 { return random })

		scheduled := posthorn.DefaultRetryDelays()[min(attempts, 9)-1]
		wait, asked := next.DueAt.Sub(now), min(after, 24*time.Hour)
		if low := max(scheduled*8/10-time.Microsecond, asked); wait < low {
			t.Fatalf("waits %v, less than %v", wait, low)
		}
		if high := max(scheduled*12/10+time.Microsecond, asked); wait > high {
			t.Fatalf("waits %v, more than %v", wait, high)
		}
		if after > 0 && next.HoldUntil != now.Add(asked) || after == 0 && !next.HoldUntil.IsZero() {
			t.Fatalf("held until %v, asked for %v", next.HoldUntil, asked)
		}
	})
}
