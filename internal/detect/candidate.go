package detect

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// candidate is a place in a header that may be a signature.
type candidate struct {
	// header is the index of the header; start and end are within its value.
	header, start, end int
	raw                []byte
	encoding           posthorn.Encoding
	// isUpper: hexadecimal digits in upper case; isUnpadded: base64 without "=".
	isUpper, isUnpadded bool
}

const (
	maxCandidates  = 12
	maxHeaderValue = 8 << 10
)

// entryEnds are what may stand behind a signature in a header.
const entryEnds = ",;|& \t\""

// candidates finds what may be signatures; the most likely headers come first.
func candidates(b *Budget, r *Request, isWanted func(length int) bool) []candidate {
	var found []candidate
	for i, header := range r.Headers {
		if isPlumbing(header.Name) || isDigestHeader(header.Name) || len(header.Value) > maxHeaderValue {
			continue
		}
		found = append(found, candidatesIn(b, i, header.Value, isWanted)...)
	}
	slices.SortStableFunc(found, func(one, other candidate) int {
		return likelihood(r.Headers[other.header].Name) - likelihood(r.Headers[one.header].Name)
	})
	return found[:min(len(found), maxCandidates)]
}

// likelihood is higher for headers whose name speaks of a signature.
func likelihood(name string) int {
	name = strings.ToLower(name)
	for _, word := range []string{"sign", "hmac", "hash", "digest", "token", "auth", "secret"} {
		if strings.Contains(name, word) {
			return 1
		}
	}
	return 0
}

func candidatesIn(b *Budget, header int, text string, isWanted func(int) bool) []candidate {
	var found []candidate
	for start := 0; start < len(text); start++ {
		if start > 0 && isAlphanumeric(text[start-1]) {
			continue
		}
		if !b.Take(costOfPlace) {
			break
		}
		for _, length := range encodedLengths(len(text) - start) {
			end := start + length
			if end < len(text) && !strings.ContainsRune(entryEnds, rune(text[end])) {
				continue
			}
			one, isEncoded := decodeCandidate(text[start:end])
			if isEncoded && isWanted(len(one.raw)) {
				one.header, one.start, one.end = header, start, end
				found = append(found, one)
				start = end
				break
			}
		}
	}
	return found
}

// encodedLengths are the lengths of signatures as they are written, longest first:
// of 20, 32 and 64 bytes and of ECDSA in DER.
func encodedLengths(most int) []int {
	lengths := []int{144, 142, 140, 138, 136, 128, 96, 95, 94, 92, 91, 88, 86, 64, 44, 43, 40, 28, 27}
	return slices.DeleteFunc(lengths, func(length int) bool { return length > most })
}

func decodeCandidate(text string) (candidate, bool) {
	if raw, err := hex.DecodeString(text); err == nil {
		return candidate{raw: raw, encoding: posthorn.EncodingHex, isUpper: text != strings.ToLower(text)}, true
	}
	unpadded := strings.TrimRight(text, "=")
	isUnpadded := len(text)%4 != 0
	if isUnpadded && unpadded != text {
		return candidate{}, false
	}
	if raw, err := base64.RawStdEncoding.Strict().DecodeString(unpadded); err == nil {
		return candidate{raw: raw, encoding: posthorn.EncodingBase64, isUnpadded: isUnpadded}, true
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(unpadded)
	return candidate{raw: raw, encoding: posthorn.EncodingBase64URL, isUnpadded: isUnpadded}, err == nil
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isPlumbing reports whether a header belongs to HTTP, or to what stands between
// sender and receiver, and not to the dialect.
func isPlumbing(name string) bool {
	name = strings.ToLower(name)
	for _, beginning := range []string{"x-forwarded-", "cf-", "x-amzn-", "x-b3-", "sec-", "x-envoy-", "x-vercel-", "fly-"} {
		if strings.HasPrefix(name, beginning) {
			return true
		}
	}
	switch name {
	case "host", "content-length", "content-type", "content-encoding", "user-agent", "accept", "accept-encoding", "accept-language", "accept-charset",
		"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect", "date", "via", "forwarded", "x-real-ip",
		"traceparent", "tracestate", "baggage", "x-request-id", "x-correlation-id", "x-cloud-trace-context", "cdn-loop", "true-client-ip",
		"sentry-trace", "cookie", "cache-control", "pragma", "priority", "proxy-connection", "x-amz-cf-id", "ngrok-skip-browser-warning":
		return true
	}
	return false
}

// isDigestHeader: a digest that needs no secret is no signature.
func isDigestHeader(name string) bool {
	switch strings.ToLower(name) {
	case "content-digest", "repr-digest", "digest", "content-md5", "etag":
		return true
	}
	return false
}
