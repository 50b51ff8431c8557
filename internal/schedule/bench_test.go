package schedule_test

import (
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/schedule"
)

// BenchmarkNext decides what follows a success, a failure that is retried, and the last
// one.
func BenchmarkNext(b *testing.B) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	random := func() uint64 { return 1 << 63 }
	failed := posthorn.Outcome{Reason: posthorn.StatusReason(503), StatusCode: 503, RetryAfter: time.Minute}
	for name, c := range map[string]struct {
		outcome  posthorn.Outcome
		attempts int
		want     posthorn.DeliveryStatus
	}{
		"success": {posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200}, 1, posthorn.DeliverySucceeded},
		"retry":   {failed, 1, posthorn.DeliveryPending},
		"last":    {failed, 4, posthorn.DeliveryExhausted},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				next := schedule.Next(posthorn.RetryPolicy{Retries: 3}, schedule.History{Attempts: c.attempts}, c.outcome, now, random)
				if next.Status != c.want {
					b.Fatal(next)
				}
			}
		})
	}
}
