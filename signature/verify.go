package signature

import (
	"strconv"
	"time"
)

// Verified tells of a request that was accepted.
type Verified struct {
	// ID is the event's id, where the format signs one; it is the same in every
	// attempt, so that a receiver can tell repetitions.
	ID string
	// Timestamp is when the request was signed; zero where the format doesn't say.
	Timestamp time.Time
	// Secret is the index of the secret that signed. When it is no longer that of
	// the old secret, a rotation is over for this receiver.
	Secret int
	// Scheme is the name of the scheme that fitted, where a format has several.
	Scheme string
}

// settings is what options change.
type settings struct {
	tolerance    time.Duration
	hasTolerance bool
	url          string
}

// Option changes how a request is verified.
type Option func(*settings)

// WithTolerance accepts timestamps up to tolerance from the receiver's clock, in
// both directions. It means nothing to formats without a timestamp; a Scheme of which
// some alternatives have one and others don't is refused with it.
func WithTolerance(tolerance time.Duration) Option {
	return func(s *settings) { s.tolerance, s.hasTolerance = max(tolerance, 1), true } // zero would accept any
}

// WithAnyTimestamp accepts every timestamp and everything that has expired, for looking
// at requests that were recorded. A receiver that uses it accepts a request again for
// ever.
func WithAnyTimestamp() Option {
	return func(s *settings) { s.tolerance, s.hasTolerance = 0, true }
}

// WithURL says which URL the request was sent to, as the sender knows it. Formats
// that sign the URL need it, and no others.
func WithURL(url string) Option { return func(s *settings) { s.url = url } }

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
// this body, and recently by the clock now. For schemes with public keys, the
// secrets are those: see ParsePublicKey. A text that is written as a public key is never
// taken for a shared secret; the bare bytes of one, which can't be told from a secret,
// are a public key only where the scheme and its alternatives take nothing else. The headers may be a http.Header; upper
// and lower case don't matter in names. The body must be the bytes that came,
// before any decoding. Secrets and signatures are compared in constant time. The
// error is an *Error.
func (s Scheme) Verify(secrets []string, headers map[string][]string, body []byte, now time.Time, options ...Option) (Verified, error) {
	if err := s.Validate(); err != nil {
		return Verified{}, err
	}
	var set settings
	for _, option := range options {
		option(&set)
	}
	schemes, err := s.withOptions(set)
	if err != nil {
		return Verified{}, err
	}
	r := request{headers: headers, body: body, now: now, url: set.url, anyTime: set.hasTolerance && set.tolerance == 0}
	return verifyAny(schemes, secrets, &r)
}

// request is what arrived.
type request struct {
	headers map[string][]string
	body    []byte
	now     time.Time
	url     string
	// anyTime: the receiver wants to know nothing of its time.
	anyTime bool
}

func (s *Scheme) verify(keys []key, r *request) (Verified, error) {
	switch {
	case s.Message != nil:
		return s.verifyMessage(keys, r)
	case s.Algorithm == Token:
		return s.verifyToken(keys, r)
	case s.Algorithm == JWTHS256:
		return s.verifyClaims(keys, r)
	}
	received, err := s.read(r)
	if err != nil {
		return Verified{}, err
	}
	secret, err := s.match(keys, received, r.body)
	if err != nil {
		return Verified{}, err
	}
	if received.timestamp == "" {
		return Verified{ID: received.id, Secret: secret}, nil
	}
	// The time is looked at last, so that a wrong clock is told only of requests
	// that are otherwise good.
	signedAt, err := s.checkTime(received.timestamp, r.now)
	if err != nil {
		return Verified{}, err
	}
	return Verified{ID: received.id, Timestamp: signedAt, Secret: secret}, nil
}

// match returns the index of the secret that made one of the signatures. All
// pairs are compared, so that the time taken doesn't tell which one it was.
func (s *Scheme) match(keys []key, r received, body []byte) (int, error) {
	matching := -1
	for i := range keys {
		check, err := keys[i].checker(s, func(to writer) { s.writeContent(to, r.claim, body) })
		if err != nil {
			return 0, err
		}
		for _, signature := range r.signatures {
			if check(signature) && matching < 0 {
				matching = keys[i].index
			}
		}
	}
	if matching < 0 {
		return 0, &Error{Problem: NoMatch, Header: s.Header}
	}
	return matching, nil
}

func (s *Scheme) checkTime(timestamp string, now time.Time) (time.Time, error) {
	number, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return time.Time{}, malformed(s.timestampPlace(), "the timestamp is not a number")
	}
	signedAt := time.Unix(number, 0).UTC()
	if s.TimestampUnit == Milliseconds {
		signedAt = time.UnixMilli(number).UTC()
	}
	return signedAt, s.checkAge(s.timestampPlace(), signedAt, now)
}

func (s *Scheme) checkAge(place string, signedAt, now time.Time) error {
	age := now.Sub(signedAt)
	switch {
	case s.Tolerance == 0:
		return nil
	case age > s.Tolerance:
		return &Error{Problem: TooOld, Header: place, Age: age, Tolerance: s.Tolerance}
	case age < -s.Tolerance:
		return &Error{Problem: TooNew, Header: place, Age: age, Tolerance: s.Tolerance}
	}
	return nil
}

// checkExpiry refuses what says itself that it is void by now. It has no tolerance: the
// sender has chosen the moment (RFC 7519, section 4.1.4).
func checkExpiry(place string, expires time.Time, r *request) error {
	if r.anyTime || r.now.Before(expires) {
		return nil
	}
	return &Error{Problem: TooOld, Header: place, Age: r.now.Sub(expires)}
}

// timestampPlace is the header that a timestamp was read from.
func (s *Scheme) timestampPlace() string {
	if s.TimestampHeader != "" {
		return s.TimestampHeader
	}
	return s.Header
}
