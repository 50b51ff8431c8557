package signature

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// verifyToken compares a secret that is sent as it is.
func (s *Scheme) verifyToken(keys []key, r *request) (Verified, error) {
	values, err := s.lines(r.headers)
	if err != nil {
		return Verified{}, err
	}
	var texts []string
	for _, value := range values {
		_, found, err := s.entries(value)
		if err != nil {
			return Verified{}, err
		}
		texts = append(texts, found...)
	}
	if len(texts) == 0 {
		return Verified{}, malformed(s.Header, "nothing in it begins with "+quote(s.Prefix))
	}
	matching := -1
	for i := range keys {
		for _, text := range texts {
			if hmac.Equal(keys[i].shared, []byte(text)) && matching < 0 {
				matching = keys[i].index
			}
		}
	}
	if matching < 0 {
		return Verified{}, &Error{Problem: NoMatch, Header: s.Header}
	}
	return Verified{Secret: matching}, nil
}

// verifyClaims checks a JSON Web Token (RFC 7515, section 5.2) and that it vouches
// for the body.
func (s *Scheme) verifyClaims(keys []key, r *request) (Verified, error) {
	value, err := single(r.headers, s.Header)
	if err != nil {
		return Verified{}, err
	}
	token, found := strings.CutPrefix(value, s.Prefix)
	parts := strings.Split(token, ".")
	const compact = 3
	if !found || len(parts) != compact {
		return Verified{}, malformed(s.Header, "it holds no JSON Web Token after "+quote(s.Prefix))
	}
	claims, signature, err := readToken(parts)
	if err != nil {
		return Verified{}, malformed(s.Header, err.Error())
	}
	input := token[:strings.LastIndexByte(token, '.')]
	matching := -1
	for i := range keys {
		check, err := keys[i].checker(s, func(to writer) { _, _ = to.Write([]byte(input)) })
		if err != nil {
			return Verified{}, err
		}
		if check(signature) && matching < 0 {
			matching = keys[i].index
		}
	}
	expected := s.Claims.Encoding.Append(nil, digestOf(s.Claims.Hash, r.body))
	vouched, _ := claims[s.Claims.Digest].(string)
	if isBody := hmac.Equal(expected, []byte(vouched)); matching < 0 || !isBody {
		return Verified{}, &Error{Problem: NoMatch, Header: s.Header}
	}
	verified := Verified{Secret: matching}
	verified.ID, _ = claims[s.Claims.ID].(string)
	verified.Timestamp, err = s.checkClaimedTimes(claims, r)
	if err != nil {
		return Verified{}, err
	}
	return verified, nil
}

type tokenError string

func (e tokenError) Error() string { return string(e) }

// readToken reads a token that says it was made with HS256 and nothing else.
func readToken(parts []string) (map[string]any, []byte, error) {
	decoded := make([][]byte, len(parts))
	for i, part := range parts {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || strings.ContainsAny(part, "\r\n") {
			return nil, nil, tokenError("the token is not base64url")
		}
		decoded[i] = raw
	}
	var header map[string]any // a struct would take "ALG" for "alg"
	if err := json.Unmarshal(decoded[0], &header); err != nil || header["alg"] != "HS256" || header["crit"] != nil {
		return nil, nil, tokenError("the token was not made with HS256")
	}
	var claims map[string]any
	if err := json.Unmarshal(decoded[1], &claims); err != nil || claims == nil {
		return nil, nil, tokenError("the token's claims are not a JSON object")
	}
	return claims, decoded[2], nil
}

// The claims that bound the time of every token (RFC 7519, section 4.1), whether or not
// a scheme names them.
const (
	expirationClaim = "exp"
	notBeforeClaim  = "nbf"
)

func (s *Scheme) checkClaimedTimes(claims map[string]any, r *request) (time.Time, error) {
	var signedAt time.Time
	var err error
	if s.Claims.Timestamp != "" {
		if signedAt, err = s.claimedTime(claims, s.Claims.Timestamp); err != nil {
			return time.Time{}, err
		}
		if err := s.checkAge(s.Header, signedAt, r.now); err != nil {
			return time.Time{}, err
		}
	}
	for _, name := range []string{s.Claims.Expires, expirationClaim} {
		if _, isThere := claims[name]; name == "" || !isThere && name != s.Claims.Expires {
			continue
		}
		expires, err := s.claimedTime(claims, name)
		if err == nil {
			err = checkExpiry(s.Header, expires, r)
		}
		if err != nil {
			return time.Time{}, err
		}
	}
	if _, isThere := claims[notBeforeClaim]; !isThere {
		return signedAt, nil
	}
	from, err := s.claimedTime(claims, notBeforeClaim)
	if err == nil && !r.anyTime && from.Sub(r.now) > s.Tolerance {
		err = &Error{Problem: TooNew, Header: s.Header, Age: r.now.Sub(from), Tolerance: s.Tolerance}
	}
	if err != nil {
		return time.Time{}, err
	}
	return signedAt, nil
}

// claimedTime reads a claim that must be a time in seconds.
func (s *Scheme) claimedTime(claims map[string]any, name string) (time.Time, error) {
	const farthest = 253_402_300_799 // seconds; the end of the year 9999, the last that every language has
	seconds, isNumber := claims[name].(float64)
	if !isNumber || seconds < 0 || seconds > farthest {
		return time.Time{}, malformed(s.Header, "the token has no time as "+quote(name))
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}
