package sqlite

import (
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: following a clock reads only what comes behind the place that was reached,
// also among deliveries that are due at the same moment, and sorts nothing: what a step
// costs doesn't depend on how much is behind it or ahead.
func TestRewindReadsOnlyWhatComesNext(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	webhook, id := posthorn.WebhookID{2}, posthorn.DeliveryID{3}
	said := planOf(t, s, nextPending, []any{webhook[:], 1, id[:], 10})
	if !strings.Contains(said, "deliveries_due ((webhook_id,due_at,id)>(?,?,?))") || strings.Contains(said, "TEMP B-TREE") {
		t.Errorf("the next pending deliveries are read by %s", said)
	}
}
