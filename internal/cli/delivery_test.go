package cli

import (
	"testing"
	"time"

	"github.com/posthorn/posthorn/client"
)

// Invariant: no time that has passed is shown as the next attempt, and what a
// delivery waits for is shown instead of a time.
func TestNextAttempt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s := &session{now: func() time.Time { return now }}
	at := func(moment time.Time) client.Delivery { return client.Delivery{DueAt: &moment} }
	paused := at(now.Add(time.Hour))
	paused.WaitingFor = "webhook is paused"
	for _, tc := range []struct {
		name     string
		delivery client.Delivery
		want     string
	}{
		{"done", client.Delivery{}, ""},
		{"past", at(now.Add(-time.Second)), "now"},
		{"this moment", at(now), "now"},
		{"this year", at(now.Add(time.Minute + 890*time.Millisecond)), "05:07:07Z"},
		{"another day", at(now.AddDate(0, 0, 1)), "03-05 05:06:07Z"},
		{"another year", at(now.AddDate(1, 0, 0)), "2027-03-04 05:06:07Z"},
		{"waiting", paused, "webhook is paused"},
	} {
		if got := s.nextAttempt(tc.delivery, shortStamp); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if got := retried(paused); got != "It waits: webhook is paused." {
		t.Errorf("a retry of it says %q", got)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for ms, want := range map[float64]string{0: "-", 0.04: "0.0 ms", 999: "999.0 ms", 30000.2: "30.0 s"} {
		if got := partTime(ms); got != want {
			t.Errorf("%v ms are shown as %q, want %q", ms, got, want)
		}
	}
}
