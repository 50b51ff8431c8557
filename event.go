package posthorn

import (
	"fmt"
	"strings"
	"time"
)

// Event is something that happened. It is kept even when nobody wants it.
type Event struct {
	ID            EventID
	EnvironmentID EnvironmentID
	// GivenID is the publisher's own id, empty when it gave none. It is unique
	// within the environment.
	GivenID string
	Type    string
	// Data is the publisher's JSON value, byte for byte. It is never decoded and
	// never changed.
	Data []byte
	// Timestamp is when it happened, by the publisher's word or else the time of
	// acceptance.
	Timestamp  time.Time
	AcceptedAt time.Time
	// Deliveries is how many webhooks wanted it when it was accepted.
	Deliveries int
}

// PublicID is the id that receivers and the API see: the publisher's own, or
// else ours. It is the same in every delivery and every attempt.
func (e Event) PublicID() string {
	if e.GivenID != "" {
		return e.GivenID
	}
	return e.ID.String()
}

// AppendPublicID appends what PublicID returns to a text.
func (e *Event) AppendPublicID(text []byte) []byte {
	if e.GivenID != "" {
		return append(text, e.GivenID...)
	}
	return e.ID.Append(text)
}

// MaxGivenID is the longest id a publisher may give, in bytes.
const MaxGivenID = 128

// ValidateGivenID checks an event id given by the publisher: letters, digits,
// '-' and '_' (never '.', which Standard Webhooks uses as a separator), and not
// of our own form.
func ValidateGivenID(id string) *Error {
	const pointer = "/id"
	if id == "" || len(id) > MaxGivenID || strings.ContainsFunc(id, notIDRune) {
		return Invalid(pointer, fmt.Sprintf("The event id must be 1 to %d characters of A-Z, a-z, 0-9, '-' and '_'.", MaxGivenID), "Leave out \"id\" and one is made for you.")
	}
	if strings.HasPrefix(id, eventKind{}.prefix()) {
		return Invalid(pointer, "Ids that begin with evt_ are made by the server.", "Give an id of your own, or leave out \"id\".")
	}
	return nil
}

func notIDRune(r rune) bool { return !isWordRune(r) && r != '-' }

func isWordRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
}

// MaxEventTypeName is the longest name of an event type, in bytes.
const MaxEventTypeName = 128

// ValidateEventTypeName checks the name of an event type: 1 to 128 letters,
// digits, '_', '-' and '.', with no empty part between dots. The pointer is the
// place in the request.
func ValidateEventTypeName(pointer, name string) *Error {
	if name == "" || len(name) > MaxEventTypeName || !isDottedName(name) {
		return Invalid(pointer,
			fmt.Sprintf("An event type's name must be 1 to %d characters of A-Z, a-z, 0-9, '_', '-', in parts separated by single dots.", MaxEventTypeName),
			"For example: user.created")
	}
	return nil
}

func isDottedName(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || strings.ContainsFunc(part, notIDRune) {
			return false
		}
	}
	return true
}

// ValidateEventPattern checks what a webhook subscribes to: an event type's
// name, a prefix and ".*" ("user.*"), or "*".
func ValidateEventPattern(pointer, pattern string) *Error {
	if pattern == "*" {
		return nil
	}
	if ValidateEventTypeName(pointer, strings.TrimSuffix(pattern, ".*")) != nil {
		return Invalid(pointer, fmt.Sprintf("%q is not an event pattern.", clip(pattern)),
			"Write an event type (user.created), all of a family (user.*) or everything (*).")
	}
	return nil
}

// clip shortens what a user gave for use in a message.
func clip(text string) string {
	const shown = 100
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}

// EventTypeStatus says how settled an event type is.
type EventTypeStatus string

// The statuses of an event type.
const (
	EventTypeGA         EventTypeStatus = "GA"
	EventTypeBeta       EventTypeStatus = "Beta"
	EventTypeDeprecated EventTypeStatus = "Deprecated"
)

// EventType is an entry of an environment's catalogue. Events of types that are
// not in the catalogue are accepted too.
type EventType struct {
	EnvironmentID EnvironmentID
	Name          string
	Description   string
	// Since is the version of the sender's API that introduced it.
	Since string
	// Retries governs deliveries of this type to webhooks that set none of their
	// own; nil leaves it to the format or the environment.
	Retries *int
	Status  EventTypeStatus
	// Example is a JSON value for data, and Schema a JSON Schema of it; both may
	// be empty.
	Example []byte
	Schema  []byte
	// Validation is what is done about data that doesn't match the schema; empty
	// leaves it to the environment.
	Validation Validation
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// MaxExample is the longest example or schema of an event type, in bytes.
const MaxExample = 64 << 10

// MaxSchemas is how long the schemas of an environment's event types may be
// together, in bytes: they are held in memory while it publishes.
const MaxSchemas = 8 << 20

func validateExample(pointer string, text []byte) *Error {
	if len(text) > MaxExample {
		return Invalid(pointer, fmt.Sprintf("It is %d bytes long; the limit is %d.", len(text), MaxExample), "Shorten it.")
	}
	return nil
}

// Validate checks the event type. It returns an *Error with CodeInvalid that
// names every mistake.
func (t EventType) Validate() error {
	var problems Problems
	problems.Add(ValidateEventTypeName("/name", t.Name))
	problems.Add(validateText("/description", t.Description, MaxDescription))
	problems.Add(validateText("/since", t.Since, MaxName))
	if t.Retries != nil {
		problems.Add(validateRetries("/retries", *t.Retries))
	}
	problems.Add(validateExample("/example", t.Example))
	problems.Add(validateExample("/schema", t.Schema))
	if t.Validation != "" {
		problems.Add(validateValidation("/validation", t.Validation))
	}
	switch t.Status {
	case EventTypeGA, EventTypeBeta, EventTypeDeprecated:
	default:
		problems.Add(Invalid("/status", fmt.Sprintf("%q is not a status of an event type.", clip(string(t.Status))), "Use GA, Beta or Deprecated."))
	}
	return problems.Err()
}
