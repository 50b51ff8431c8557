package egress

import (
	"errors"
	"fmt"
	"strings"

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

// refusedByPeer reports that the receiver turned down this request by itself: no
// reason to send it again at once. What it surely didn't process net/http has
// sent again by then (RFC 9113, section 8.7).
func refusedByPeer(failure error) bool {
	var stream streamError
	return errors.As(failure, &stream) || isGoAway(failure.Error())
}

// isGoAway knows the end of a connection by the receiver's GOAWAY (RFC 9113,
// section 6.8) by its text; net/http has no type for it.
func isGoAway(text string) bool {
	return strings.HasPrefix(text, "http2: ") && strings.Contains(text, " GOAWAY ")
}

func goAwayReason(text string) (posthorn.Reason, string) {
	// What follows "debug=" is the receiver's to choose.
	told, _, _ := strings.Cut(text, "debug=")
	if strings.Contains(told, "ENHANCE_YOUR_CALM") {
		return posthorn.ReasonRateLimited, "The receiver asked over HTTP/2 to slow down (ENHANCE_YOUR_CALM), and closed the connection."
	}
	return posthorn.ReasonConnectionClosed, "The receiver closed the HTTP/2 connection (GOAWAY) before an answer arrived. It may have received the request."
}
