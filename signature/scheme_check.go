package signature

import (
	"slices"
	"strings"
)

// maxAlternatives bounds what a request may cost.
const maxAlternatives = 8

// Validate finds what would make a scheme of somebody's own verify less than it
// seems to. Verify and Sign do it by themselves. The error is an *Error with
// BadScheme.
func (s Scheme) Validate() error {
	if len(s.Alternatives) > maxAlternatives {
		return badScheme("it has too many alternatives")
	}
	for i := range s.Alternatives {
		if len(s.Alternatives[i].Alternatives) > 0 {
			return badScheme("an alternative has no alternatives of its own")
		}
		if err := s.Alternatives[i].checkOne(); err != nil {
			return err
		}
	}
	if err := s.checkOne(); err != nil {
		return err
	}
	return checkTimesAgree(append([]Scheme{s}, s.Alternatives...))
}

func (s *Scheme) checkOne() error {
	switch {
	case s.Tolerance < 0:
		return badScheme("a tolerance must not be negative")
	case s.Message != nil:
		return s.checkMessage()
	case s.Header == "":
		return badScheme("it names no header for the signature")
	case s.Algorithm == Token:
		return s.checkToken()
	case s.Algorithm == JWTHS256:
		return s.checkClaims()
	}
	if err := s.checkContent(); err != nil {
		return err
	}
	return s.checkEncodings()
}

func (s *Scheme) checkContent() error {
	placeholders, isClosed := placeholdersOf(s.Content)
	signsBody, signsTime, signsID := false, false, false
	for _, name := range placeholders {
		_, _, isDigest := digestName(name)
		switch {
		case name == "body" || isDigest:
			signsBody = true
		case name == "timestamp":
			signsTime = true
		case name == "id":
			signsID = true
		case name == "url" || strings.HasPrefix(name, headerPrefix) && name != headerPrefix:
		default:
			isClosed = false
		}
	}
	switch {
	case !isClosed:
		return badScheme("what is signed may have {id}, {timestamp}, {body}, {url}, {header.NAME} and digests only")
	case !signsBody:
		return badScheme("what is signed lacks {body}")
	case signsID != (s.IDHeader != ""):
		return badScheme("an id must be both signed and in a header, or neither")
	case signsTime != (s.TimestampHeader != "" || s.TimestampPrefix != ""):
		return badScheme("a timestamp must be both signed and in a header, or neither")
	case s.Separator == "" && s.TimestampPrefix != "":
		return badScheme("a timestamp beside the signature needs a separator")
	case s.Prefix != "" && s.Prefix == s.TimestampPrefix || s.Prefix == "" && s.Separator != "":
		return badScheme("among several entries, those with a signature need a prefix of their own")
	case s.TimestampUnit != "" && s.TimestampUnit != Seconds && s.TimestampUnit != Milliseconds:
		return badScheme("a timestamp counts s or ms")
	case s.Tolerance > 0 && !signsTime:
		return badScheme("a tolerance needs a timestamp")
	}
	return nil
}

func (s *Scheme) checkEncodings() error {
	switch s.Encoding {
	case Hex, Base64, Base64URL:
	default:
		return badScheme("the encoding of the signature must be hex, base64 or base64url")
	}
	if s.Algorithm.isAsymmetric() {
		if s.Algorithm == ECDSAP256 && s.ECDSA != ECDSADER && s.ECDSA != ECDSARaw {
			return badScheme("an ECDSA signature is der or raw")
		}
		return nil
	}
	if _, err := s.Algorithm.New([]byte{0}); err != nil {
		return err
	}
	return s.checkKey()
}

func (s *Scheme) checkKey() error {
	if !slices.Contains([]Encoding{Text, Hex, Base64, Base64URL}, s.Key) {
		return badScheme("the key must be text, hex, base64 or base64url")
	}
	return nil
}

func (s *Scheme) checkToken() error {
	if s.Content != "" || s.Tolerance > 0 || s.Encoding != Text && s.Encoding != Base64 || s.Separator != "" && s.Prefix == "" {
		return badScheme("a token that is the secret itself is sent as text or base64 and signs nothing")
	}
	return nil
}

func (s *Scheme) checkClaims() error {
	if s.Claims == nil || s.Claims.Digest == "" || s.Claims.Hash != "sha256" && s.Claims.Hash != "sha512" {
		return badScheme("a token needs a claim with the sha256 or sha512 of the body")
	}
	if !slices.Contains([]Encoding{Hex, Base64, Base64URL}, s.Claims.Encoding) {
		return badScheme("the digest of the body must be hex, base64 or base64url")
	}
	if s.Tolerance > 0 && s.Claims.Timestamp == "" {
		return badScheme("a tolerance needs a timestamp")
	}
	return s.checkKey()
}

func (s *Scheme) checkMessage() error {
	if !slices.Contains(s.Message.Components, contentDigest) {
		return badScheme("a message signature must cover content-digest, or it says nothing of the body")
	}
	if s.Algorithm != HMACSHA256 && !s.Algorithm.isAsymmetric() || s.ECDSA == ECDSADER || s.Algorithm == ECDSAP256 && s.ECDSA != ECDSARaw {
		return badScheme("a message signature is made with hmac-sha256, ed25519 or ecdsa-p256-sha256 in the form raw")
	}
	if s.Algorithm == HMACSHA256 {
		return s.checkKey()
	}
	return nil
}

func badScheme(detail string) error { return &Error{Problem: BadScheme, Detail: detail} }
