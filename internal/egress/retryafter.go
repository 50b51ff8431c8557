package egress

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// maxRetryAfterText is longer than every date that HTTP knows.
const maxRetryAfterText = 64

// parseRetryAfter reads Retry-After (RFC 9110, section 10.2.3): whole seconds
// or a date. Only the first value of several counts. What can't be read, or
// lies in the past, is 0; nothing is more than posthorn.MaxRetryAfter.
func parseRetryAfter(values []string, now time.Time) time.Duration {
	if len(values) == 0 {
		return 0
	}
	text := strings.TrimSpace(values[0])
	if text == "" || len(text) > maxRetryAfterText {
		return 0
	}
	if strings.Trim(text, "0123456789") == "" {
		return secondsOf(text)
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), posthorn.MaxRetryAfter)
}

// secondsOf reads digits; a number too large to read is a long wait, too.
func secondsOf(digits string) time.Duration {
	seconds, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || seconds > uint64(posthorn.MaxRetryAfter/time.Second) {
		return posthorn.MaxRetryAfter
	}
	return time.Duration(seconds) * time.Second
}
