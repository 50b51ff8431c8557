package pace_test

import (
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/pace"
)

const concurrency = 64

func succeeded() posthorn.Outcome {
	return posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200}
}

func timedOut() posthorn.Outcome { return posthorn.Outcome{Reason: posthorn.ReasonTimeout} }

func refused() posthorn.Outcome { return posthorn.Outcome{Reason: posthorn.ReasonConnectionRefused} }

// Invariant: trouble that many requests meet which left together halves the pace
// once; only what left afterwards halves it again; and it never falls below one nor
// rises above what the webhook allows.
func TestTroubleHalvesOnce(t *testing.T) {
	t.Parallel()
	var p pace.Pace
	now := begin()
	for range 1000 {
		p.Learn(succeeded(), concurrency, now, now)
	}
	if got := p.Allowed(concurrency); got != concurrency {
		t.Fatalf("%d at once after many successes, want %d", got, concurrency)
	}
	for want := concurrency / 2; want >= 2; want /= 2 {
		left := now.Add(time.Second)
		now = left.Add(time.Second)
		for n := range 8 { // fewer than open the breaker
			p.Learn(timedOut(), concurrency, left, now.Add(time.Duration(n)*time.Millisecond))
		}
		p.Learn(succeeded(), concurrency, left, now) // closes no breaker: there is none
		if got := p.Allowed(concurrency); got != want {
			t.Fatalf("%d at once, want %d", got, want)
		}
		now = now.Add(time.Second)
	}
	for range 3 {
		now = now.Add(time.Minute)
		p.Learn(timedOut(), concurrency, now, now)
	}
	if got := p.Allowed(concurrency); got != 1 {
		t.Errorf("%d at once, want 1", got)
	}
}

// Invariant: only successes make the pace faster: failures of whatever kind, our own
// included, don't.
func TestOnlySuccessesMakeItFaster(t *testing.T) {
	t.Parallel()
	var p pace.Pace
	now := begin()
	before := p.Allowed(concurrency)
	for _, outcome := range []posthorn.Outcome{
		refused(), {Reason: "status_500", StatusCode: 500}, {Reason: posthorn.ReasonLocalResource}, {Reason: posthorn.ReasonLocalNetwork},
	} {
		for range 8 { // fewer than open the breaker
			p.Learn(outcome, concurrency, now, now)
		}
		if got := p.Allowed(concurrency); got != before {
			t.Errorf("%s, status %d: %d at once, want %d", outcome.Reason, outcome.StatusCode, got, before)
		}
	}
	p.Learn(succeeded(), concurrency, now, now)
	if got := p.Allowed(concurrency); got != before+1 {
		t.Errorf("after a success: %d at once, want %d", got, before+1)
	}
}

// Invariants: the breaker opens after ten failures over ten seconds, not before;
// what had left before it opened puts off no probe; each failed probe doubles the
// time for which it has been open, to a minute at most between two; the first
// success closes it.
func TestBreakerByItself(t *testing.T) {
	t.Parallel()
	var p pace.Pace
	now := begin()
	for n := range 30 {
		if p.Learn(refused(), concurrency, now, now) {
			t.Fatalf("opened by %d failures in %v", n+1, now.Sub(begin()))
		}
		now = now.Add(300 * time.Millisecond)
	}
	early := now
	now = begin().Add(10 * time.Second)
	if !p.Learn(refused(), concurrency, now, now) || !p.IsOpen() || p.Allowed(concurrency) != 1 {
		t.Fatalf("not open after ten seconds: %+v", p.Breaker())
	}
	opened := p.Breaker()
	if opened.NextProbeAt != now.Add(time.Second) {
		t.Errorf("the first probe is %v after", opened.NextProbeAt.Sub(now))
	}
	for n := range 50 {
		if p.Learn(timedOut(), concurrency, early, now.Add(time.Duration(n)*time.Second)) || p.Breaker() != opened {
			t.Fatal("what had left before puts off the probe")
		}
	}
	for range 20 {
		probe := p.Breaker().NextProbeAt
		if !p.Learn(refused(), concurrency, probe, probe) {
			t.Fatal("a failed probe is not to be kept")
		}
		pause := p.Breaker().NextProbeAt.Sub(probe)
		if want := max(time.Second, min(probe.Sub(opened.OpenedAt), time.Minute)); pause != want {
			t.Errorf("%v to the next probe, want %v", pause, want)
		}
		if p.Breaker().OpenedAt != opened.OpenedAt {
			t.Error("it forgot since when it is open")
		}
	}
	probe := p.Breaker().NextProbeAt
	if !p.Learn(succeeded(), concurrency, probe, probe) || p.IsOpen() || p.Allowed(concurrency) > 3 {
		t.Errorf("after a success: %+v, %d at once", p.Breaker(), p.Allowed(concurrency))
	}
}

// Invariant: what isn't the receiver's fault opens no breaker.
func TestOwnTroubleOpensNoBreaker(t *testing.T) {
	t.Parallel()
	var p pace.Pace
	now := begin()
	for range 1000 {
		now = now.Add(time.Second)
		if p.Learn(posthorn.Outcome{Reason: posthorn.ReasonLocalResource}, concurrency, now, now) || p.IsOpen() {
			t.Fatal("the breaker is open")
		}
	}
}

// Invariant: of two breakers the newer one holds.
func TestNewerBreakerHolds(t *testing.T) {
	t.Parallel()
	var p pace.Pace
	kept := posthorn.Breaker{OpenedAt: begin(), NextProbeAt: begin().Add(time.Minute), ChangedAt: begin(), Failures: 12}
	p.Adopt(kept)
	if p.Breaker() != kept {
		t.Errorf("got %+v", p.Breaker())
	}
	probe := kept.NextProbeAt
	p.Learn(succeeded(), concurrency, probe, probe)
	p.Adopt(kept)
	if p.IsOpen() {
		t.Error("an older breaker was taken over")
	}
}

// Invariant: a receiver that hangs gets fewer requests at once, wherever it hangs: in
// its name servers, in connecting, in the handshake, or in answering.
func TestHangingAnywhereIsSlowed(t *testing.T) {
	t.Parallel()
	for _, reason := range []posthorn.Reason{posthorn.ReasonDNSError, posthorn.ReasonConnectTimeout, posthorn.ReasonTLSTimeout, posthorn.ReasonTimeout} {
		var p pace.Pace
		now := begin()
		for range 1000 {
			p.Learn(succeeded(), concurrency, now, now)
		}
		now = now.Add(time.Second)
		p.Learn(posthorn.Outcome{Reason: reason}, concurrency, now, now)
		if got := p.Allowed(concurrency); got != concurrency/2 {
			t.Errorf("%s: %d at once, want %d", reason, got, concurrency/2)
		}
	}
}
