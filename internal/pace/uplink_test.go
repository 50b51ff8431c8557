package pace_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/pace"
)

// network is an uplink with webhooks that are tried one after the other.
type network struct {
	pace.Uplink
	now time.Time
}

func newNetwork() *network { return &network{now: begin()} }

// try tells of an attempt at the nth webhook of a workspace, at a host of its own
// or at the one that is given.
func (n *network) try(workspace byte, nth int, reason posthorn.Reason, host ...string) bool {
	url := fmt.Sprintf("https://%d.%d.example/hook", workspace, nth)
	if len(host) > 0 {
		url = "https://" + host[0] + "/" + fmt.Sprint(nth)
	}
	n.now = n.now.Add(time.Millisecond)
	id := posthorn.WebhookID{workspace, byte(nth), byte(nth >> 8)}
	tried := pace.Tried{Webhook: id, Workspace: posthorn.WorkspaceID{workspace}, URL: url, Reason: reason, StartedAt: n.now}
	return n.Learn(tried, n.now)
}

func (n *network) tryAll(workspace byte, count int, reason posthorn.Reason, host ...string) {
	for nth := range count {
		n.try(workspace, nth, reason, host...)
	}
}

func (n *network) isDown() bool {
	isDown, _ := n.IsDown()
	return isDown
}

const (
	fine    = posthorn.ReasonSuccess
	timeout = posthorn.ReasonConnectTimeout
)

// Invariant: our own network has failed when most webhooks that could be reached
// before can't be, and when nothing speaks against it.
func TestWhatIsOurUplink(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens func(n *network)
		want    bool
	}{
		"most fail to connect": {func(n *network) { n.tryAll(1, 30, fine); n.tryAll(1, 20, timeout) }, true},
		"whatever the reason": {func(n *network) {
			n.tryAll(1, 30, fine)
			for nth := range 20 {
				n.try(1, nth, []posthorn.Reason{posthorn.ReasonDNSError, posthorn.ReasonDNSNotFound, posthorn.ReasonUnreachable, posthorn.ReasonConnectionRefused}[nth%4])
			}
		}, true},
		"half of them fail":         {func(n *network) { n.tryAll(1, 40, fine); n.tryAll(1, 20, timeout) }, false},
		"too few":                   {func(n *network) { n.tryAll(1, 19, fine); n.tryAll(1, 19, timeout) }, false},
		"never reached before":      {func(n *network) { n.tryAll(1, 100, timeout) }, false},
		"reached two hours ago":     {func(n *network) { n.tryAll(1, 50, fine); n.now = n.now.Add(2 * time.Hour); n.tryAll(1, 50, timeout) }, false},
		"connected, then no answer": {func(n *network) { n.tryAll(1, 50, fine); n.tryAll(1, 50, posthorn.ReasonTimeout) }, false},
		"our other troubles":        {func(n *network) { n.tryAll(1, 50, fine); n.tryAll(1, 50, posthorn.ReasonEgressProxy) }, false},
		"one host of many webhooks": {func(n *network) {
			n.tryAll(1, 50, fine, "hooks.example")
			n.tryAll(2, 5, fine)
			n.tryAll(1, 50, timeout, "hooks.example")
			n.tryAll(3, 50, fine, "hooks.example")
			n.tryAll(3, 50, timeout, "hooks.example")
		}, false},
		"one workspace of several": {func(n *network) {
			n.tryAll(2, 2, fine)
			n.tryAll(3, 2, fine)
			n.tryAll(1, 100, fine)
			n.tryAll(1, 100, timeout)
		}, false},
		"one workspace while the others are idle": {func(n *network) {
			n.tryAll(2, 2, fine)
			n.tryAll(1, 100, fine)
			n.now = n.now.Add(10 * time.Minute)
			n.tryAll(1, 100, timeout)
		}, false},
		"most workspaces": {func(n *network) {
			for w := byte(1); w <= 5; w++ {
				n.tryAll(w, 10, fine)
			}
			for w := byte(1); w <= 3; w++ {
				n.tryAll(w, 10, timeout)
			}
		}, true},
		"fails one after the other, for hours": {func(n *network) {
			for nth := range 60 {
				n.try(1, nth, fine)
				n.try(1, nth, timeout)
				n.now = n.now.Add(5 * time.Second)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork()
			test.happens(n)
			if n.isDown() != test.want {
				t.Errorf("down: %v", n.isDown())
			}
			if n.Excuses(timeout) != test.want || n.Excuses(posthorn.ReasonTimeout) {
				t.Error("the wrong failures are excused")
			}
		})
	}
}

// fallen is a network that has just failed.
func fallen(t *testing.T) *network {
	t.Helper()
	n := newNetwork()
	n.tryAll(1, 50, fine)
	n.tryAll(1, 50, timeout)
	if !n.isDown() {
		t.Fatal("it works")
	}
	return n
}

// Invariant: while the network is down few requests go out at a time, and after a
// failure none for a moment; for as long as it lasts, even a day.
func TestProbesOfTheUplink(t *testing.T) {
	t.Parallel()
	n := fallen(t)
	for nth := range 24 * 60 {
		if places, at := n.Places(1000, n.now); places != 0 || !at.After(n.now) {
			t.Fatalf("%d places right after a failure, more at %v", places, at)
		} else {
			n.now = at
		}
		if places, _ := n.Places(1000, n.now); places == 0 || places > 8 {
			t.Fatalf("%d places for probes", places)
		}
		n.now = n.now.Add(time.Minute)
		if n.try(1, nth%50, timeout) {
			t.Fatalf("it came back after %d probes that failed", nth)
		}
	}
}

// Invariant: one success, or some among more failures, are not enough to take the
// network for back; when most connect it is, and more and more goes out until
// nothing is held back.
func TestUplinkComesBackSlowly(t *testing.T) {
	t.Parallel()
	n := fallen(t)
	n.now = n.now.Add(2 * time.Minute)
	for nth := range 7 {
		if n.try(1, nth, timeout) || nth < 2 && n.try(1, 10+nth, fine) {
			t.Fatal("it came back although most fail")
		}
	}
	changes := 0
	for nth := range 10 {
		if n.try(1, 20+nth, fine) {
			changes++
		}
	}
	if changes != 1 || n.isDown() {
		t.Fatalf("%d changes; down: %v", changes, n.isDown())
	}
	last, at := n.Places(1000, n.now)
	if last == 0 || last > 16 {
		t.Errorf("%d places at first", last)
	}
	for range 60 {
		if at.IsZero() {
			break
		}
		places, next := n.Places(1000, at)
		if places <= last || places > 2*last && places != 1000 {
			t.Errorf("%d places after %d", places, last)
		}
		last, at = places, next
	}
	if last != 1000 {
		t.Errorf("%d places in the end", last)
	}
	if n.tryAll(1, 9, timeout); n.isDown() {
		t.Error("a few failures bring it down again: those of before still count")
	}
}

// Invariant: when nobody fails any more, because nobody who has a vote is tried, it
// does not last for ever.
func TestUplinkForgetsWithoutVotes(t *testing.T) {
	t.Parallel()
	n := fallen(t)
	n.now = n.now.Add(30 * time.Second)
	if n.try(9, 1, timeout) {
		t.Error("it came back by the failure of a webhook without a vote")
	}
	n.now = n.now.Add(time.Minute)
	if !n.try(9, 1, timeout) || n.isDown() {
		t.Error("it is still down")
	}
}

// Invariant: however many webhooks there are, the votes stay bounded, and those that
// are left still tell.
func TestVotesAreBounded(t *testing.T) {
	t.Parallel()
	n := newNetwork()
	n.tryAll(1, 20_000, fine)
	n.tryAll(1, 15_000, timeout)
	if n.isDown() {
		t.Error("webhooks whose votes made room for others have voted")
	}
	for nth := 16_000; nth < 20_000 && !n.isDown(); nth++ {
		n.try(1, nth, timeout)
	}
	if !n.isDown() {
		t.Error("the votes that are left tell nothing")
	}
}
