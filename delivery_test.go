package posthorn_test

import (
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: a delivery leaves a terminal status only because a person asks for
// another try, and expires only while it waits.
func TestMoves(t *testing.T) {
	t.Parallel()
	const (
		pending   = posthorn.DeliveryPending
		leased    = posthorn.DeliveryLeased
		succeeded = posthorn.DeliverySucceeded
		exhausted = posthorn.DeliveryExhausted
		cancelled = posthorn.DeliveryCancelled
		expired   = posthorn.DeliveryExpired
		poison    = posthorn.DeliveryQuarantined
	)
	allowed := map[[2]posthorn.DeliveryStatus]bool{
		{pending, pending}: true, {pending, leased}: true, {pending, cancelled}: true, {pending, expired}: true,
		{leased, pending}: true, {leased, succeeded}: true, {leased, exhausted}: true, {leased, cancelled}: true, {leased, poison}: true,
		{succeeded, pending}: true, {exhausted, pending}: true, {cancelled, pending}: true, {expired, pending}: true, {poison, pending}: true, {poison, cancelled}: true,
	}
	for _, from := range posthorn.DeliveryStatuses() {
		for _, to := range posthorn.DeliveryStatuses() {
			if got := from.MayMoveTo(to); got != allowed[[2]posthorn.DeliveryStatus{from, to}] {
				t.Errorf("%s to %s: %v", from, to, got)
			}
		}
		if want := from != pending && from != leased; from.IsTerminal() != want {
			t.Errorf("%s terminal: %v", from, from.IsTerminal())
		}
	}
	if posthorn.DeliveryStatus("nonsense").MayMoveTo(pending) {
		t.Error("nonsense may move")
	}
}

// Invariant: only our own troubles are not charged.
func TestWhoIsCharged(t *testing.T) {
	t.Parallel()
	for reason, want := range map[posthorn.Reason]bool{
		posthorn.ReasonLocalResource: false, posthorn.ReasonEgressProxy: false, posthorn.ReasonInterrupted: false, posthorn.ReasonOutcomeUnknown: false, posthorn.ReasonInternal: false,
		posthorn.ReasonTimeout: true, posthorn.ReasonGone: true, "status_500": true, posthorn.ReasonRenderFailed: true,
	} {
		if got := (posthorn.Outcome{Reason: reason}).ChargedToReceiver(); got != want {
			t.Errorf("%s: %v", reason, got)
		}
	}
}

// Invariant: every status has one word.
func TestStatusReason(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]posthorn.Reason{
		301: posthorn.ReasonRedirect, 399: posthorn.ReasonRedirect, 410: posthorn.ReasonGone, 429: posthorn.ReasonRateLimited,
		204: "status_204", 400: "status_400", 503: "status_503",
	} {
		if got := posthorn.StatusReason(code); got != want {
			t.Errorf("%d: %s", code, got)
		}
	}
}

// Invariant: success is what the format says, 2xx when it says nothing.
func TestAccepts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		success []string
		code    int
		want    bool
	}{
		{nil, 200, true},
		{nil, 299, true},
		{nil, 199, false},
		{nil, 300, false},
		{[]string{"200"}, 200, true},
		{[]string{"200"}, 204, false},
		{[]string{"200", "4xx"}, 404, true},
	} {
		if got := (posthorn.Format{Success: test.success}).Accepts(test.code); got != test.want {
			t.Errorf("%v %d: %v", test.success, test.code, got)
		}
	}
}

// Invariant: a span includes its beginning and not its end.
func TestSpan(t *testing.T) {
	t.Parallel()
	at := time.Unix(100, 0)
	for _, test := range []struct {
		span posthorn.Span
		want bool
	}{
		{posthorn.Span{}, true},
		{posthorn.Span{From: at}, true},
		{posthorn.Span{Until: at}, false},
		{posthorn.Span{From: at.Add(1)}, false},
		{posthorn.Span{Until: at.Add(1)}, true},
	} {
		if got := test.span.Contains(at); got != test.want {
			t.Errorf("%+v: %v", test.span, got)
		}
	}
}

// Invariant: an event is known by its publisher's id, else by ours.
func TestPublicIDAndGivenIDs(t *testing.T) {
	t.Parallel()
	e := posthorn.Event{ID: posthorn.EventID{1}}
	if e.PublicID() != e.ID.String() || string(e.AppendPublicID([]byte("a "))) != "a "+e.ID.String() {
		t.Errorf("got %s", e.PublicID())
	}
	e.GivenID = "order-1"
	if e.PublicID() != "order-1" || string(e.AppendPublicID([]byte("a "))) != "a order-1" {
		t.Errorf("got %s", e.PublicID())
	}
	for id, want := range map[string]bool{"order-1": true, "A_b-9": true, "": false, "a.b": false, "a b": false, "ä": false, "evt_1": false} {
		if err := posthorn.ValidateGivenID(id); (err == nil) != want {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// Invariant: the first who says something about retries decides.
func TestEffectiveRetries(t *testing.T) {
	t.Parallel()
	zero, one, two := 0, 1, 2
	for _, test := range []struct {
		webhook, eventType, format *int
		want                       int
	}{
		{&zero, &one, &two, 0}, {nil, &one, &two, 1}, {nil, nil, &two, 2}, {nil, nil, nil, 7},
	} {
		if got := posthorn.EffectiveRetries(test.webhook, test.eventType, test.format, 7); got != test.want {
			t.Errorf("got %d, want %d", got, test.want)
		}
	}
}
