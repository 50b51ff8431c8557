package egress

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/posthorn/posthorn"
)

// buildError says that the request can't be sent as it is. Its text may hold
// parts of the request and is not shown.
type buildError struct{ err error }

func (e *buildError) Error() string { return "building the request: " + e.err.Error() }

func (e *buildError) Unwrap() error { return e.err }

// maxSends is how often one attempt may send its request: a second time when the
// first one met a connection that was dying, or was refused unprocessed.
const maxSends = 2

// errSentEnough: net/http wanted to send the request once more than that.
var errSentEnough = errors.New("the request was turned down each time")

// build makes a request for net/http.
func (s *Sender) build(ctx context.Context, r posthorn.Request, p *progress) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, cmp.Or(r.Method, http.MethodPost), r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, &buildError{err}
	}
	// An HTTP/2 receiver that turns requests down would get them again and again.
	whole := request.GetBody
	request.GetBody = func() (io.ReadCloser, error) {
		if p.sent.Load() >= maxSends {
			return nil, errSentEnough
		}
		return whole()
	}
	request.Header = make(http.Header, len(r.Headers)+2)
	request.Header["User-Agent"] = []string{s.userAgent}
	request.Header["Accept-Encoding"] = []string{"identity"}
	values := make([]string, len(r.Headers))
	for i, header := range r.Headers {
		if err := checkHeader(header); err != nil {
			return nil, err
		}
		name := headerKey(header.Name)
		if existing := request.Header[name]; existing != nil && name != "User-Agent" {
			request.Header[name] = append(existing, header.Value)
			continue
		}
		values[i] = header.Value
		request.Header[name] = values[i : i+1 : i+1]
	}
	return request, nil
}

// headerKey keeps two names out of net/http's sight: under their canonical
// names it would resend the request by itself, as often as it likes.
func headerKey(name string) string {
	key := http.CanonicalHeaderKey(name)
	if key == "Idempotency-Key" || key == "X-Idempotency-Key" {
		return strings.ToLower(key)
	}
	return key
}

// checkHeader repeats what was checked when the header was saved, because what
// HTTP itself sets must not be overruled.
func checkHeader(header posthorn.Header) error {
	if err := posthorn.ValidateHeaderName("", header.Name); err != nil {
		return &buildError{err}
	}
	for _, c := range []byte(header.Value) {
		if isControl(c) {
			return &buildError{errors.New("a header has control characters")}
		}
	}
	return nil
}

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }
