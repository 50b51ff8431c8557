package signature

import "encoding/json"

// maxJWKS bounds the keys that are taken from a set.
const maxJWKS = 64

// ParseJWKS reads a JSON Web Key Set (RFC 7517, section 5), such as the one that
// an environment publishes at /.well-known/jwks.json, and returns its keys as texts
// that Verify takes as secrets. Keys that aren't for signatures, or of a kind that
// this package doesn't know, are left out. The error is an *Error with BadSecret
// if it is not a set.
func ParseJWKS(text []byte) ([]string, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil || set.Keys == nil {
		return nil, &Error{Problem: BadSecret, Detail: "it is not a JSON Web Key Set"}
	}
	keys := make([]string, 0, min(len(set.Keys), maxJWKS))
	for _, key := range set.Keys {
		var about struct {
			Use string `json:"use"`
		}
		if json.Unmarshal(key, &about) != nil || about.Use != "" && about.Use != "sig" {
			continue
		}
		if _, err := ParsePublicKey(string(key)); err == nil && len(keys) < maxJWKS {
			keys = append(keys, string(key))
		}
	}
	return keys, nil
}
