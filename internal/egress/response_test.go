package egress

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: every status from 200 to 599 is handed to the caller to judge, and
// a redirect is never followed.
func TestEveryStatusIsHandedOn(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int64
	elsewhere := newReceiver(t, func(http.ResponseWriter, *http.Request) { strayed.Add(1) })
	receiver := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("Location", elsewhere.URL)
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(code)
	})
	sender := newSender(t, Options{})
	for _, code := range []int{200, 201, 202, 204, 205, 206, 299, 301, 302, 303, 307, 308, 400, 404, 410, 429, 500, 502, 503, 504, 599} {
		outcome := sender.Send(t.Context(), requestTo(receiver.URL+"/"+strconv.Itoa(code)))
		if outcome.Reason != posthorn.ReasonSuccess || outcome.StatusCode != code || outcome.RetryAfter != 2*time.Minute {
			t.Errorf("status %d: %+v", code, outcome)
		}
	}
	if strayed.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// bothWays are bodies of requests: one goes out directly, the other by net/http.
func bothWays() map[string][]byte {
	return map[string][]byte{"directly": make([]byte, maxDirectBody), "by net/http": make([]byte, maxDirectBody+1)}
}

// Invariant: what is not a proper answer is never taken for one, and has the same
// reason whichever way the request went.
func TestHostileResponses(t *testing.T) {
	t.Parallel()
	const length = "Content-Length: 0\r\n\r\n"
	flood := strings.Repeat("X-Flood: "+strings.Repeat("x", 1000)+"\r\n", 1000)
	for name, test := range map[string]struct {
		raw    string
		reason posthorn.Reason
		status int
	}{
		"status 0":                     {"HTTP/1.1 000 No\r\n" + length, posthorn.ReasonProtocolError, 0},
		"status 99":                    {"HTTP/1.1 099 No\r\n" + length, posthorn.ReasonProtocolError, 99},
		"status 600":                   {"HTTP/1.1 600 No\r\n" + length, posthorn.ReasonProtocolError, 600},
		"status 999":                   {"HTTP/1.1 999 No\r\n" + length, posthorn.ReasonProtocolError, 999},
		"status 2000":                  {"HTTP/1.1 2000 OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"status -200":                  {"HTTP/1.1 -200 OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"status two":                   {"HTTP/1.1 two OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"HTTP/7.3":                     {"HTTP/7.3 200 OK\r\n" + length, posthorn.ReasonProtocolError, 200},
		"HTTP/0.9":                     {"HTTP/0.9 200 OK\r\n" + length, posthorn.ReasonProtocolError, 200},
		"HTTP/2 as text":               {"HTTP/2.0 200 OK\r\n" + length, posthorn.ReasonProtocolError, 200},
		"HTTP/3 as text":               {"HTTP/3.0 200 OK\r\n" + length, posthorn.ReasonProtocolError, 200},
		"HTTP/1.10":                    {"HTTP/1.10 200 OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"HTTP/-1.1":                    {"HTTP/-1.1 200 OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"http/1.1":                     {"http/1.1 200 OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"no version":                   {"HTTP/ 200 OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"no status":                    {"HTTP/1.1\r\n" + length, posthorn.ReasonProtocolError, 0},
		"status 20":                    {"HTTP/1.1 20 OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"status +20":                   {"HTTP/1.1 +20 OK\r\n" + length, posthorn.ReasonProtocolError, 20},
		"a tab before the status":      {"HTTP/1.1\t200 OK\r\n" + length, posthorn.ReasonProtocolError, 0},
		"no words behind the status":   {"HTTP/1.1 200\r\n" + length, posthorn.ReasonSuccess, 200},
		"a later HTTP/1":               {"HTTP/1.2 200 OK\r\n" + length, posthorn.ReasonSuccess, 200},
		"switching protocols":          {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", posthorn.ReasonProtocolError, 101},
		"another protocol":             {"SSH-2.0-OpenSSH_9.9\r\n", posthorn.ReasonProtocolError, 0},
		"no protocol":                  {"<html>hello</html>\r\n", posthorn.ReasonProtocolError, 0},
		"a TLS alert":                  {"\x15\x03\x01\x00\x02\x02\x0a", posthorn.ReasonProtocolError, 0},
		"bad header":                   {"HTTP/1.1 200 OK\r\nbroken\x1b[31m header\r\n\r\n", posthorn.ReasonProtocolError, 0},
		"negative length":              {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", posthorn.ReasonProtocolError, 0},
		"two lengths":                  {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", posthorn.ReasonProtocolError, 0},
		"header flood":                 {"HTTP/1.1 200 OK\r\n" + flood + "\r\n", posthorn.ReasonResponseHeadersTooLarge, 0},
		"many short headers":           {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Flood: yes\r\n", 10_000), posthorn.ReasonResponseHeadersTooLarge, 0},
		"one endless header":           {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20), posthorn.ReasonResponseHeadersTooLarge, 0},
		"endless hints":                {strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 10_000), posthorn.ReasonResponseHeadersTooLarge, 0},
		"headers cut":                  {"HTTP/1.1 200 OK\r\nX: y\r\n", posthorn.ReasonConnectionClosed, 0},
		"a header's name cut":          {"HTTP/1.1 200 OK\r\nContent-Le", posthorn.ReasonConnectionClosed, 0},
		"the status cut":               {"HTTP/1.1 20", posthorn.ReasonConnectionClosed, 0},
		"the version cut":              {"HTTP/1.1", posthorn.ReasonConnectionClosed, 0},
		"garbage without a line's end": {"qwertzuiop", posthorn.ReasonProtocolError, 0},
		"words without a line's end":   {"qwertz uiop yxcv", posthorn.ReasonProtocolError, 0},
		"bad header, then closed":      {"HTTP/1.1 200 OK\r\nbad\r\n", posthorn.ReasonProtocolError, 0},
		"closed without a word":        {"", posthorn.ReasonConnectionClosed, 0},
		"closed after a hint":          {"HTTP/1.1 103 Early Hints\r\n\r\n", posthorn.ReasonConnectionClosed, 0},
		"a hint, then an answer":       {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", posthorn.ReasonSuccess, 204},
		"answer and close":             {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", posthorn.ReasonSuccess, 200},
		"old HTTP":                     {"HTTP/1.0 200 OK\r\n\r\nok", posthorn.ReasonSuccess, 200},
		"body shorter than its length": {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", posthorn.ReasonSuccess, 200},
		"bad chunk":                    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", posthorn.ReasonSuccess, 200},
	} {
		for way, body := range bothWays() {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				url := newRawReceiver(t, answering(test.raw))
				request := requestTo(url)
				request.Body = body
				outcome := newSender(t, Options{}).Send(t.Context(), request)
				wantReason(t, outcome, test.reason)
				if outcome.StatusCode != test.status {
					t.Errorf("status %d, want %d", outcome.StatusCode, test.status)
				}
				if strings.ContainsFunc(outcome.Detail, func(r rune) bool { return r < ' ' || r > '~' }) || len(outcome.Detail) > 400 {
					t.Errorf("detail %q is not safe to show", outcome.Detail)
				}
			})
		}
	}
}

// Invariant: what was shown of a broken body is marked as not all of it, and
// the status stands.
func TestBrokenBodyDoesNotChangeTheOutcome(t *testing.T) {
	t.Parallel()
	url := newRawReceiver(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"))
	outcome := newSender(t, Options{}).Send(t.Context(), requestTo(url))
	if string(outcome.ResponseBody) != "short" || !outcome.BodyTruncated || !outcome.Succeeded() {
		t.Errorf("got %+v", outcome)
	}
}

// Invariant: at most MaxResponseBody bytes are kept, and only a longer body
// counts as truncated.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	receiver := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.Path[1:])
		if r.URL.RawQuery == "chunked" {
			w.(http.Flusher).Flush()
		}
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	})
	sender := newSender(t, Options{})
	for _, size := range []int{0, 1, 1000, MaxResponseBody - 1, MaxResponseBody, MaxResponseBody + 1, 1 << 20} {
		for _, query := range []string{"", "?chunked"} {
			outcome := sender.Send(t.Context(), requestTo(fmt.Sprintf("%s/%d%s", receiver.URL, size, query)))
			wantReason(t, outcome, posthorn.ReasonSuccess)
			if len(outcome.ResponseBody) != min(size, MaxResponseBody) || outcome.BodyTruncated != (size > MaxResponseBody) {
				t.Errorf("size %d%s: kept %d, truncated %v", size, query, len(outcome.ResponseBody), outcome.BodyTruncated)
			}
		}
	}
}

// Invariant: compressed bodies are neither asked for nor inflated.
func TestBodyIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	const notGzip = "\x1f\x8b\x08not really"
	receiver := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("Accept-Encoding %q", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, notGzip)
	})
	outcome := newSender(t, Options{}).Send(t.Context(), requestTo(receiver.URL))
	if string(outcome.ResponseBody) != notGzip {
		t.Errorf("body %q", outcome.ResponseBody)
	}
}

// Invariant: an answer before the body was read counts, whatever becomes of the
// rest of the request.
func TestAnswerBeforeTheBodyWasRead(t *testing.T) {
	t.Parallel()
	url := newRawReceiver(t, func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		if _, err := http.ReadRequest(reader); err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
			_, _ = io.Copy(io.Discard, reader)
		}
	})
	request := requestTo(url)
	request.Body = make([]byte, 8<<20)
	outcome := newSender(t, Options{}).Send(t.Context(), request)
	if outcome.Reason != posthorn.ReasonSuccess || outcome.StatusCode != 202 {
		t.Errorf("got %+v", outcome)
	}
}
