package signature

import (
	"crypto/hmac"
	"strconv"
	"time"
)

// Verified tells of a request that was accepted.
type Verified struct {
	// ID is the event's id, where the format has it in a header; it is the same in
	// every attempt, so that a receiver can tell repetitions.
	ID string
	// Timestamp is when the request was signed; zero where the format doesn't say.
	Timestamp time.Time
	// Secret is the index of the secret that signed. When it is no longer that of
	// the old secret, a rotation is over for this receiver.
	Secret int
}

// Option changes how a request is verified.
type Option func(*Scheme)

// WithTolerance accepts timestamps up to tolerance from the receiver's clock, in
// both directions. It means nothing to formats without a timestamp.
func WithTolerance(tolerance time.Duration) Option {
	return func(s *Scheme) { s.Tolerance = max(tolerance, 1) } // zero would accept any
}

// WithAnyTimestamp accepts every timestamp, for looking at requests that were
// recorded. A receiver that uses it accepts a request again for ever.
func WithAnyTimestamp() Option {
	return func(s *Scheme) { s.Tolerance = 0 }
}

// Verify checks a request against a built-in format: see Scheme.Verify. The
// error is an *Error, with UnknownFormat if there is no such format.
func Verify(format string, secrets []string, headers map[string][]string, body []byte, now time.Time, options ...Option) (Verified, error) {
	scheme, found := Lookup(format)
	if !found {
		return Verified{}, &Error{Problem: UnknownFormat, Detail: quote(format) + " is not built in"}
	}
	return scheme.Verify(secrets, headers, body, now, options...)
}

// Verify checks that the request was signed with one of the secrets over exactly
// this body, and recently by the clock now. The headers may be a http.Header;
// upper and lower case don't matter in names. The body must be the bytes that
// came, before any decoding. Signatures are compared in constant time. The
// error is an *Error.
func (s Scheme) Verify(secrets []string, headers map[string][]string, body []byte, now time.Time, options ...Option) (Verified, error) {
	if err := s.check(); err != nil {
		return Verified{}, err
	}
	for _, option := range options {
		option(&s)
	}
	keys, err := s.keys(secrets)
	if err != nil {
		return Verified{}, err
	}
	received, err := s.read(headers)
	if err != nil {
		return Verified{}, err
	}
	secret, err := s.match(keys, received, body)
	if err != nil {
		return Verified{}, err
	}
	if received.timestamp == "" {
		return Verified{ID: received.id, Secret: secret}, nil
	}
	// The time is looked at last, so that a wrong clock is told only of requests
	// that are otherwise good.
	signedAt, err := s.checkTime(received.timestamp, now)
	if err != nil {
		return Verified{}, err
	}
	return Verified{ID: received.id, Timestamp: signedAt, Secret: secret}, nil
}

// match returns the index of the key that made one of the signatures. All
// pairs are compared, so that the time taken doesn't tell which one it was.
func (s Scheme) match(keys [][]byte, r received, body []byte) (int, error) {
	matching := -1
	for i, key := range keys {
		expected, err := s.sum(key, r.claim, body)
		if err != nil {
			return 0, err
		}
		for _, signature := range r.signatures {
			if hmac.Equal(expected, signature) && matching < 0 {
				matching = i
			}
		}
	}
	if matching < 0 {
		return 0, &Error{Problem: NoMatch, Header: s.Header}
	}
	return matching, nil
}

func (s Scheme) checkTime(timestamp string, now time.Time) (time.Time, error) {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return time.Time{}, s.malformed(s.timestampPlace(), "the timestamp is not a number")
	}
	signedAt := time.Unix(seconds, 0).UTC()
	age := now.Sub(signedAt)
	switch {
	case s.Tolerance == 0:
		return signedAt, nil
	case age > s.Tolerance:
		return time.Time{}, &Error{Problem: TooOld, Header: s.timestampPlace(), Age: age, Tolerance: s.Tolerance}
	case age < -s.Tolerance:
		return time.Time{}, &Error{Problem: TooNew, Header: s.timestampPlace(), Age: age, Tolerance: s.Tolerance}
	}
	return signedAt, nil
}

// timestampPlace is the header that a timestamp was read from.
func (s Scheme) timestampPlace() string {
	if s.TimestampHeader != "" {
		return s.TimestampHeader
	}
	return s.Header
}
