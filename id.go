package posthorn

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Randomness yields uniformly distributed random numbers. Production code gives
// a cryptographic one; tests give a seeded one. It must be safe for concurrent
// use.
type Randomness func() uint64

// ID is a UUIDv7 (RFC 9562, section 5.7) of one kind. As text it is the kind's
// prefix and 26 characters of lower-case base32, and it sorts by time both as
// bytes and as text.
type ID[K kind] [16]byte

type kind interface{ prefix() string }

type (
	workspaceKind   struct{}
	projectKind     struct{}
	environmentKind struct{}
	webhookKind     struct{}
	eventKind       struct{}
	deliveryKind    struct{}
	attemptKind     struct{}
	keyKind         struct{}
	signingKeyKind  struct{}
	nodeKind        struct{}
	replayKind      struct{}
)

func (workspaceKind) prefix() string   { return "ws_" }
func (projectKind) prefix() string     { return "prj_" }
func (environmentKind) prefix() string { return "env_" }
func (webhookKind) prefix() string     { return "whc_" }
func (eventKind) prefix() string       { return "evt_" }
func (deliveryKind) prefix() string    { return "dlv_" }
func (attemptKind) prefix() string     { return "att_" }
func (keyKind) prefix() string         { return "key_" }
func (signingKeyKind) prefix() string  { return "sgk_" }
func (nodeKind) prefix() string        { return "nod_" }
func (replayKind) prefix() string      { return "rpl_" }

// The kinds of id, one for each thing that has one.
type (
	WorkspaceID   = ID[workspaceKind]
	ProjectID     = ID[projectKind]
	EnvironmentID = ID[environmentKind]
	WebhookID     = ID[webhookKind]
	EventID       = ID[eventKind]
	DeliveryID    = ID[deliveryKind]
	AttemptID     = ID[attemptKind]
	KeyID         = ID[keyKind]
	SigningKeyID  = ID[signingKeyKind]
	NodeID        = ID[nodeKind]
	ReplayID      = ID[replayKind]
)

// NewID makes an id for the moment at. Ids made later sort after ids made
// earlier, to a quarter of a microsecond.
func NewID[T ~[16]byte](at time.Time, random Randomness) T {
	const version, variant = 0x7000, 0x8000000000000000
	sinceEpoch := at.UnixNano()
	milliseconds := uint64(sinceEpoch / 1e6)
	fraction := uint64(sinceEpoch%1e6) * 4096 / 1e6
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], milliseconds<<16|version|fraction)
	binary.BigEndian.PutUint64(b[8:], random()>>2|variant)
	return T(b)
}

// alphabet keeps the order of the bytes: its characters ascend in ASCII.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const textLength = 26

// String returns the prefixed text of the id.
func (id ID[K]) String() string {
	const longestPrefix = 4
	return string(id.Append(make([]byte, 0, longestPrefix+textLength)))
}

// Append appends the prefixed text of the id to a text.
func (id ID[K]) Append(text []byte) []byte {
	var k K
	text = append(text, k.prefix()...)
	high, low := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	// 128 bits are 25 characters of 5 bits behind one of 3.
	for shift := 125; shift >= 0; shift -= 5 {
		text = append(text, alphabet[bitsAt(high, low, shift)])
	}
	return text
}

func bitsAt(high, low uint64, shift int) uint64 {
	switch {
	case shift >= 64:
		return high >> (shift - 64) & 31
	case shift > 59:
		return (low>>shift | high<<(64-shift)) & 31
	default:
		return low >> shift & 31
	}
}

// IsZero reports whether the id is unset.
func (id ID[K]) IsZero() bool { return id == ID[K]{} }

// MarshalText writes the prefixed text.
func (id ID[K]) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the prefixed text. It returns an *Error with
// CodeNotFound when the text is not an id of this kind: nothing can have it.
func (id *ID[K]) UnmarshalText(text []byte) error {
	parsed, err := ParseID[ID[K]](string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

func (id *ID[K]) parse(text string) error {
	var k K
	prefix := k.prefix()
	if len(text) != len(prefix)+textLength || text[:len(prefix)] != prefix {
		return malformedID(text, prefix)
	}
	var high, low uint64
	for _, c := range []byte(text[len(prefix):]) {
		value := alphabetValue(c)
		if value < 0 || high>>59 != 0 {
			return malformedID(text, prefix)
		}
		high = high<<5 | low>>59
		low = low<<5 | uint64(value)
	}
	binary.BigEndian.PutUint64(id[:8], high)
	binary.BigEndian.PutUint64(id[8:], low)
	return nil
}

func alphabetValue(c byte) int {
	for value := range len(alphabet) {
		if alphabet[value] == c {
			return value
		}
	}
	return -1
}

// ParseID reads the prefixed text of an id, for example
// ParseID[posthorn.WebhookID](text). It returns an *Error with CodeNotFound
// when the text is not an id of that kind.
func ParseID[T any, P interface {
	*T
	parse(text string) error
}](text string) (T, error) {
	var id T
	if err := P(&id).parse(text); err != nil {
		var zero T
		return zero, err
	}
	return id, nil
}

func malformedID(text, prefix string) error {
	const shown = 64
	if len(text) > shown {
		text = text[:shown] + "…"
	}
	return &Error{
		Code:    CodeNotFound,
		Message: fmt.Sprintf("%q is not an id that begins with %s", text, prefix),
		Hint:    fmt.Sprintf("An id is %s and %d characters; copy it from a list.", prefix, textLength),
	}
}
