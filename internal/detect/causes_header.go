package detect

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// withHeader is the request with one line of that header, which says value.
func (r Request) withHeader(name, value string) Request {
	kept := make([]posthorn.Header, 0, len(r.Headers)+1)
	for _, header := range r.Headers {
		if !strings.EqualFold(header.Name, name) {
			kept = append(kept, header)
		}
	}
	r.Headers = append(kept, posthorn.Header{Name: name, Value: value})
	return r
}

// header tells of a header that can't be used as it is.
func (i *inquiry) header(problem *signature.Error) (Diagnosis, bool) {
	switch problem.Problem {
	case signature.MissingHeader:
		return i.missing(problem.Header)
	case signature.DoubledHeader:
		return i.doubled(problem.Header), true
	case signature.MalformedHeader:
		return i.malformed(problem), true
	case signature.MissingURL:
		return i.invalid(CauseURL, "Give a URL, or a capture with its request line and the header Host.", "The format %s signs the URL, and the capture doesn't say it.", i.expected.name), true
	case signature.BadSecret:
		return i.invalid(CauseSecret, "Give the secret as the format wants it: "+i.expectedReading()+".", "The secret can't be used for %s: %s.", i.expected.name, problem.Detail), true
	default:
		return Diagnosis{}, false
	}
}

func (i *inquiry) missing(name string) (Diagnosis, bool) {
	plain := plainName(name)
	for _, header := range i.Request.Headers {
		if strings.TrimPrefix(plainName(header.Name), "http") == plain {
			return i.invalid(CauseMissingHeader, "Pass the header on under its own name.", "The header %s is missing; %s stands in its place.", name, header.Name), true
		}
	}
	if d, found := i.unknownFormat(); found {
		return d, true
	}
	return i.invalid(CauseMissingHeader, "See what stands between sender and receiver and drops headers, and that the request is of this format.",
		"The header %s, which the format %s needs, is missing.", name, i.expected.name), true
}

func (i *inquiry) doubled(name string) Diagnosis {
	values := i.Request.values(name)
	what := "its lines differ"
	if len(slices.Compact(slices.Clone(values))) == 1 {
		what = "all its lines say the same"
	} else {
		for at, value := range values {
			changed := i.Request.withHeader(name, value)
			if i.isSigned(i.expected, valuesOf(i.current), &changed) {
				what = fmt.Sprintf("the signature is right with line %d of them", at+1)
			}
		}
	}
	return i.invalid(CauseDoubledHeader, "See who adds the header a second time.", "The header %s stands %d times; %s.", name, len(values), what)
}

func (i *inquiry) malformed(problem *signature.Error) Diagnosis {
	const hint = "Pass the header on as it came."
	value := i.Request.value(problem.Header)
	scheme := &i.expected.scheme
	fits := func(value string) bool {
		changed := i.Request.withHeader(problem.Header, value)
		return i.isSigned(i.expected, valuesOf(i.current), &changed)
	}
	if scheme.Prefix != "" && fits(scheme.Prefix+value) {
		return i.invalid(CauseMalformedHeader, hint, "The header %s lacks %q before the signature.", problem.Header, scheme.Prefix)
	}
	if first, second, found := strings.Cut(value, ", "); found && first == second && fits(first) {
		return i.invalid(CauseMalformedHeader, "See who adds the header a second time.", "The header %s stands twice, joined by a comma.", problem.Header)
	}
	if trimmed := strings.Trim(value, `"'`); trimmed != value && fits(trimmed) {
		return i.invalid(CauseMalformedHeader, hint, "The header %s has quotation marks around its value.", problem.Header)
	}
	if len(value) > maxHeaderValue {
		return i.invalid(CauseMalformedHeader, hint, "The header %s can't be read: %s.", problem.Header, problem.Detail)
	}
	for _, one := range candidatesIn(i.budget, 0, value, func(int) bool { return true }) {
		for _, encoding := range []signature.Encoding{signature.Hex, signature.Base64, signature.Base64URL} {
			if fits(value[:one.start] + encodeAs(encoding, one.raw) + value[one.end:]) {
				return i.invalid(CauseMalformedHeader, "Write it in "+string(encoding)+", or declare a format that writes "+string(one.encoding)+".", "The signature in %s is written in %s, and the format %s writes %s.", problem.Header, one.encoding, i.expected.name, encoding)
			}
		}
	}
	if d, found := i.unknownFormat(); found { // a signature of another algorithm is of another length
		return d
	}
	return i.invalid(CauseMalformedHeader, hint, "The header %s can't be read: %s.", problem.Header, problem.Detail)
}

func encodeAs(encoding signature.Encoding, raw []byte) string {
	switch encoding {
	case signature.Hex:
		return hex.EncodeToString(raw)
	case signature.Base64URL:
		return base64.URLEncoding.EncodeToString(raw)
	default:
		return base64.StdEncoding.EncodeToString(raw)
	}
}

// lengths tells of a body that was cut off, or has more behind it.
func (i *inquiry) lengths() (Diagnosis, bool) {
	length, isSaid := i.Request.saidLength()
	came := len(i.Request.Body)
	switch {
	case came == 0:
		return i.invalid(CauseLength, rawBytesHint, "The body is empty: something read it, or lost it, before it was verified."), true
	case !isSaid || length == came:
		return Diagnosis{}, false
	case came < length && !json.Valid(i.Request.Body):
		return i.invalid(CauseLength, "See where the rest is lost: a limit of size, or a connection that ended early.", "The body is cut off: %d bytes came, and Content-Length says %d.", came, length), true
	}
	if came < length {
		return Diagnosis{}, false // it is whole, so it was written anew
	}
	cut := i.Request.withBody(i.Request.Body[:length])
	if i.isSigned(i.expected, valuesOf(i.current), &cut) {
		return i.invalid(CauseLength, rawBytesHint, "The body has %d bytes behind its end: the signature is right for the first %d, which is what Content-Length says.", came-length, length), true
	}
	return Diagnosis{}, false
}

// otherLength tells of a body of another length, when nothing tells how it came about.
func (i *inquiry) otherLength() (Diagnosis, bool) {
	length, isSaid := i.Request.saidLength()
	if came := len(i.Request.Body); isSaid && length != came {
		return i.invalid(CauseLength, rawBytesHint, "The body is not the one that was sent: %d bytes came, and Content-Length says %d.", came, length), true
	}
	return Diagnosis{}, false
}

// digest tells of a body that doesn't have its own digest.
func (i *inquiry) digest(problem *signature.Error) (Diagnosis, bool) {
	if problem.Problem != signature.NoMatch || !isDigestHeader(problem.Header) {
		return Diagnosis{}, false
	}
	return i.invalid(CauseBody, rawBytesHint, "The body is not the one that was sent: %s has the digest of another one.", problem.Header), true
}

// unknownFormat searches for what the secret signed.
func (i *inquiry) unknownFormat() (Diagnosis, bool) {
	if i.isOver() {
		return Diagnosis{}, false
	}
	const share = 4
	var found Inference
	i.budget.sharing(share, func(part *Budget) {
		found = infer(&Example{Request: i.Request, Secrets: valuesOf(i.current), Name: "inferred", Budget: part})
	})
	if !found.IsFound || len(found.Format.Signatures) == 0 {
		return Diagnosis{}, false
	}
	if i.Format == "" {
		return i.invalid(CauseUnknownFormat, "Declare the format: `posthorn format infer` prints it.", "The secret is right, and the request is of a format that isn't known. %s", describe(&found.Format.Signatures[0])), true
	}
	return i.invalid(CauseUnknownFormat, "Declare the format: `posthorn format infer` prints it.", "The secret is right, and the request is not of the format %s. %s", i.expected.name, describe(&found.Format.Signatures[0])), true
}

// sentBody compares with what was sent.
func (i *inquiry) sentBody() (Diagnosis, bool) {
	if i.Sent == nil {
		return Diagnosis{}, false
	}
	offset := firstDifference(i.Request.Body, i.Sent.Body)
	if offset < 0 {
		return Diagnosis{}, false
	}
	const shownBytes = 24
	excerpt := func(body []byte) string {
		return fmt.Sprintf("%q", body[min(offset, len(body)):min(offset+shownBytes, len(body))])
	}
	d := i.invalid(CauseBody, rawBytesHint, "The body is not the one that was sent: the bytes differ at offset %d, where %s was sent and %s came.", offset, excerpt(i.Sent.Body), excerpt(i.Request.Body))
	d.Offset = offset
	return d, true
}
