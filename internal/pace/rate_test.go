package pace_test

import (
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/pace"
)

func begin() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// sendAsSoonAsAllowed returns when count requests go out that all wait from the
// beginning, each waking late by that much.
func sendAsSoonAsAllowed(rate *pace.Rate, count int, late time.Duration) []time.Duration {
	var sent []time.Duration
	now := begin()
	for range count {
		if from := rate.From(); from.After(now) {
			now = from.Add(late)
		}
		rate.Take(now)
		sent = append(sent, now.Sub(begin()))
	}
	return sent
}

// Invariant: a slow rate is spaced evenly, with no burst at all; a fast one makes
// good what its timers are late, and never more than two hundredths of a second of
// it go out at once.
func TestRateIsEven(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []int{1, 3, 10, 50} {
		var rate pace.Rate
		rate.Set(time.Second / time.Duration(perSecond))
		sent := sendAsSoonAsAllowed(&rate, 20, 0)
		for i := range sent[1:] {
			if gap := sent[i+1] - sent[i]; gap < time.Second/time.Duration(perSecond) {
				t.Errorf("%d a second: a gap of %v", perSecond, gap)
			}
		}
	}
	for _, perSecond := range []int{100, 1000, 10_000} {
		var rate pace.Rate
		rate.Set(time.Second / time.Duration(perSecond))
		sent := sendAsSoonAsAllowed(&rate, 2*perSecond, time.Millisecond)
		if last := sent[len(sent)-1]; last < 1970*time.Millisecond || last > 2010*time.Millisecond {
			t.Errorf("%d a second: %d took %v", perSecond, len(sent), last)
		}
		atOnce := 0
		for _, at := range sent {
			if at == 0 {
				atOnce++
			}
		}
		if most := perSecond / 50; atOnce > most {
			t.Errorf("%d a second: %d at once, want at most %d", perSecond, atOnce, most)
		}
	}
}

// Invariant: time in which nothing was sent is not saved up.
func TestRateSavesNothingUp(t *testing.T) {
	t.Parallel()
	var rate pace.Rate
	rate.Set(time.Second / 10)
	rate.Take(begin())
	later := begin().Add(time.Hour)
	if rate.From().After(later) {
		t.Fatal("after an hour nothing may go out")
	}
	rate.Take(later)
	if from := rate.From(); from.Sub(later) != 100*time.Millisecond {
		t.Errorf("the next one goes out after %v", from.Sub(later))
	}
}

// Invariant: another rate holds at once; the same one said again changes nothing;
// none is no limit.
func TestRateChanges(t *testing.T) {
	t.Parallel()
	var rate pace.Rate
	rate.Take(begin())
	if _, isLimited := rate.Within(time.Second); isLimited || !rate.From().IsZero() {
		t.Error("there is a limit although none was set")
	}
	rate.Set(time.Second)
	rate.Take(begin())
	rate.Set(time.Second)
	if rate.From() != begin().Add(time.Second) {
		t.Errorf("the next one goes out at %v", rate.From())
	}
	rate.Set(time.Second / 100)
	if rate.From().After(begin()) {
		t.Error("the new rate waits for the old one")
	}
	if n, isLimited := rate.Within(10 * time.Second); n != 1000 || !isLimited {
		t.Errorf("%d in ten seconds", n)
	}
	rate.Set(0)
	rate.Take(begin())
	if !rate.From().IsZero() {
		t.Error("a limit stayed")
	}
}
