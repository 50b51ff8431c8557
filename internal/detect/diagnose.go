package detect

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// diagnose verifies, and looks for the cause if that fails. Of several causes the
// first in this order is told.
func (i *inquiry) diagnose() Diagnosis {
	current := valuesOf(i.current)
	if i.expected.name == "" {
		i.choose(current)
	}
	verified, err := i.verify(i.expected, current, &i.Request, true)
	if err == nil {
		return i.valid(i.expected, verified)
	}
	if errors.Is(err, errTooCostly) {
		return i.stop()
	}
	var problem *signature.Error
	if !errors.As(err, &problem) {
		problem = &signature.Error{Problem: signature.BadScheme, Detail: err.Error()}
	}
	if problem.Problem == signature.TooOld || problem.Problem == signature.TooNew {
		return i.clock(problem)
	}
	for _, find := range []func() (Diagnosis, bool){
		i.otherFormat, i.formerSecret, i.otherBody, i.otherReading, i.otherURL, i.otherID,
		func() (Diagnosis, bool) { return i.header(problem) },
		i.lengths, i.sentBody, i.bodyAndReading, i.otherLength,
		func() (Diagnosis, bool) { return i.digest(problem) }, i.unknownFormat,
	} {
		if d, found := find(); found {
			return d
		}
	}
	if i.budget.isShort {
		return i.stop()
	}
	if i.Sent != nil { // or else its body would have been told of
		return i.invalid(CauseSecret, "Give the receiver the webhook's secret as it is now.", "The body is the one that was sent, and no signature in %s fits: the secret is another one.", i.signatureHeader())
	}
	return i.invalid(CauseSecret, "Check that the secret is this webhook's, and verify the bytes of the body as they come, before anything decodes them.",
		"No signature in %s fits: the secret is another one, or the body was changed in a way that can't be guessed.", i.signatureHeader())
}

// choose takes the format that the request verifies as, or else has the form of.
func (i *inquiry) choose(secrets []string) {
	best, found := i.best(func(one known) bool { return i.isSigned(one, secrets, &i.Request) })
	i.isNearest = !found
	if !found {
		best, found = i.best(func(one known) bool { return i.isReadable(one, secrets) })
	}
	if !found {
		best, found = i.best(func(known) bool { return true })
	}
	if !found && len(i.known) > 0 { // comparing was too costly already
		best = i.known[0]
	}
	i.expected = best
}

// isReadable reports whether a request has all that a format needs.
func (i *inquiry) isReadable(one known, secrets []string) bool {
	_, err := i.verify(one, secrets, &i.Request, false)
	return errors.Is(err, signature.NoMatch)
}

func (i *inquiry) signatureHeader() string {
	if i.expected.scheme.Header == "" {
		return signatureHeader
	}
	return i.expected.scheme.Header
}

// clock tells of a good signature at a bad time.
func (i *inquiry) clock(problem *signature.Error) Diagnosis {
	if problem.Tolerance == 0 { // the request says itself until or from when it is good
		word := "expired at"
		if problem.Problem == signature.TooNew {
			word = "isn't good before"
		}
		return i.invalid(CauseClock, "Set the clocks of the sender and of the receiver. For a request that was captured earlier, say when it came.",
			"The signature is right, and the request %s %s; checked at %s.", word, i.Now.Add(-problem.Age).UTC().Format(time.RFC3339), i.Now.UTC().Format(time.RFC3339))
	}
	signedAt := i.Now.Add(-problem.Age)
	unit, other := signature.Seconds, ""
	text := strings.TrimSpace(i.Request.value(problem.Header))
	for _, field := range append([]string{text}, fieldsOf(text)...) {
		at, isMoment := readMoment(field)
		if isMoment && at.form != textForm && other == "" {
			other = field
			signedAt = at.at
			if at.form == millisecondsForm {
				unit = signature.Milliseconds
			}
		}
	}
	for _, scheme := range i.expected.schemes() {
		expected := scheme.TimestampUnit
		if expected == "" {
			expected = signature.Seconds
		}
		if other != "" && expected != unit && (scheme.TimestampHeader == problem.Header || scheme.Header == problem.Header) {
			words := map[signature.Unit]string{signature.Seconds: "seconds", signature.Milliseconds: "milliseconds"}
			return i.invalid(CauseUnit, "Write it in "+words[expected]+" where the request is made, or declare a format that counts "+words[unit]+".",
				"The timestamp %s counts %s, and the format %s counts %s.", other, words[unit], i.expected.name, words[expected])
		}
	}
	d := i.invalid(CauseClock, "Set the clocks of the sender and of the receiver. For a request that was captured earlier, say when it came.",
		"The signature is right, and its time is off by %s: signed at %s, checked at %s, and %s are allowed.",
		problem.Age.Abs().Round(time.Second), signedAt.UTC().Format(time.RFC3339), i.Now.UTC().Format(time.RFC3339), problem.Tolerance)
	d.SignedAt = signedAt
	return d
}

// otherFormat finds a known format that the request is of.
func (i *inquiry) otherFormat() (Diagnosis, bool) {
	other, found := i.best(func(one known) bool {
		return one.name != i.expected.name && i.isSigned(one, valuesOf(i.current), &i.Request)
	})
	if !found {
		return Diagnosis{}, false
	}
	return i.invalid(CauseFormat, "Verify it as "+other.name+", or give the webhook the format "+i.expected.name+".",
		"This is a request of the format %s, not %s.", other.name, i.expected.name), true
}

// formerSecret finds a secret that is no longer valid.
func (i *inquiry) formerSecret() (Diagnosis, bool) {
	for number, secret := range i.former {
		for _, one := range append([]known{i.expected}, i.known...) {
			if !i.isSigned(one, []string{secret.Value}, &i.Request) {
				continue
			}
			which := fmt.Sprintf("secret number %d of those given, not with the first", len(i.current)+number+1)
			if !secret.EndedAt.IsZero() {
				which = "the secret that was rotated out on " + secret.EndedAt.UTC().Format(time.RFC3339)
			}
			hint := "Give the receiver the current secret, or sign with the one that it has."
			if one.name != i.expected.name {
				return i.invalid(CauseFormerSecret, hint, "Signed with %s, as %s.", which, one.name), true
			}
			return i.invalid(CauseFormerSecret, hint, "Signed with %s.", which), true
		}
	}
	return Diagnosis{}, false
}
