package schedule_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/schedule"
)

// Invariant: deliveries that fail in the same moment are spread over two fifths of
// each wait, and never come together again, however often they all fail: of a hundred
// thousand no second has many more than if they came evenly, and each round fewer
// than the one before.
func TestRetriesDoNotMarchInStep(t *testing.T) {
	t.Parallel()
	const count = 100_000
	random := rand.New(rand.NewPCG(5, 6)).Uint64
	begin := time.Unix(1_700_000_000, 0)
	at := make([]time.Time, count)
	for i := range at {
		at[i] = begin
	}
	delays := posthorn.DefaultRetryDelays()
	policy := posthorn.RetryPolicy{Retries: len(delays)}
	before := count
	for round, delay := range delays {
		inSecond := map[int64]int{}
		for i := range at {
			at[i] = schedule.Next(policy, schedule.History{Attempts: round + 1}, failure("connection_refused"), at[i], random).DueAt
			inSecond[at[i].Unix()]++
		}
		most := 0
		for _, n := range inSecond {
			most = max(most, n)
		}
		evenly := count / max(1, int(delay.Seconds()*2/5))
		const chance = 60 // where few come in a second, some seconds have more
		if most > evenly*13/10+chance || most > before {
			t.Errorf("round %d: %d retries in one second after %v; evenly it were %d, and before %d", round+1, most, delay, evenly, before)
		}
		before = most + chance
	}
}
