package deliver_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/store"
)

// elsewhere does something in the environment of another workspace.
func (w *world) elsewhere(do func()) {
	w.t.Helper()
	here := w.environment
	defer func() { w.environment = here }()
	now := time.Now()
	workspace := posthorn.Workspace{ID: posthorn.NewID[posthorn.WorkspaceID](now, w.random), Name: "Other"}
	project := posthorn.Project{ID: posthorn.NewID[posthorn.ProjectID](now, w.random), WorkspaceID: workspace.ID, Name: "P"}
	w.environment.ID = posthorn.NewID[posthorn.EnvironmentID](now, w.random)
	w.environment.WorkspaceID, w.environment.ProjectID = workspace.ID, project.ID
	w.must(w.store.CreateWorkspace(w.t.Context(), workspace, project, w.environment))
	do()
}

// crowd makes busy webhooks, each with requests that take a second, and publishes
// for all of them.
func (w *world) crowd(webhooks, events int) {
	w.t.Helper()
	for i := range webhooks {
		address := fmt.Sprintf("https://busy%d.example", i)
		w.webhook(address)
		w.answer(address, after(time.Second, status(200)))
	}
	w.publish(events)
}

const lone = "https://lone.example"

// Invariant: when all places are taken by a workspace with many busy webhooks,
// the single webhook of another is served as soon as a place is free, with what is
// fresh and with what waits in the database.
func TestWorkspacesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(seldomSweeping, func(o *deliver.Options) { o.MaxSending = 4 })
		synctest.Wait()
		w.crowd(300, 3)
		pass(1500 * time.Millisecond)
		w.elsewhere(func() {
			webhook := w.webhook(lone)
			for n := range 5 {
				w.publish(1)
				pass(time.Second)
				if sent := len(w.sentTo(lone)); sent != n+1 {
					t.Errorf("%d of %d fresh deliveries were sent within a turn", sent, n+1)
				}
			}
			w.publishUnannounced(1)
			w.engine.Wake(w.environment.ID, webhook.ID)
			pass(time.Second)
			if sent := len(w.sentTo(lone)); sent != 6 {
				t.Error("what waited in the database was not sent within a turn")
			}
		})
	})
}

// Invariant: a workspace that fills all the memory it may have leaves room for the
// first delivery of another, and for its claims.
func TestWorkspacesShareMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(seldomSweeping, func(o *deliver.Options) { o.MaxSending, o.MaxHeldJobs = 4, 50 })
		synctest.Wait()
		w.crowd(300, 2)
		pass(1500 * time.Millisecond)
		if held := len(w.deliveries(posthorn.DeliveryLeased)); held < 50 || held > 100 {
			t.Fatalf("%d deliveries in memory: it is not full", held)
		}
		w.elsewhere(func() {
			webhook := w.webhook(lone)
			w.answer(lone, after(100*time.Millisecond, status(200)))
			w.publish(1)
			synctest.Wait()
			if stats := w.stats(webhook.ID); stats.Pending != 1 || len(w.sentTo(lone))+w.leasedOf(webhook) == 0 {
				t.Error("there was no room for the other workspace's delivery")
			}
			w.publishUnannounced(10)
			w.engine.Wake(w.environment.ID, webhook.ID)
			pass(12 * time.Second)
			if stats := w.stats(webhook.ID); stats.Succeeded != 11 {
				t.Errorf("%d of 11 delivered beside 300 busy webhooks", stats.Succeeded)
			}
		})
	})
}

func (w *world) leasedOf(webhook posthorn.Webhook) int {
	count := 0
	for _, d := range w.deliveries(posthorn.DeliveryLeased) {
		if d.WebhookID == webhook.ID {
			count++
		}
	}
	return count
}

// Invariant: claims take turns by workspace: one whose backlog is older than
// anything, and whose webhooks ask for more all the time, keeps nobody waiting.
func TestClaimsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		q := w.spy()
		q.afterClaim = func(store.Claim) { pass(50 * time.Millisecond) }
		w.start(seldomSweeping)
		synctest.Wait()
		var busy []posthorn.Webhook
		for i := range 400 {
			busy = append(busy, w.webhook(fmt.Sprintf("https://busy%d.example", i), setConcurrency(1)))
		}
		w.publishUnannounced(60)
		pass(time.Minute)
		for _, webhook := range busy { // each takes a few claims; 160 in a second are made
			w.answer(webhook.URL, after(10*time.Millisecond, status(200)))
			w.engine.Wake(w.environment.ID, webhook.ID)
		}
		pass(time.Second)
		w.elsewhere(func() {
			webhook := w.webhook(lone)
			w.publishUnannounced(1)
			w.engine.Wake(w.environment.ID, webhook.ID)
			pass(time.Second)
			if len(w.sentTo(lone)) != 1 {
				t.Error("the claim of another workspace waited for all of the first one's")
			}
		})
	})
}
