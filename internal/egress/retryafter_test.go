package egress

import (
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

func retryNow() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// Invariant: Retry-After is read as seconds or date, and nothing that a
// receiver writes there gets out of bounds.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"120": 2 * time.Minute, " 7 ": 7 * time.Second, "0": 0, "007": 7 * time.Second,
		"86400": posthorn.MaxRetryAfter, "86401": posthorn.MaxRetryAfter,
		"99999999999999999999": posthorn.MaxRetryAfter, "9223372036854775807": posthorn.MaxRetryAfter,
		"Sun, 01 Mar 2026 12:02:00 GMT":  2 * time.Minute,
		"Sunday, 01-Mar-26 12:00:30 GMT": 30 * time.Second,
		"Sun Mar  1 12:00:05 2026":       5 * time.Second,
		"Sun, 01 Mar 2026 11:59:59 GMT":  0,
		"Thu, 01 Jan 1970 00:00:00 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  posthorn.MaxRetryAfter,
		"":                               0, "-1": 0, "+5": 0, "1e300": 0, "NaN": 0, "inf": 0, "1.5": 0, "0x10": 0, "soon": 0, "١٢": 0,
		strings.Repeat("9", 1<<16): 0,
	} {
		if got := parseRetryAfter([]string{text}, retryNow()); got != want {
			t.Errorf("%.40q: %v, want %v", text, got, want)
		}
	}
	if got := parseRetryAfter([]string{"5", "50000"}, retryNow()); got != 5*time.Second {
		t.Errorf("two headers: %v, want the first", got)
	}
	if got := parseRetryAfter(nil, retryNow()); got != 0 {
		t.Errorf("no header: %v", got)
	}
}

// Invariant: always within [0, MaxRetryAfter], never a panic.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"120", "-1", "1e300", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"} {
		f.Add(seed, int64(0))
	}
	f.Fuzz(func(t *testing.T, text string, now int64) {
		got := parseRetryAfter([]string{text}, time.Unix(now, 0))
		if got < 0 || got > posthorn.MaxRetryAfter {
			t.Fatalf("%q at %d: %v", text, now, got)
		}
	})
}
