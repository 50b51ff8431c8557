package egress

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/posthorn/posthorn"
)

// MaxResponseBody is how many bytes of a response's body are kept.
const MaxResponseBody = 16 << 10

// bodyTimeout is how long the body may take after the headers.
const bodyTimeout = 2 * time.Second

// receive turns a response into an outcome. Headers have arrived: nothing about
// the body changes the reason any more.
func (s *Sender) receive(response *http.Response, p *progress) posthorn.Outcome {
	outcome := posthorn.Outcome{
		Reason:           posthorn.ReasonSuccess,
		StatusCode:       response.StatusCode,
		RetryAfter:       parseRetryAfter(response.Header["Retry-After"], s.now()),
		ConnectionReused: p.reused.Load(),
	}
	if response.StatusCode < 200 || response.StatusCode > 599 {
		outcome.Reason = posthorn.ReasonProtocolError
		outcome.Detail = fmt.Sprintf("The receiver answered with the status %d, which HTTP doesn't know as an answer.", response.StatusCode)
		outcome.BodyTruncated = true
	} else {
		outcome.ResponseBody, outcome.BodyTruncated = s.readBody(response)
	}
	_ = response.Body.Close() // closes the connection, too, unless all was read
	outcome.Timings = p.timings()
	return outcome
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
