package egress

import (
	"errors"
	"fmt"

	"github.com/posthorn/posthorn"
)

// streamError is an HTTP/2 RST_STREAM. The HTTP/2 client within net/http fills
// any struct with these fields by errors.As.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return fmt.Sprintf("stream %d reset: %d", e.StreamID, e.Code) }

// HTTP/2 error codes (RFC 9113, section 7).
const (
	http2RefusedStream   = 0x7
	http2EnhanceYourCalm = 0xb
)

func (e streamError) reason() (posthorn.Reason, string) {
	switch e.Code {
	case http2EnhanceYourCalm:
		return posthorn.ReasonRateLimited, "The receiver asked over HTTP/2 to slow down (ENHANCE_YOUR_CALM)."
	case http2RefusedStream:
		return posthorn.ReasonConnectionReset, "The receiver refused the request over HTTP/2 without processing it."
	default:
		return posthorn.ReasonProtocolError, "The receiver reset the HTTP/2 stream before an answer arrived. It may have received the request."
	}
}

// refusedByPeer reports that the receiver turned down this one request on a
// connection that lives: no reason to send it again at once.
func refusedByPeer(failure error) bool {
	var stream streamError
	return errors.As(failure, &stream)
}
