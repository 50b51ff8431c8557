package posthorn

import "time"

// DeliveryStatus is where a delivery stands. docs/states.md draws the moves.
type DeliveryStatus string

// The statuses. A delivery is in exactly one of them at every moment.
const (
	// DeliveryPending waits for its due time.
	DeliveryPending DeliveryStatus = "pending"
	// DeliveryLeased is held by a node that is about to send it, sending it, or
	// recording what came back.
	DeliveryLeased DeliveryStatus = "leased"
	// DeliverySucceeded was taken by the receiver.
	DeliverySucceeded DeliveryStatus = "succeeded"
	// DeliveryExhausted failed as often as it was allowed to.
	DeliveryExhausted DeliveryStatus = "exhausted"
	// DeliveryCancelled was stopped by a person, or its webhook was deleted.
	DeliveryCancelled DeliveryStatus = "cancelled"
	// DeliveryExpired waited too long without being tried.
	DeliveryExpired DeliveryStatus = "expired"
	// DeliveryQuarantined seems to end the process that sends it, and isn't tried
	// any more until a person asks for it.
	DeliveryQuarantined DeliveryStatus = "quarantined"
)

// DeliveryStatuses lists every status, in the order of a delivery's life.
func DeliveryStatuses() []DeliveryStatus {
	return []DeliveryStatus{DeliveryPending, DeliveryLeased, DeliverySucceeded, DeliveryExhausted, DeliveryCancelled, DeliveryExpired, DeliveryQuarantined}
}

// IsTerminal reports whether nothing more happens by itself.
func (s DeliveryStatus) IsTerminal() bool {
	return s != DeliveryPending && s != DeliveryLeased
}

// MayMoveTo reports whether a delivery may go from s to next.
func (s DeliveryStatus) MayMoveTo(next DeliveryStatus) bool {
	switch s {
	case DeliveryPending:
		return next == DeliveryPending || next == DeliveryLeased || next == DeliveryCancelled || next == DeliveryExpired
	case DeliveryLeased:
		return next != DeliveryLeased && next != DeliveryExpired
	case DeliverySucceeded, DeliveryExhausted, DeliveryCancelled, DeliveryExpired:
		return next == DeliveryPending // a person asked for another try
	case DeliveryQuarantined:
		return next == DeliveryPending || next == DeliveryCancelled // a person decides
	default:
		return false
	}
}

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID            DeliveryID
	EventID       EventID
	WebhookID     WebhookID
	EnvironmentID EnvironmentID
	// EventPublicID and EventType repeat what lists show of the event.
	EventPublicID string
	EventType     string
	Status        DeliveryStatus
	// Attempts is how many requests have been recorded, those included of which
	// nobody knows whether they were made.
	Attempts int
	// Uncounted is how many of the attempts don't use up retries: those before a
	// person asked for another try, and those that failed through our own fault.
	Uncounted int
	// DueAt is when a pending delivery may be sent; it has no meaning in other
	// statuses.
	DueAt time.Time
	// LastReason and LastStatusCode tell of the newest attempt; zero before the
	// first.
	LastReason     Reason
	LastStatusCode int
	// Crashes counts the nodes in a row that died while they held the delivery. An
	// outcome, or a person who asks for another try, sets it to zero.
	Crashes int
	// Format is the version of the declared format that retries are rendered with:
	// that of the first attempt. It is zero before that, and with built-in formats.
	Format    FormatVersion
	CreatedAt time.Time
	UpdatedAt time.Time
}

// From how many crashes on a delivery is treated with care; the reasons are in
// docs/decisions/0008-suspects-and-quarantine.md.
const (
	// SuspectAfter makes a delivery a suspect: it is kept apart from the others, and
	// tried together with suspects of other webhooks.
	SuspectAfter = 3
	// AloneAfter makes it be tried while no other suspect is.
	AloneAfter = 4
	// QuarantineAfter ends it: it died alone twice.
	QuarantineAfter = 6
)

// IsSuspect reports whether the delivery may be what ends the process.
func (d Delivery) IsSuspect() bool { return d.Crashes >= SuspectAfter }

// Next is what happens to a delivery after an attempt.
type Next struct {
	// Status is DeliverySucceeded, DeliveryPending (try again at DueAt) or
	// DeliveryExhausted.
	Status DeliveryStatus
	DueAt  time.Time
	// Uncounted reports that the attempt doesn't use up a retry.
	Uncounted bool
	// HoldUntil, when set, is the earliest moment for any request to the webhook.
	HoldUntil time.Time
	// DisableWebhook reports that the receiver is gone for good.
	DisableWebhook bool
}

// WebhookStats counts a webhook's deliveries by status, and tells of its
// attempts.
type WebhookStats struct {
	// Accepted is how many deliveries were ever made; it is counted when they are,
	// and nothing else changes it. It equals the sum of all statuses.
	Accepted      int64
	Pending       int64 // waiting or leased
	Succeeded     int64
	Exhausted     int64
	Cancelled     int64
	Expired       int64
	Quarantined   int64
	Attempts      int64
	LastAttemptAt time.Time
	LastSuccessAt time.Time
	LastFailureAt time.Time
}
