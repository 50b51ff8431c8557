package egress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// MaxResponseBody is how many bytes of a response's body are kept.
const MaxResponseBody = 16 << 10

// bodyTimeout is how long the body may take after the headers.
const bodyTimeout = 2 * time.Second

// reply is what came back once its headers have arrived: a response whose body is
// still to be read, or, without one, a status from 200 to 599 and a whole body.
type reply struct {
	response *http.Response
	status   int
	body     []byte
}

// receive turns an answer into an outcome. Headers have arrived: nothing about
// the body changes the reason any more.
func (s *Sender) receive(answered reply, r posthorn.Request, p *progress) posthorn.Outcome {
	response := answered.response
	if response == nil {
		return posthorn.Outcome{
			Reason: posthorn.ReasonSuccess, StatusCode: answered.status, ResponseBody: answered.body,
			ConnectionReused: p.reused.Load(), Timings: p.timings(),
		}
	}
	outcome := posthorn.Outcome{
		Reason:           posthorn.ReasonSuccess,
		StatusCode:       response.StatusCode,
		RetryAfter:       parseRetryAfter(response.Header["Retry-After"], s.now()),
		Headers:          wanted(response.Header, r.Wanted),
		ConnectionReused: p.reused.Load(),
	}
	if fault := faultOf(response); fault != "" {
		outcome.Reason, outcome.Detail, outcome.BodyTruncated = posthorn.ReasonProtocolError, fault, true
	} else {
		outcome.Detail = redirection(response)
		outcome.ResponseBody, outcome.BodyTruncated = s.readBody(response)
	}
	_ = response.Body.Close() // closes the connection, too, unless all was read
	outcome.Timings = p.timings()
	return outcome
}

// wanted picks headers by their names; one that is there several times counts once,
// with its values joined (RFC 9110, section 5.3).
func wanted(header http.Header, names []string) []posthorn.Header {
	var picked []posthorn.Header
	for _, name := range names {
		if values := header.Values(name); len(values) > 0 {
			picked = append(picked, posthorn.Header{Name: name, Value: clip(strings.Join(values, ", "))})
		}
	}
	return picked
}

// faultOf says what is wrong with a response's first line, which net/http reads
// with much patience; it is empty for a proper one. What calls itself HTTP/2
// without having agreed on it isn't (RFC 9113, section 3).
func faultOf(response *http.Response) string {
	isAgreed := response.ProtoMajor == 1 || response.ProtoMajor == 2 && response.TLS != nil && response.TLS.NegotiatedProtocol == "h2"
	switch {
	case !isAgreed:
		return fmt.Sprintf("The receiver answered in HTTP/%d.%d, which it was not asked in.", response.ProtoMajor, response.ProtoMinor)
	case response.StatusCode < 200 || response.StatusCode > 599:
		return fmt.Sprintf("The receiver answered with the status %d, which HTTP doesn't know as an answer.", response.StatusCode)
	default:
		return ""
	}
}

// redirection says where a redirect points to, empty for what is none. User,
// password, query and fragment are left out, because they may hold secrets.
func redirection(response *http.Response) string {
	if response.StatusCode < 300 || response.StatusCode > 399 {
		return ""
	}
	target, err := response.Location()
	switch {
	case errors.Is(err, http.ErrNoLocation):
		return ""
	case err != nil:
		return "Where it points to can't be read."
	case target.Opaque != "":
		return `It points to a URL of the kind "` + clip(target.Scheme) + `:".`
	}
	shown := url.URL{Scheme: target.Scheme, Host: target.Host, Path: target.Path, RawPath: target.RawPath}
	text := clip(shown.String())
	if target.RawQuery != "" {
		text += "?..."
	}
	return `It points to "` + text + `".`
}

// readBody reads up to the limit and one byte more, which tells whether there
// is more; a body that was read to its end leaves the connection usable.
func (s *Sender) readBody(response *http.Response) ([]byte, bool) {
	if response.Body == http.NoBody || response.ContentLength == 0 {
		return nil, false
	}
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	length, complete := 0, false
	for length < len(*buffer) && !complete {
		n, err := response.Body.Read((*buffer)[length:])
		length += n
		if complete = err == io.EOF; err != nil {
			break
		}
	}
	return bytes.Clone((*buffer)[:min(length, MaxResponseBody)]), !complete || length > MaxResponseBody
}
