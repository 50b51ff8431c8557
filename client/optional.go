package client

import "encoding/json"

// Optional is a member of a request that may be left out. Its zero value is left
// out; [Set] gives a value, [Reset] asks for the default (null).
type Optional[T any] struct {
	given bool
	value *T
}

// Set is a member with a value.
func Set[T any](value T) Optional[T] { return Optional[T]{given: true, value: &value} }

// Reset is a member that is set back to its default.
func Reset[T any]() Optional[T] { return Optional[T]{given: true} }

// IsZero reports whether the member is left out (encoding/json's omitzero).
func (o Optional[T]) IsZero() bool { return !o.given }

// MarshalJSON writes the value, or null.
func (o Optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.value) }
