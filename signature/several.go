package signature

import "errors"

// kinds are the kinds of keys that the schemes of a format take between them.
type kinds struct{ shared, public bool }

func kindsOf(schemes []Scheme) kinds {
	var k kinds
	for i := range schemes {
		isPublic := schemes[i].Algorithm.isAsymmetric()
		k.public, k.shared = k.public || isPublic, k.shared || !isPublic
	}
	return k
}

// isPublic reports whether a secret is taken for a public key. It depends on nothing
// but the text and the format, so that no text is tried as both.
func (k kinds) isPublic(secret string) bool { return !k.shared || looksPublic(secret) }

// boundsTime reports whether a request that fits the scheme stops fitting by itself.
func (s *Scheme) boundsTime() bool {
	return s.Tolerance > 0 || s.Algorithm == JWTHS256 && s.Claims != nil && s.Claims.Expires != ""
}

// signsTime reports whether the scheme has a timestamp to tolerate.
func (s *Scheme) signsTime() bool {
	switch {
	case s.Message != nil:
		return true
	case s.Algorithm == Token:
		return false
	case s.Algorithm == JWTHS256:
		return s.Claims != nil && s.Claims.Timestamp != ""
	default:
		return s.TimestampHeader != "" || s.TimestampPrefix != ""
	}
}

// checkTimesAgree refuses schemes of which some bound the time of a request and
// others don't. Whoever keeps a request that is signed in both ways could take the
// signature over the time away, and what is left would be accepted for ever.
func checkTimesAgree(schemes []Scheme) error {
	for i := range schemes {
		if schemes[i].boundsTime() != schemes[0].boundsTime() {
			return badScheme("of schemes side by side all tolerate a time, or none does: leave out those without a tolerance")
		}
	}
	return nil
}

// withOptions returns the scheme and its alternatives with the tolerance that was
// asked for.
func (s *Scheme) withOptions(set settings) ([]Scheme, error) {
	schemes := append([]Scheme{*s}, s.Alternatives...)
	if !set.hasTolerance {
		return schemes, nil
	}
	for i := range schemes {
		if schemes[i].signsTime() {
			schemes[i].Tolerance = set.tolerance
		}
	}
	if set.tolerance == 0 {
		return schemes, nil
	}
	return schemes, checkTimesAgree(schemes)
}

// verifyAny accepts a request that fits one of the schemes. One that fits and whose time
// isn't tolerated ends it: a further scheme must not save what is too old.
func verifyAny(schemes []Scheme, secrets []string, r *request) (Verified, error) {
	takes := kindsOf(schemes)
	var failure error
	for i := range schemes {
		scheme := &schemes[i]
		keys, err := scheme.keys(secrets, takes)
		if err == nil && len(keys) == 0 {
			continue // there are secrets, for alternatives of this scheme
		}
		var verified Verified
		if err == nil {
			verified, err = scheme.verify(keys, r)
		}
		switch {
		case err == nil:
			verified.Scheme = scheme.Name
			return verified, nil
		case errors.Is(err, TooOld), errors.Is(err, TooNew):
			return Verified{}, err
		case failure == nil || errors.Is(err, NoMatch) || errors.Is(failure, MissingHeader) && errors.Is(err, MalformedHeader):
			failure = err // of several reasons the last one is told, and a header that is there says more than one that isn't
		}
	}
	if failure == nil {
		failure = &Error{Problem: BadSecret, Detail: "none of them is of a kind that the format uses"}
	}
	return Verified{}, failure
}
