package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/posthorn/posthorn"
)

// Intake is what accepting events needs.
type Intake interface {
	// Accept keeps the submission's events and all their deliveries together, and
	// the answer under its idempotency key if it has one.
	//
	// An entry whose event has a GivenID that the environment already has (from
	// before or from an earlier entry) is not kept; its result holds the event
	// that is there, with its Data, and Kept is false.
	//
	// If the idempotency key is already answered, no earlier than
	// Idempotency.ValidFrom, nothing is kept and the receipt's Replayed holds that
	// answer, whatever the version; an older answer is replaced.
	//
	// Accept returns ErrStale, having kept nothing, if the environment's directory
	// is no longer at the submission's version or there is no such environment, and
	// posthorn.ErrBusy, at once, if too many submissions are waiting.
	Accept(ctx context.Context, s Submission) (Receipt, error)

	// Snapshot returns an environment, its webhooks that are not deleted (oldest
	// first), its signing keys, the retries of its event types, the schemas that
	// events are checked against, the declared formats that the webhooks name, and
	// the version of all that. It returns posthorn.ErrNotFound.
	Snapshot(ctx context.Context, id posthorn.EnvironmentID) (Snapshot, error)

	// Answer returns what was answered under an idempotency key. It returns
	// posthorn.ErrNotFound.
	Answer(ctx context.Context, key IdempotencyKey) (Answer, error)

	// KeepAnswer keeps an answer under an idempotency key, replacing the one that is
	// there.
	KeepAnswer(ctx context.Context, key IdempotencyKey, answer Answer) error
}

// Version counts the changes of an environment's directory: of the environment
// itself, its webhooks, its signing keys, its event types and its workspace's
// formats. What the engine records of a webhook
// (holding, its breaker, stats) doesn't count; disabling it does.
type Version int64

// Submission is what Accept keeps in one transaction. All events belong to the
// environment.
type Submission struct {
	EnvironmentID posthorn.EnvironmentID
	// Version is what the fan-out was made with.
	Version Version
	// NodeID holds the leases of the deliveries that are DeliveryLeased.
	NodeID  posthorn.NodeID
	Entries []Entry
	// Idempotency is nil when the publisher gave no key.
	Idempotency *Idempotency
}

// Rows is how many events and deliveries the submission has.
func (s Submission) Rows() int {
	rows := len(s.Entries)
	for _, entry := range s.Entries {
		rows += len(entry.Deliveries)
	}
	return rows
}

// Entry is an event and its deliveries. The deliveries are DeliveryPending, or
// DeliveryLeased: then they are leased to the submission's node under
// FirstEpoch. The ids of the event and of its deliveries are made for the moment
// Event.AcceptedAt, which is also when the deliveries are created: a store may look
// for one by the other.
type Entry struct {
	Event      posthorn.Event
	Deliveries []posthorn.Delivery
}

// FirstEpoch is the epoch of the lease under which a fresh delivery is accepted.
const FirstEpoch = 1

// IdempotencyKey names an answer: the key that a client gave, within a scope
// (who asked, and for what).
type IdempotencyKey struct {
	Scope string
	Key   string
}

// Idempotency makes Accept keep an answer together with the events.
type Idempotency struct {
	Key IdempotencyKey
	// ValidFrom is the age beyond which an earlier answer is forgotten.
	ValidFrom time.Time
	// Answer is called with the results, within the transaction; it must do
	// nothing but make the answer.
	Answer func(results []Result) Answer
}

// Answer is a response that is given again for the same request.
type Answer struct {
	// Fingerprint tells the same request from another one.
	Fingerprint [sha256.Size]byte
	StatusCode  int
	Body        []byte
	CreatedAt   time.Time
}

// Receipt tells what Accept did: one result for each entry, or Replayed.
type Receipt struct {
	Results  []Result
	Replayed *Answer
}

// Result tells what became of one entry: Event is the event that is kept now,
// and Kept whether it is the entry's own.
type Result struct {
	Event posthorn.Event
	Kept  bool
}

// Snapshot is an environment's directory at one version.
type Snapshot struct {
	Version     Version
	Environment posthorn.Environment
	Webhooks    []posthorn.Webhook
	// SigningKeys are newest first.
	SigningKeys []posthorn.SigningKey
	// Retries is what event types say of retries, by name; those that say nothing
	// are not in it.
	Retries map[string]int
	// Schemas are those of event types that have one and whose validation, or else
	// the environment's, isn't off; by name.
	Schemas map[string]Schema
	// Formats are the newest versions of those formats of the workspace that the
	// webhooks name, by name and without their documents.
	Formats map[string]posthorn.DeclaredFormat
}

// Schema is the JSON Schema of an event type, and what is done about data that
// doesn't match it: never off.
type Schema struct {
	Text       []byte
	Validation posthorn.Validation
}
