package signature

import (
	"cmp"
	"crypto/hmac"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The headers of RFC 9421 and RFC 9530.
const (
	signatureInput   = "signature-input"
	messageSignature = "signature"
	contentDigest    = "content-digest"
)

// messageInput is one entry of Signature-Input: what a signature covers.
type messageInput struct {
	label string
	// written is the entry's value as it stood there, which is signed.
	written    string
	components []string
	parameters map[string]string
	// isForeign: it covers something that no scheme can name, such as a component with
	// parameters.
	isForeign bool
}

// verifyMessage checks an HTTP message signature (RFC 9421, section 3.2): any one whose
// algorithm is the scheme's and that covers what must be covered. Others that stand beside
// it, those of a proxy for example, don't get in the way.
func (s *Scheme) verifyMessage(keys []key, r *request) (Verified, error) {
	inputs, signatures, err := s.readMessage(r)
	if err != nil {
		return Verified{}, err
	}
	if err := checkDigest(r); err != nil {
		return Verified{}, err
	}
	secret, signedBy, err := s.matchMessage(keys, inputs, signatures, r)
	if err != nil {
		return Verified{}, err
	}
	verified := Verified{Secret: secret}
	if s.IDHeader != "" && slices.Contains(signedBy.components, strings.ToLower(s.IDHeader)) {
		verified.ID, _ = single(r.headers, s.IDHeader) // it was read for the base
	}
	verified.Timestamp, err = s.checkCreated(signedBy, r)
	if err != nil {
		return Verified{}, err
	}
	return verified, nil
}

// matchMessage returns the index of the secret that made one of the signatures, and what
// that covers. A signature over what the request doesn't have is passed over; if all are
// like that, the reason of the first is told.
func (s *Scheme) matchMessage(keys []key, inputs []messageInput, signatures map[string][]byte, r *request) (int, messageInput, error) {
	matching, compared := -1, 0
	var signedBy messageInput
	var failure error
	for _, input := range inputs {
		base, err := messageBase(input, r)
		if err != nil {
			failure = cmp.Or(failure, err)
			continue
		}
		compared++
		for i := range keys {
			check, err := keys[i].checker(s, func(to writer) { _, _ = to.Write(base) })
			if err != nil {
				return 0, messageInput{}, err
			}
			if check(signatures[input.label]) && matching < 0 {
				matching, signedBy = keys[i].index, input
			}
		}
	}
	switch {
	case matching >= 0:
		return matching, signedBy, nil
	case compared > 0:
		failure = &Error{Problem: NoMatch, Header: messageSignature}
	}
	return 0, messageInput{}, failure
}

func (s *Scheme) readMessage(r *request) ([]messageInput, map[string][]byte, error) {
	inputs, err := readDictionary(r.headers, signatureInput, parseInputs, "it is no dictionary of lists (RFC 9421, section 4.1)")
	if err != nil {
		return nil, nil, err
	}
	signatures, err := readDictionary(r.headers, messageSignature, parseByteSequences, "it is no dictionary of byte sequences (RFC 9421, section 4.2)")
	if err != nil {
		return nil, nil, err
	}
	suitable := slices.DeleteFunc(inputs, func(input messageInput) bool { return !s.isSuitable(input, signatures) })
	if len(suitable) == 0 {
		return nil, nil, malformed(signatureInput, "no signature in it is made with "+string(s.Algorithm)+" and covers "+strings.Join(s.Message.Components, ", "))
	}
	return suitable, signatures, nil
}

// readDictionary reads a header whose members may stand in several lines (RFC 9651,
// section 3.2): a proxy may have added one.
func readDictionary[T any](headers map[string][]string, name string, parse func(string) (T, bool), otherwise string) (T, error) {
	var none T
	lines := valuesOf(headers, name)
	joined := strings.Join(lines, ", ")
	if len(lines) == 0 {
		return none, &Error{Problem: MissingHeader, Header: name}
	}
	if err := checkValue(name, joined); err != nil {
		return none, err
	}
	read, isGood := parse(joined)
	switch {
	case isGood:
		return read, nil
	case len(lines) > 1:
		return none, &Error{Problem: DoubledHeader, Header: name}
	}
	return none, malformed(name, otherwise)
}

func (s *Scheme) isSuitable(input messageInput, signatures map[string][]byte) bool {
	if input.isForeign || len(slices.Compact(slices.Sorted(slices.Values(input.components)))) < len(input.components) {
		return false // each component is covered once (RFC 9421, section 2)
	}
	for _, needed := range s.Message.Components {
		if !slices.Contains(input.components, needed) {
			return false
		}
	}
	algorithm, isNamed := input.parameters["alg"]
	_, isSigned := signatures[input.label]
	return isSigned && (!isNamed || algorithm == string(s.Algorithm))
}

// checkDigest compares Content-Digest with the body.
func checkDigest(r *request) error {
	written, err := single(r.headers, contentDigest)
	if err != nil {
		return err
	}
	digests, isGood := parseByteSequences(written)
	if !isGood {
		return malformed(contentDigest, "it is no dictionary of byte sequences (RFC 9530, section 2)")
	}
	known := 0
	for name, hash := range map[string]string{"sha-256": "sha256", "sha-512": "sha512"} {
		digest, isThere := digests[name]
		if !isThere {
			continue
		}
		known++
		if !hmac.Equal(digest, digestOf(hash, r.body)) {
			return &Error{Problem: NoMatch, Header: contentDigest}
		}
	}
	if known == 0 {
		return malformed(contentDigest, "it has neither sha-256 nor sha-512")
	}
	return nil
}

// checkCreated checks the parameters with times. What has expired is refused whether or not
// the scheme tolerates any age.
func (s *Scheme) checkCreated(input messageInput, r *request) (time.Time, error) {
	var signedAt time.Time
	_, isThere := input.parameters["created"]
	if !isThere && s.Tolerance > 0 {
		return time.Time{}, malformed(signatureInput, "it doesn't say when the signature was created")
	}
	if isThere {
		var err error
		if signedAt, err = input.time("created"); err != nil {
			return time.Time{}, err
		}
		if err := s.checkAge(signatureInput, signedAt, r.now); err != nil {
			return time.Time{}, err
		}
	}
	if _, isThere := input.parameters["expires"]; !isThere {
		return signedAt, nil
	}
	expires, err := input.time("expires")
	if err == nil {
		err = checkExpiry(signatureInput, expires, r)
	}
	if err != nil {
		return time.Time{}, err
	}
	return signedAt, nil
}

func (i *messageInput) time(parameter string) (time.Time, error) {
	text := i.parameters[parameter]
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !isTimestamp(text) {
		return time.Time{}, malformed(signatureInput, parameter+" is not a time in seconds")
	}
	return time.Unix(seconds, 0).UTC(), nil
}
