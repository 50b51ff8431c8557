package intake_test

import (
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: a paused webhook's deliveries are made and wait in the database:
// they take up no room in memory, however much there is.
func TestPausedTakesNoRoom(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10)
	f.webhook("*", posthorn.WebhookPaused)
	result := f.publish(item("")).Results[0]
	if pending := f.deliveries(posthorn.DeliveryPending); len(pending) != 1 || result.Event.Deliveries != 1 {
		t.Errorf("%d pending, result %+v", len(pending), result)
	}
	if d := f.dispatcher; d.reserved != 0 || len(d.dispatched) != 0 || d.woken != 1 {
		t.Errorf("reserved %d, dispatched %d, woken %d", d.reserved, len(d.dispatched), d.woken)
	}
}
