package detect

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/posthorn/posthorn/signature"
)

const rawBytesHint = "Verify the bytes as they come, before anything decodes the body: a body parser that keeps the raw body, or a route without one."

// otherBody finds how the body was written when it was signed.
func (i *inquiry) otherBody() (Diagnosis, bool) {
	return i.bodyFor(i.expected, valuesOf(i.current), "")
}

func (i *inquiry) bodyFor(one known, secrets []string, also string) (Diagnosis, bool) {
	for v := range variants(i.budget, &i.Request) {
		if i.isOver() {
			break
		}
		changed := i.Request.withBody(v.body)
		if !i.isSigned(one, secrets, &changed) {
			continue
		}
		offset := firstDifference(i.Request.Body, v.body)
		name := strings.TrimPrefix(v.name, "it is ")
		if name == v.name {
			name = "written as " + name
		}
		d := i.invalid(CauseReencoded, rawBytesHint, "The body was re-encoded: %s the signature is right%s. The bytes differ at offset %d.", name, also, offset)
		d.Offset = offset
		return d, true
	}
	return Diagnosis{}, false
}

// otherReading finds how the secret was read when it signed.
func (i *inquiry) otherReading() (Diagnosis, bool) {
	var found reading
	if !i.eachReading(func(one known, key string, how reading) bool {
		found = how
		return i.isSigned(one, []string{key}, &i.Request)
	}) {
		return Diagnosis{}, false
	}
	return i.invalid(CauseReading, i.readingHint(), "The secret is right, and was %s when it signed; the format %s wants it %s.", found.mistake, i.expected.name, i.expectedReading()), true
}

// eachReading tries the expected format with the keys that the secrets come to
// when they are read in other ways, until try is content.
func (i *inquiry) eachReading(try func(one known, key string, how reading) bool) bool {
	changed := i.expected
	changed.scheme.Key, changed.scheme.KeyPrefix = signature.Hex, ""
	changed.scheme.Alternatives = nil
	if changed.scheme.Algorithm == signature.Token || changed.scheme.Algorithm == signature.Ed25519 || changed.scheme.Algorithm == signature.ECDSAP256 {
		return false
	}
	for at, secret := range i.current {
		for _, how := range readings(secret.Value, at) {
			if i.isOver() {
				return false
			}
			if try(changed, hex.EncodeToString(how.key), how) {
				return true
			}
		}
	}
	return false
}

func (i *inquiry) expectedReading() string {
	scheme := &i.expected.scheme
	how := "used as its text"
	if scheme.Key != signature.Text && scheme.Key != "" {
		how = "decoded as " + string(scheme.Key)
	}
	if scheme.KeyPrefix != "" {
		how += fmt.Sprintf(" behind %q, and as its text without that prefix", scheme.KeyPrefix)
	}
	return how
}

func (i *inquiry) readingHint() string {
	return "Make the HMAC key of the secret in the same way on both sides."
}

// bodyAndReading finds both mistakes at once.
func (i *inquiry) bodyAndReading() (Diagnosis, bool) {
	var found Diagnosis
	isFound := i.eachReading(func(one known, key string, how reading) bool {
		d, fits := i.bodyFor(one, []string{key}, ", if the secret is "+how.mistake)
		found = d
		return fits
	})
	return found, isFound
}

// otherURL finds the URL that was signed.
func (i *inquiry) otherURL() (Diagnosis, bool) {
	if !i.expected.signsURL() {
		return Diagnosis{}, false
	}
	candidates := urlVariants(i.Request.URL)
	if i.Sent != nil {
		candidates = append([]string{i.Sent.URL}, candidates...)
	}
	for _, candidate := range candidates {
		changed := i.Request
		changed.URL, changed.IsSchemeGuessed = candidate, false
		if !i.isSigned(i.expected, valuesOf(i.current), &changed) {
			continue
		}
		came := i.Request.URL
		if came == "" {
			came = "a URL that the capture doesn't say"
		}
		return i.invalid(CauseURL, "Give the verification the URL that the sender knows, not the one behind a proxy.", "The signature is for another URL: it is right for %s, and the request came to %s.", candidate, came), true
	}
	return Diagnosis{}, false
}

func urlVariants(text string) []string {
	parsed, err := url.Parse(text)
	if err != nil || text == "" {
		return nil
	}
	var all []string
	for _, scheme := range []string{"https", "http"} {
		for _, path := range []string{parsed.Path, strings.TrimSuffix(parsed.Path, "/"), parsed.Path + "/"} {
			for _, query := range []string{parsed.RawQuery, ""} {
				for _, host := range []string{parsed.Host, parsed.Hostname()} {
					one := url.URL{Scheme: scheme, Host: host, Path: path, RawQuery: query}
					all = append(all, one.String())
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// otherID finds the id, or the time, that was signed in the place of the one in
// the header.
func (i *inquiry) otherID() (Diagnosis, bool) {
	candidates, moments := namesOf(&i.Request, nil), momentsOf(&i.Request)
	if i.Sent != nil {
		candidates = append([]string{i.Sent.EventID}, candidates...)
	}
	for _, scheme := range i.expected.schemes() {
		if d, found := i.headerFor(scheme.IDHeader, candidates, "id"); found {
			return d, true
		}
		if d, found := i.headerFor(scheme.TimestampHeader, moments, "time"); found {
			return d, true
		}
	}
	return Diagnosis{}, false
}

func momentsOf(r *Request) []string {
	moments := timesOf(r)
	for _, m := range envelopeOf(r).members {
		text := m.value.text
		if m.value.kind == constantKind {
			text = string(m.value.raw)
		}
		if _, isMoment := readMoment(text); isMoment {
			moments = append(moments, text)
		}
	}
	return moments
}

func (i *inquiry) headerFor(header string, candidates []string, what string) (Diagnosis, bool) {
	if header == "" {
		return Diagnosis{}, false
	}
	for _, candidate := range candidates {
		if i.isOver() || candidate == i.Request.value(header) || candidate == "" {
			continue
		}
		changed := i.Request.withHeader(header, candidate)
		if !i.isSigned(i.expected, valuesOf(i.current), &changed) {
			continue
		}
		if i.Request.value(header) == "" {
			return i.invalid(CauseMissingHeader, "Send the header, or declare a format that has the "+what+" elsewhere. If it was sent, see what drops it.",
				"There is no header %s with the %s: with %s in it the signature is right.", header, what, candidate), true
		}
		return i.invalid(CauseID, "Pass the header on as it came.", "The signature is for another %s: it is right for %s, and the header %s says %s.", what, candidate, header, i.Request.value(header)), true
	}
	return Diagnosis{}, false
}
