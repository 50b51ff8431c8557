// Package manage holds what a person asks for that isn't publishing:
// workspaces, webhooks and their secrets, event types, keys, another try for a
// delivery. It decides who reaches what: every method takes the Principal that
// asks, and answers for a thing beyond its reach exactly as for one that does
// not exist, with posthorn.ErrNotFound.
//
// Mistakes of the asker come back as *posthorn.Error; any other error means
// that the database failed.
package manage

import (
	"context"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/store"
)

// Store is what managing asks of a database.
type Store interface {
	store.Directory
	store.Ledger
	store.Replays
	// Snapshot is that of store.Intake.
	Snapshot(ctx context.Context, id posthorn.EnvironmentID) (store.Snapshot, error)
	// Retry, Cancel and CancelPending are those of store.Queue.
	Retry(ctx context.Context, id posthorn.DeliveryID, now time.Time) (posthorn.Delivery, error)
	Cancel(ctx context.Context, id posthorn.DeliveryID, now time.Time) (posthorn.Delivery, error)
	CancelPending(ctx context.Context, webhook posthorn.WebhookID, limit int, now time.Time) (int, error)
}

// Sender makes one HTTP request, for tests of webhooks.
type Sender interface {
	Send(ctx context.Context, request posthorn.Request) posthorn.Outcome
}

// Notifier is told what has changed, after it is durable. Its methods must not
// block.
type Notifier interface {
	// DirectoryChanged: the environment, its webhooks or its event types changed.
	DirectoryChanged(environment posthorn.EnvironmentID)
	// FormatsChanged: a format of the workspace was saved or deleted.
	FormatsChanged(workspace posthorn.WorkspaceID)
	// WebhookChanged: a webhook was changed, resumed or deleted; told after
	// DirectoryChanged.
	WebhookChanged(webhook posthorn.Webhook)
	// DeliveryDue: a delivery of the webhook is to be tried again.
	DeliveryDue(environment posthorn.EnvironmentID, webhook posthorn.WebhookID)
	// DeliveryCancelled: a delivery must not be sent any more.
	DeliveryCancelled(webhook posthorn.WebhookID, delivery posthorn.DeliveryID)
	// ReplayMade: there is a new replay to go on with.
	ReplayMade()
}

// Options is what a Manager is made of. All fields are needed unless said
// otherwise.
type Options struct {
	Store    Store
	Formats  Dialects
	Sender   Sender
	Notifier Notifier
	// CheckURL reports, with an error about the URL, that the egress policy of an
	// environment of this kind can't allow the address.
	CheckURL func(rawURL string, kind posthorn.EnvironmentKind) *posthorn.Error
	// Egress tells where requests may go, and how the egress proxy is.
	Egress func() posthorn.Egress
	// Message writes a request as it goes over the wire.
	Message func(posthorn.Request) ([]byte, error)
	Now     func() time.Time
	Random  posthorn.Randomness
	// DefaultFormat is the default format of new environments; posthorn.DefaultFormat when empty.
	DefaultFormat string
	// DefaultKind is the kind of a new workspace's environment; production when
	// empty.
	DefaultKind posthorn.EnvironmentKind
	// Origin is the name by which receivers are asked for their consent; empty if
	// nobody can be asked.
	Origin string
	// KeyOverlap is how long a signing key that was rotated out stays valid unless
	// something else is asked for; DefaultOverlap when zero.
	KeyOverlap time.Duration
	// Limits bounds what each workspace and environment may have; none when zero.
	Limits posthorn.Limits
}

// Manager does what people ask for. It is safe for concurrent use.
type Manager struct {
	store         Store
	formats       Dialects
	message       func(posthorn.Request) ([]byte, error)
	sender        Sender
	notifier      Notifier
	checkURL      func(string, posthorn.EnvironmentKind) *posthorn.Error
	egress        func() posthorn.Egress
	now           func() time.Time
	random        posthorn.Randomness
	defaultFormat string
	defaultKind   posthorn.EnvironmentKind
	origin        string
	keyOverlap    time.Duration
	limits        posthorn.Limits
	tests         *places
	filters       *filter.Compiler
	trials        *turns
	counts        *turns
	detections    *places
	checks        *turns
	listings      *turns
	reach         *reachCache
}

// maxTests bounds the tests of webhooks that are under way at once, maxOwnTests those
// of one workspace: a receiver that answers none keeps no other's tests waiting.
// maxTrials bounds the filters that are being tried on events, maxListings the lists of
// formats, each of which is compiled to tell what it lets others do.
const (
	maxTests    = 16
	maxOwnTests = 4
	maxTrials   = 4
	maxListings = 2
)

// New makes a Manager.
func New(o Options) *Manager {
	m := &Manager{
		store: o.Store, formats: o.Formats, sender: o.Sender, notifier: o.Notifier, checkURL: o.CheckURL, egress: o.Egress, message: o.Message,
		now: o.Now, random: o.Random, defaultFormat: o.DefaultFormat, defaultKind: o.DefaultKind, origin: o.Origin, keyOverlap: o.KeyOverlap, limits: o.Limits,
		tests:      newPlaces(maxTests, maxOwnTests, fmt.Sprintf("%d tests of this workspace are under way already.", maxOwnTests)),
		filters:    filter.NewCompiler(),
		trials:     newTurns(maxTrials),
		counts:     newTurns(maxCounts),
		detections: newPlaces(maxDetections, 1, "A captured request of this workspace is being looked into already."),
		checks:     newTurns(maxChecking),
		listings:   newTurns(maxListings),
		reach:      newReachCache(),
	}
	if m.defaultFormat == "" {
		m.defaultFormat = posthorn.DefaultFormat
	}
	if m.defaultKind == "" {
		m.defaultKind = posthorn.Production
	}
	if m.keyOverlap == 0 {
		m.keyOverlap = DefaultOverlap
	}
	return m
}

// Setting is a field of a request: left out, null (back to the default), or
// given.
type Setting[T any] struct {
	Given bool
	Null  bool
	Value T
}

// Set makes a given Setting.
func Set[T any](value T) Setting[T] { return Setting[T]{Given: true, Value: value} }

// take returns what the setting makes of a value and of its default.
func (s Setting[T]) take(current, byDefault T) T {
	switch {
	case !s.Given:
		return current
	case s.Null:
		return byDefault
	default:
		return s.Value
	}
}

// takeOrNil is take for what has no default: null makes it nil.
func takeOrNil[T any](s Setting[T], current *T) *T {
	switch {
	case !s.Given:
		return current
	case s.Null:
		return nil
	default:
		return &s.Value
	}
}

// present reports whether a value other than null was given.
func (s Setting[T]) present() bool { return s.Given && !s.Null }
