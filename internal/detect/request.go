package detect

import (
	"bytes"
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// MaxRequest is the longest text of a captured request, in bytes.
const MaxRequest = 1 << 20

// maxRequestHeaders is how many headers a captured request may have, and maxURL how
// long its URL may be.
const (
	maxRequestHeaders = 200
	maxURL            = 8 << 10
)

// Request is a captured HTTP request.
type Request struct {
	Method string
	// URL is where it was sent to; empty when the capture doesn't say.
	URL string
	// IsSchemeGuessed: the capture doesn't say whether it was https, as URL says.
	IsSchemeGuessed bool
	// Headers are as they came, in order.
	Headers []posthorn.Header
	Body    []byte
	// ReceivedAt is when it came; zero when the capture doesn't say.
	ReceivedAt time.Time
	// parsed is the body as JSON once it was looked at.
	parsed *parsed
}

// values returns the lines of a header.
func (r *Request) values(name string) []string {
	var values []string
	for _, header := range r.Headers {
		if strings.EqualFold(header.Name, name) {
			values = append(values, header.Value)
		}
	}
	return values
}

// value returns a header's first line, or nothing.
func (r *Request) value(name string) string {
	if values := r.values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// headers are the headers as package signature takes them.
func (r *Request) headers() map[string][]string {
	headers := make(map[string][]string, len(r.Headers))
	for _, header := range r.Headers {
		headers[header.Name] = append(headers[header.Name], header.Value)
	}
	return headers
}

// saidLength is the length that Content-Length says.
func (r *Request) saidLength() (int, bool) {
	length, err := strconv.Atoi(strings.TrimSpace(r.value("Content-Length")))
	return length, err == nil && length >= 0
}

// urls are the URLs that the request may have been sent to.
func (r *Request) urls() []string {
	rest, isHTTPS := strings.CutPrefix(r.URL, "https://")
	switch {
	case r.URL == "":
		return nil
	case r.IsSchemeGuessed && isHTTPS:
		return []string{r.URL, "http://" + rest}
	default:
		return []string{r.URL}
	}
}

func (r *Request) isForm() bool {
	kind, _, err := mime.ParseMediaType(r.value("Content-Type"))
	return err == nil && kind == "application/x-www-form-urlencoded"
}

// withBody is the request with another body.
func (r Request) withBody(body []byte) Request {
	r.Body = body
	return r
}

// ReadRequest reads a captured request: the text of HTTP/1.1 with lines that end
// in CRLF or LF, what curl -v shows with the body behind it, or JSON with method,
// url, headers and body or bodyBase64, as a line of posthorn sink has it too. It returns an *posthorn.Error with
// CodeMalformed, or CodeTooLarge over MaxRequest.
func ReadRequest(text []byte) (Request, error) {
	if len(text) > MaxRequest {
		return Request{}, &posthorn.Error{Code: posthorn.CodeTooLarge, Message: fmt.Sprintf("The request is %d bytes long; the limit is %d.", len(text), MaxRequest), Hint: "Capture a smaller request of the same sender."}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if len(trimmed) == 0 {
		return Request{}, malformedRequest("The request is empty.")
	}
	if trimmed[0] == '{' {
		return readJSONRequest(trimmed)
	}
	return readTextRequest(trimmed)
}

func malformedRequest(message string) error {
	return &posthorn.Error{Code: posthorn.CodeMalformed, Message: message, Hint: "Give the request line, the headers, an empty line and the body; or JSON with method, url, headers and body."}
}

// finish fills in what the headers say of the URL and the body.
func (r *Request) finish(target string) error {
	if len(r.Headers) > maxRequestHeaders {
		return malformedRequest(fmt.Sprintf("The request has %d headers, more than the %d allowed.", len(r.Headers), maxRequestHeaders))
	}
	if len(target) > maxURL {
		return malformedRequest(fmt.Sprintf("The request's URL is longer than the %d bytes allowed.", maxURL))
	}
	if strings.Contains(target, "://") {
		r.URL = target
		return nil
	}
	host := r.value("Host")
	if host == "" {
		return nil
	}
	scheme := strings.ToLower(strings.TrimSpace(r.value("X-Forwarded-Proto")))
	if scheme != "http" && scheme != "https" {
		scheme, r.IsSchemeGuessed = "https", true
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	r.URL = scheme + "://" + host + target
	return nil
}

// EventIDs are the texts of a request that may be the id of its event, the most
// likely first.
func (r *Request) EventIDs() []string { return namesOf(r, nil) }

// SignedAt is the moment that the request says it was signed; zero if it says none.
func (r *Request) SignedAt() time.Time {
	for _, text := range timesOf(r) {
		if at, isMoment := readMoment(text); isMoment {
			return at.at
		}
	}
	return time.Time{}
}
