package signature

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// schemeFields is a Scheme without its methods.
type schemeFields Scheme

type schemeJSON struct {
	*schemeFields
	ToleranceSeconds float64 `json:"toleranceSeconds,omitempty"`
}

// MarshalJSON writes the scheme, its tolerance in seconds.
func (s Scheme) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(schemeJSON{(*schemeFields)(&s), s.Tolerance.Seconds()})
	if err != nil {
		return nil, fmt.Errorf("writing a scheme: %w", err)
	}
	return text, nil
}

// UnmarshalJSON reads what MarshalJSON writes. It refuses a member that it doesn't know:
// what isn't understood might be what makes a scheme safe. The error is an *Error with
// BadScheme.
func (s *Scheme) UnmarshalJSON(text []byte) error {
	read := schemeJSON{schemeFields: (*schemeFields)(s)}
	if err := json.Unmarshal(text, &read); err != nil {
		return badScheme("reading it: " + strings.TrimPrefix(err.Error(), "json: "))
	}
	members, err := checkMembers(text, reflect.TypeFor[schemeJSON]())
	if err == nil {
		_, err = checkMembers(members["claims"], reflect.TypeFor[Claims]())
	}
	if err == nil {
		_, err = checkMembers(members["message"], reflect.TypeFor[Message]())
	}
	if err != nil {
		return err
	}
	s.Tolerance = toleranceOf(read.ToleranceSeconds)
	return nil
}

// checkMembers refuses a member of an object that isn't exactly the name of one of the
// type's, which encoding/json would take in upper and lower case. It returns the members.
func checkMembers(text json.RawMessage, of reflect.Type) (map[string]json.RawMessage, error) {
	if text == nil {
		return nil, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, badScheme("reading it: " + strings.TrimPrefix(err.Error(), "json: "))
	}
	known := map[string]bool{}
	for _, field := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known[name] = name != "" && name != "-"
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !known[name] {
			return nil, badScheme("the member " + quote(name) + " is unknown")
		}
	}
	return members, nil
}

// toleranceOf rounds seconds to a Duration, and nothing to zero, which would accept any
// time, nor to the other side of it.
func toleranceOf(seconds float64) time.Duration {
	nanoseconds := seconds * float64(time.Second)
	switch {
	case nanoseconds >= math.MaxInt64:
		return math.MaxInt64
	case nanoseconds > 0:
		return max(time.Duration(nanoseconds), 1)
	case nanoseconds < 0:
		return min(time.Duration(max(nanoseconds, math.MinInt64)), -1)
	}
	return 0
}
