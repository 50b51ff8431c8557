// Package memstore keeps everything in memory. It says in code what the store's
// interfaces say in words: the other engines are compared with it, and tests of
// the packages above run on it. It behaves as a database that only one node can
// use, and it is gone when the program ends.
package memstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

var errClosed = errors.New("the store is closed")

// Store is a store.Store in memory. It is safe for concurrent use. It never
// returns posthorn.ErrBusy, because nothing waits in it.
type Store struct {
	mu     sync.Mutex
	closed bool

	workspaces   map[posthorn.WorkspaceID]posthorn.Workspace
	projects     map[posthorn.ProjectID]posthorn.Project
	environments map[posthorn.EnvironmentID]posthorn.Environment
	versions     map[posthorn.EnvironmentID]store.Version
	webhooks     map[posthorn.WebhookID]posthorn.Webhook
	eventTypes   map[posthorn.EnvironmentID]map[string]posthorn.EventType
	keys         map[posthorn.KeyID]posthorn.Key
	// formats are the versions that are kept, oldest first.
	formats        map[formatName][]posthorn.DeclaredFormat
	retiredFormats map[posthorn.WorkspaceID]int
	signingKeys    map[posthorn.SigningKeyID]posthorn.SigningKey

	events     map[posthorn.EventID]posthorn.Event
	givenIDs   map[givenID]posthorn.EventID
	deliveries map[posthorn.DeliveryID]*delivery
	pending    map[posthorn.WebhookID]map[posthorn.DeliveryID]*delivery
	attempts   map[posthorn.DeliveryID][]posthorn.Attempt
	stats      map[posthorn.WebhookID]posthorn.WebhookStats
	answers    map[store.IdempotencyKey]store.Answer
	replays    map[posthorn.ReplayID]replay
}

var _ store.Store = (*Store)(nil)

type givenID struct {
	environment posthorn.EnvironmentID
	id          string
}

type formatName struct {
	workspace posthorn.WorkspaceID
	name      string
}

// delivery is a delivery and its lease: who holds it (while it is leased), and
// the epoch of the newest lease.
type delivery struct {
	posthorn.Delivery
	node  posthorn.NodeID
	epoch int64
}

// New returns an empty store.
func New() *Store {
	return &Store{
		workspaces:     map[posthorn.WorkspaceID]posthorn.Workspace{},
		projects:       map[posthorn.ProjectID]posthorn.Project{},
		environments:   map[posthorn.EnvironmentID]posthorn.Environment{},
		versions:       map[posthorn.EnvironmentID]store.Version{},
		webhooks:       map[posthorn.WebhookID]posthorn.Webhook{},
		eventTypes:     map[posthorn.EnvironmentID]map[string]posthorn.EventType{},
		keys:           map[posthorn.KeyID]posthorn.Key{},
		signingKeys:    map[posthorn.SigningKeyID]posthorn.SigningKey{},
		formats:        map[formatName][]posthorn.DeclaredFormat{},
		retiredFormats: map[posthorn.WorkspaceID]int{},
		events:         map[posthorn.EventID]posthorn.Event{},
		givenIDs:       map[givenID]posthorn.EventID{},
		deliveries:     map[posthorn.DeliveryID]*delivery{},
		pending:        map[posthorn.WebhookID]map[posthorn.DeliveryID]*delivery{},
		attempts:       map[posthorn.DeliveryID][]posthorn.Attempt{},
		stats:          map[posthorn.WebhookID]posthorn.WebhookStats{},
		answers:        map[store.IdempotencyKey]store.Answer{},
		replays:        map[posthorn.ReplayID]replay{},
	}
}

// enter begins a transaction, which ends when the caller unlocks s.mu.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	return nil
}

// kept is a time as the store keeps it.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
