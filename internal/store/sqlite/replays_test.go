package sqlite

import (
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: what replays ask for is found through indexes, so that neither a step nor
// looking whose turn it is costs more where more is stored.
func TestReplaysUseIndexes(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	webhook, id := posthorn.WebhookID{2}, posthorn.DeliveryID{3}
	r := posthorn.Replay{WebhookID: webhook, Statuses: posthorn.ReplayableStatuses(), CreatedAt: time.Unix(9, 0)}
	count, args, err := countReplay(r, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query string
		args  []any
		plan  []string
	}{
		{nextDeliveries, []any{webhook[:], id[:], id[:], 10}, []string{"deliveries_by_webhook (webhook_id=? AND id>? AND id<?)"}},
		{nextReplay, []any{0, 10, webhook[:], 0}, []string{"replays_running (webhook_id>?)", "deliveries_due (webhook_id=? AND due_at<?)", "deliveries_not_succeeded (status=? AND environment_id=?)"}},
		{runningReplays, []any{webhook[:]}, []string{"replays_running_by_workspace (workspace_id=?)"}},
		{count, args, []string{"COVERING INDEX deliveries_over (webhook_id=? AND status=? AND id>? AND id<?)", "deliveries_by_webhook (webhook_id=? AND id>? AND id<?)"}},
	} {
		said := planOf(t, s, c.query, c.args)
		for _, part := range c.plan {
			if !strings.Contains(said, part) || strings.Contains(said, "TEMP B-TREE") {
				t.Errorf("%s\n\tis read by %s, want %s", c.query, said, part)
			}
		}
	}
}
