package signature

import (
	"crypto/hmac"
	"net/url"
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
}

// verifyMessage checks an HTTP message signature (RFC 9421, section 3.2): any one
// whose algorithm is the scheme's and that covers what must be covered.
func (s *Scheme) verifyMessage(keys []key, r *request) (Verified, error) {
	inputs, signatures, err := s.readMessage(r)
	if err != nil {
		return Verified{}, err
	}
	if err := checkDigest(r); err != nil {
		return Verified{}, err
	}
	verified := Verified{Secret: -1}
	var signedBy messageInput
	for _, input := range inputs {
		base, err := messageBase(input, r)
		if err != nil {
			return Verified{}, err
		}
		for i := range keys {
			check, err := keys[i].checker(s, func(to writer) { _, _ = to.Write(base) })
			if err != nil {
				return Verified{}, err
			}
			if check(signatures[input.label]) && verified.Secret < 0 {
				verified.Secret, signedBy = keys[i].index, input
			}
		}
	}
	if verified.Secret < 0 {
		return Verified{}, &Error{Problem: NoMatch, Header: messageSignature}
	}
	if s.IDHeader != "" && slices.Contains(signedBy.components, strings.ToLower(s.IDHeader)) {
		verified.ID, _ = single(r.headers, s.IDHeader) // it was read for the base
	}
	verified.Timestamp, err = s.checkCreated(signedBy, r.now)
	if err != nil {
		return Verified{}, err
	}
	return verified, nil
}

func (s *Scheme) readMessage(r *request) ([]messageInput, map[string][]byte, error) {
	written, err := single(r.headers, signatureInput)
	if err != nil {
		return nil, nil, err
	}
	inputs, isGood := parseInputs(written)
	if !isGood {
		return nil, nil, malformed(signatureInput, "it is no dictionary of lists (RFC 9421, section 4.1)")
	}
	if written, err = single(r.headers, messageSignature); err != nil {
		return nil, nil, err
	}
	signatures, isGood := parseByteSequences(written)
	if !isGood {
		return nil, nil, malformed(messageSignature, "it is no dictionary of byte sequences (RFC 9421, section 4.2)")
	}
	suitable := slices.DeleteFunc(inputs, func(input messageInput) bool { return !s.isSuitable(input, signatures) })
	if len(suitable) == 0 {
		return nil, nil, malformed(signatureInput, "no signature in it is made with "+string(s.Algorithm)+" and covers "+strings.Join(s.Message.Components, ", "))
	}
	return suitable, signatures, nil
}

func (s *Scheme) isSuitable(input messageInput, signatures map[string][]byte) bool {
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

func (s *Scheme) checkCreated(input messageInput, now time.Time) (time.Time, error) {
	created, isThere := input.parameters["created"]
	if !isThere {
		if s.Tolerance > 0 {
			return time.Time{}, malformed(signatureInput, "it doesn't say when the signature was created")
		}
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(created, 10, 64)
	if err != nil || !isTimestamp(created) {
		return time.Time{}, malformed(signatureInput, "created is not a time in seconds")
	}
	signedAt := time.Unix(seconds, 0).UTC()
	if err := s.checkAge(signatureInput, signedAt, now); err != nil {
		return time.Time{}, err
	}
	expires, isThere := input.parameters["expires"]
	if !isThere || s.Tolerance == 0 {
		return signedAt, nil
	}
	until, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || !isTimestamp(expires) {
		return time.Time{}, malformed(signatureInput, "expires is not a time in seconds")
	}
	if at := time.Unix(until, 0); now.After(at) {
		return time.Time{}, &Error{Problem: TooOld, Header: signatureInput, Age: now.Sub(at)}
	}
	return signedAt, nil
}

// messageBase makes the signature base (RFC 9421, section 2.5).
func messageBase(input messageInput, r *request) ([]byte, error) {
	var base []byte
	for _, name := range input.components {
		var value string
		var err error
		if strings.HasPrefix(name, "@") {
			value, err = derived(name, r.url)
		} else {
			value, err = single(r.headers, name)
		}
		if err != nil {
			return nil, err
		}
		base = append(base, `"`+name+`": `+strings.TrimSpace(value)+"\n"...)
	}
	return append(base, `"@signature-params": `+input.written...), nil
}

// derived returns a component that is derived from the request (RFC 9421,
// section 2.2). Webhooks are sent with POST.
func derived(name, target string) (string, error) {
	if name == "@method" {
		return "POST", nil
	}
	if target == "" {
		return "", &Error{Problem: MissingURL}
	}
	parsed, err := url.Parse(target)
	if err != nil || parsed.Host == "" {
		return "", &Error{Problem: MissingURL, Detail: "the URL can't be read"}
	}
	parsed.Fragment, parsed.RawFragment = "", ""
	if parsed.Path == "" {
		parsed.Path = "/"
	}
	switch name {
	case "@target-uri":
		return parsed.String(), nil
	case "@authority":
		return authority(parsed), nil
	case "@scheme":
		return strings.ToLower(parsed.Scheme), nil
	case "@path":
		return parsed.EscapedPath(), nil
	case "@query":
		return "?" + parsed.RawQuery, nil
	case "@request-target":
		return parsed.RequestURI(), nil
	default:
		return "", malformed(signatureInput, "the component "+quote(name)+" is unknown")
	}
}

// authority is the host in lower case, without the port that the scheme implies.
func authority(target *url.URL) string {
	port := map[string]string{"https": ":443", "http": ":80"}[strings.ToLower(target.Scheme)]
	return strings.TrimSuffix(strings.ToLower(target.Host), port)
}
