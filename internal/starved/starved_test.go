package starved_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/starved"
)

// slow is a receiver that takes its time, and the server's lack of time meanwhile.
type slow struct {
	outcome    posthorn.Outcome
	took, late time.Duration
	sum        time.Duration
}

func (s *slow) Send(context.Context, posthorn.Request) posthorn.Outcome {
	<-time.After(s.took)
	s.sum += s.late
	return s.outcome
}

// Invariant: a timeout is the server's own when it could not run for half of the
// attempt; a little less is the receiver's. Whatever came back in time is as it was.
func TestOwnDelayIsNotTheReceivers(t *testing.T) {
	t.Parallel()
	const took = 10 * time.Second
	for name, c := range map[string]struct {
		outcome posthorn.Outcome
		late    time.Duration
		want    posthorn.Reason
	}{
		"ran":                    {posthorn.Outcome{Reason: posthorn.ReasonTimeout}, 0, posthorn.ReasonTimeout},
		"starved a little":       {posthorn.Outcome{Reason: posthorn.ReasonTimeout}, took/2 - 1, posthorn.ReasonTimeout},
		"starved":                {posthorn.Outcome{Reason: posthorn.ReasonTimeout}, took / 2, posthorn.ReasonLocalResource},
		"starved in connecting":  {posthorn.Outcome{Reason: posthorn.ReasonConnectTimeout}, took, posthorn.ReasonLocalResource},
		"starved in handshaking": {posthorn.Outcome{Reason: posthorn.ReasonTLSTimeout}, took, posthorn.ReasonLocalResource},
		"answered all the same":  {posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200}, took, posthorn.ReasonSuccess},
		"refused":                {posthorn.Outcome{Reason: posthorn.ReasonConnectionRefused}, took, posthorn.ReasonConnectionRefused},
		"asked to wait":          {posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 429}, took, posthorn.ReasonSuccess},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				receiver := &slow{outcome: c.outcome, took: took, late: c.late}
				sender := starved.Sender{Sender: receiver, Late: func() time.Duration { return receiver.sum }, Now: time.Now}
				for range 2 { // what was before the attempt doesn't count
					got := sender.Send(t.Context(), posthorn.Request{})
					if got.Reason != c.want || got.StatusCode != c.outcome.StatusCode {
						t.Errorf("got %+v, want %s", got, c.want)
					}
					if isOurs := c.want == posthorn.ReasonLocalResource; isOurs == got.ChargedToReceiver() || isOurs != (got.Detail != "") {
						t.Errorf("charged %v: %q", got.ChargedToReceiver(), got.Detail)
					}
				}
			})
		})
	}
}

// Invariant: a process that runs whenever it wants to is never late; one that doesn't
// is, by as much as it could not run, also before the meter itself runs again; and
// when the meter has ended nothing is measured.
func TestMeter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var held time.Duration // what passed while nothing could run
		m := starved.NewMeter(func() time.Time { return time.Now().Add(held) })
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			m.Run(ctx)
		}()
		pass := func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		}
		pass(time.Minute)
		if late := m.Late(); late != 0 {
			t.Errorf("late by %v though it ran all the time", late)
		}
		held += 3 * time.Second
		if late := m.Late(); late < 2900*time.Millisecond || late > 3*time.Second {
			t.Errorf("late by %v before it runs again, want 3s", late)
		}
		pass(time.Minute)
		if late := m.Late(); late < 2900*time.Millisecond || late > 3*time.Second {
			t.Errorf("late by %v, want 3s", late)
		}
		stop()
		<-ended
		before := m.Late()
		pass(time.Minute)
		if late := m.Late(); late != before {
			t.Errorf("late by %v after it ended, want %v", late, before)
		}
	})
}

// Invariant: what fails at once, while the server runs, is not its own delay.
func TestFailureAtOnceIsNoDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		receiver := &slow{outcome: posthorn.Outcome{Reason: posthorn.ReasonDNSError}}
		sender := starved.Sender{Sender: receiver, Late: func() time.Duration { return receiver.sum }, Now: time.Now}
		if got := sender.Send(t.Context(), posthorn.Request{}); got.Reason != posthorn.ReasonDNSError {
			t.Errorf("got %+v", got)
		}
	})
}
