package sqlite_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/sqlite"
)

// Invariant: an event for very many webhooks is kept with all its deliveries in
// one transaction; how long that takes is printed, because others wait for it.
func TestVeryWideFanOut(t *testing.T) {
	t.Parallel()
	const webhooks = 10_000
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "p.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	random := rand.New(rand.NewPCG(1, 2)).Uint64
	now := time.Now()
	e := posthorn.Environment{ID: posthorn.EnvironmentID{1}, WorkspaceID: posthorn.WorkspaceID{1}}
	if err := s.CreateWorkspace(t.Context(), posthorn.Workspace{ID: posthorn.WorkspaceID{1}}, posthorn.Project{ID: posthorn.ProjectID{1}}, e); err != nil {
		t.Fatal(err)
	}
	event := posthorn.Event{ID: posthorn.NewID[posthorn.EventID](now, random), EnvironmentID: e.ID, Type: "a", Data: []byte("{}"), Timestamp: now, AcceptedAt: now, Deliveries: webhooks}
	deliveries := make([]posthorn.Delivery, webhooks)
	for i := range deliveries {
		deliveries[i] = posthorn.Delivery{
			ID: posthorn.NewID[posthorn.DeliveryID](now, random), EventID: event.ID, WebhookID: posthorn.NewID[posthorn.WebhookID](now, random),
			EnvironmentID: e.ID, EventPublicID: event.PublicID(), EventType: event.Type,
			Status: posthorn.DeliveryPending, DueAt: now, CreatedAt: now, UpdatedAt: now,
		}
	}
	began := time.Now()
	_, err = s.Accept(t.Context(), store.Submission{EnvironmentID: e.ID, Version: 1, Entries: []store.Entry{{Event: event, Deliveries: deliveries}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("an event with %d deliveries was kept in %v", webhooks, time.Since(began))
	books, err := s.Conservation(t.Context())
	if err != nil || books.Pending != webhooks || !books.Holds() {
		t.Errorf("the books say %+v (%v)", books, err)
	}
}
