package detect

import (
	"strings"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// Bounds of package signature: what goes beyond them costs nothing.
const (
	maxEntries    = 32
	maxComponents = 32
)

// costOfVerifying estimates, from above, what it takes to hold a request against a
// scheme and its alternatives with so many secrets.
func costOfVerifying(scheme *signature.Scheme, secrets int, r *Request) time.Duration {
	cost := time.Duration(1+len(r.Headers)) * costOfHeader
	cost += costOfScheme(scheme, secrets, r)
	for i := range scheme.Alternatives {
		cost += costOfScheme(&scheme.Alternatives[i], secrets, r)
	}
	return cost
}

func costOfScheme(s *signature.Scheme, secrets int, r *Request) time.Duration {
	cost := time.Duration(len(r.Headers)) * costOfHeader
	header := s.Header
	if s.Message != nil {
		header = inputHeader
	}
	lines := r.values(header)
	if len(lines) == 0 {
		return cost // it is missing: nothing is made
	}
	entries, length := 0, 0
	for _, line := range lines {
		inLine := entriesIn(s, line)
		if len(line) > maxHeaderValue || inLine > maxEntries {
			return cost // it is refused before it is read
		}
		length += len(line)
		entries += inLine
	}
	cost += time.Duration(length) * costOfScannedByte
	if s.Message != nil {
		return cost + costOfMessage(s, secrets, entries, r)
	}
	body := time.Duration(len(r.Body)) * costOfByte
	if s.Algorithm == signature.Token {
		return cost + time.Duration(secrets*entries)*costOfHeader
	}
	if s.Algorithm == signature.JWTHS256 {
		return cost + body + time.Duration(secrets)*(costOfHash+time.Duration(length)*costOfByte)
	}
	content := body*time.Duration(strings.Count(s.Content, "{body}")+strings.Count(s.Content, "{digest.")) +
		time.Duration(len(s.Content)+len(r.URL)*strings.Count(s.Content, "{url}")+maxHeaderValue*strings.Count(s.Content, "{header."))*costOfByte
	return cost + costOfSigning(s, secrets, entries, content)
}

// entriesIn is how many signatures a line may hold.
func entriesIn(s *signature.Scheme, line string) int {
	switch {
	case s.Message != nil:
		return strings.Count(line, "=(")
	case s.Separator == "":
		return 1
	default:
		return strings.Count(line, s.Separator) + 1
	}
}

// costOfSigning is that of making, or checking, signatures over a content.
func costOfSigning(s *signature.Scheme, secrets, entries int, content time.Duration) time.Duration {
	each := costOfEd25519
	switch s.Algorithm {
	case signature.Ed25519:
	case signature.ECDSAP256:
		each = costOfECDSA
	default:
		return time.Duration(secrets) * (costOfHash + content + time.Duration(entries)*costOfHeader)
	}
	return time.Duration(secrets) * (costOfPublicKey + content + time.Duration(entries)*(each+content))
}

// costOfMessage is that of message signatures: the body's digests, and each
// signature with its own base, which may repeat the longest header.
func costOfMessage(s *signature.Scheme, secrets, entries int, r *Request) time.Duration {
	longest := len(r.URL)
	for _, header := range r.Headers {
		longest = max(longest, min(len(header.Value), maxHeaderValue))
	}
	const digests = 2
	base := time.Duration(maxComponents*longest) * costOfByte
	perInput := base + maxComponents*time.Duration(len(r.Headers))*costOfHeader/4
	return time.Duration(digests*len(r.Body))*costOfByte + time.Duration(entries)*(perInput+costOfSigning(s, secrets, 1, base))
}

// costOfFit is that of comparing a request's form with a format's.
func (k *known) costOfFit(r *Request) time.Duration {
	members := 0
	if body, isJSON := r.json(); isJSON {
		members = len(body.members)
	}
	const perComparison = 5 * time.Nanosecond
	return costOfHash + time.Duration(len(k.format.Headers)*len(r.Headers)+len(k.format.Body)*members)*perComparison
}
