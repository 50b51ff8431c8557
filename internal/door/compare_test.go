package door

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	events = "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
	plain  = events + "Content-Length: 5\r\n\r\nhello"
	// last is a request after which the server closes the connection: that it is
	// answered shows that the connection was still good.
	last = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
)

func does(what, rest string) string { return events + "X-Do: " + what + "\r\n" + rest }

// conversations are what clients may send; those that ask for it are followed by
// the end of the client's side.
func conversations() map[string]string {
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n", n) }
	return map[string]string{
		"plain":                     plain,
		"twice":                     plain + plain,
		"pipelined":                 plain + plain + strings.Replace(plain, "/events", "/events/batch", 1) + plain,
		"a GET between":             plain + "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n" + plain,
		"usual headers":             events + "User-Agent: a/1 (b; c)\r\nAccept: */*\r\naccept-encoding: gzip, deflate\r\nX-Api-Key:sk_1\r\nCookie: a=b\r\nconnection: Keep-Alive\r\ncontent-length:  5 \r\n\r\nhello",
		"no value":                  events + "X-A:\r\nX-B: \t \r\n" + length(1) + "a",
		"a header twice":            events + "X-A: 1\r\nX-A: 2\r\n" + length(1) + "a",
		"no body":                   events + "\r\n",
		"empty body":                events + length(0),
		"large body":                events + length(200_000) + strings.Repeat("a", 200_000),
		"larger body":               events + length(300_000) + strings.Repeat("a", 300_000),
		"too large a body":          events + length(1<<20+1) + strings.Repeat("a", 1<<20+1),
		"chunked":                   events + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"chunked with a trailer":    events + "Trailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: a\r\n\r\n",
		"length and chunked":        events + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"chunked and length":        events + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"another coding":            events + "Transfer-Encoding: gzip\r\n\r\nhello",
		"identity":                  events + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
		"a coding with a tab":       events + "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
		"two lengths":               events + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"the same length twice":     events + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"a list of lengths":         events + "Content-Length: 5, 5\r\n\r\nhello",
		"a signed length":           events + "Content-Length: +5\r\n\r\nhello",
		"a negative length":         events + "Content-Length: -5\r\n\r\nhello",
		"a long length":             events + "Content-Length: 00000000000000005\r\n\r\nhello",
		"a huge length":             events + "Content-Length: 99999999999999999999\r\n\r\nhello",
		"a hexadecimal length":      events + "Content-Length: 0x5\r\n\r\nhello",
		"an empty length":           events + "Content-Length:\r\n\r\nhello",
		"expect":                    events + "Expect: 100-continue\r\n" + length(5) + "hello",
		"expect something else":     events + "Expect: cake\r\n" + length(5) + "hello",
		"upgrade":                   events + "Connection: upgrade\r\nUpgrade: websocket\r\n" + length(5) + "hello",
		"upgrade to HTTP/2":         events + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n" + length(5) + "hello",
		"the preface of HTTP/2":     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"close":                     events + "Connection: close\r\n" + length(5) + "hello",
		"close among others":        events + "Connection: keep-alive, close\r\n" + length(5) + "hello",
		"connection twice":          events + "Connection: keep-alive\r\nConnection: close\r\n" + length(5) + "hello",
		"pragma":                    events + "Pragma: no-cache\r\n" + length(5) + "hello",
		"HTTP/1.0":                  strings.Replace(plain, "HTTP/1.1", "HTTP/1.0", 1),
		"HTTP/1.0, kept alive":      strings.Replace(events, "HTTP/1.1", "HTTP/1.0", 1) + "Connection: keep-alive\r\n" + length(5) + "hello",
		"HTTP/1.2":                  strings.Replace(plain, "HTTP/1.1", "HTTP/1.2", 1),
		"HTTP/2.0":                  strings.Replace(plain, "HTTP/1.1", "HTTP/2.0", 1),
		"HTTP/0.9":                  "POST /v1/events\r\n\r\n",
		"no version":                "POST /v1/events \r\nHost: x\r\n\r\n",
		"lower-case version":        strings.Replace(plain, "HTTP", "http", 1),
		"lower-case method":         strings.Replace(plain, "POST", "post", 1),
		"another method":            strings.Replace(plain, "POST", "PUT", 1),
		"HEAD":                      strings.Replace(plain, "POST", "HEAD", 1),
		"a space before the method": " " + plain,
		"two spaces":                strings.Replace(plain, "POST ", "POST  ", 1),
		"a tab for a space":         strings.Replace(plain, "POST ", "POST\t", 1),
		"a space after the version": strings.Replace(plain, "1.1", "1.1 ", 1),
		"a query":                   strings.Replace(plain, "events", "events?a=b", 1),
		"an empty query":            strings.Replace(plain, "events", "events?", 1),
		"a fragment":                strings.Replace(plain, "events", "events#a", 1),
		"an escaped path":           strings.Replace(plain, "events", "%65vents", 1),
		"dots in the path":          strings.Replace(plain, "events", "a/../events", 1),
		"two slashes":               strings.Replace(plain, "/v1", "//v1", 1),
		"absolute":                  strings.Replace(plain, "/v1", "http://y/v1", 1),
		"asterisk":                  "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT":                   "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
		"no host":                   "POST /v1/events HTTP/1.1\r\n" + length(5) + "hello",
		"two hosts":                 events + "Host: x\r\n" + length(5) + "hello",
		"an empty host":             "POST /v1/events HTTP/1.1\r\nHost:\r\n" + length(5) + "hello",
		"a host with a port":        "POST /v1/events HTTP/1.1\r\nHost: [::1]:8080\r\n" + length(5) + "hello",
		"a bad host":                "POST /v1/events HTTP/1.1\r\nHost: a b\r\n" + length(5) + "hello",
		"a folded line":             events + "X-A: 1\r\n 2\r\n" + length(5) + "hello",
		"a folded first line":       events + " X-A: 1\r\n" + length(5) + "hello",
		"a folded length":           events + "Content-Length:\r\n 5\r\n\r\nhello",
		"bare line feeds":           strings.ReplaceAll(plain, "\r\n", "\n"),
		"one bare line feed":        events + "X-A: 1\n" + length(5) + "hello",
		"a bare line feed at last":  events + "Content-Length: 5\r\n\nhello",
		"bare carriage returns":     events + "X-A: 1\rX-B: 2\r\n" + length(5) + "hello",
		"two carriage returns":      events + "X-A: 1\r\r\n" + length(5) + "hello",
		"NUL in a value":            events + "X-A: a\x00b\r\n" + length(5) + "hello",
		"NUL in a name":             events + "X\x00A: a\r\n" + length(5) + "hello",
		"DEL":                       events + "X-A: \x7f\r\n" + length(5) + "hello",
		"bytes above ASCII":         events + "X-A: \xc3\xa9\xff\r\n" + length(5) + "hello",
		"a name above ASCII":        events + "X-\xc3\xa9: a\r\n" + length(5) + "hello",
		"a space before the colon":  events + "X-A : a\r\n" + length(5) + "hello",
		"a length before a space":   events + "Content-Length : 5\r\n\r\nhello",
		"a space in a name":         events + "X A: a\r\n" + length(5) + "hello",
		"no colon":                  events + "X-A\r\n" + length(5) + "hello",
		"no name":                   events + ": a\r\n" + length(5) + "hello",
		"odd but good names":        events + "X!#$%&'*+.^_`|~A: a\r\nx_b: c\r\n" + length(5) + "hello",
		"an empty line first":       "\r\n" + plain,
		"line ends after a body":    plain + "\r\n" + plain + "\r\n\r\n" + plain,
		"many line ends":            plain + "\r\n\r\n\r\n" + plain,
		"line ends and a GET":       plain + "\n\n" + "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"a large head":              events + "X-A: " + strings.Repeat("a", 10_000) + "\r\n" + length(5) + "hello",
		"a head of a whole buffer":  events + "X-A: " + strings.Repeat("a", bufferSize-len(events)-30) + "\r\n" + length(5) + "hello",
		"a huge head":               events + "X-A: " + strings.Repeat("a", 100_000) + "\r\n" + length(5) + "hello",
		"a long first line":         "POST /" + strings.Repeat("a", 9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"many headers":              events + strings.Repeat("X-A: a\r\n", 500) + length(5) + "hello",
		"many names":                events + names(100) + length(5) + "hello",
		"as many names as may be":   events + names(maxFields-3) + length(5) + "hello",
		"one more":                  events + names(maxFields-2) + length(5) + "hello",
		"TLS":                       "\x16\x03\x01\x02\x00\x01\x00\n\n",
		"nonsense":                  "\n\x00\r\r\n",
		"refused":                   does("refuse", length(5)+"hello") + plain,
		"refused, large":            does("refuse", length(250_000)+strings.Repeat("a", 250_000)) + plain,
		"refused, larger":           does("refuse", length(600_000)+strings.Repeat("a", 600_000)),
		"refused and closed":        does("close", length(5)+"hello"),
		"partly read":               does("part", length(5)+"hello") + plain,
		"no answer":                 does("nothing", length(5)+"hello") + plain,
		"an odd answer":             does("odd answer", length(5)+"hello") + plain,
		"headers don't stay":        events + "X-A: 1\r\nX-B: 2\r\n" + length(1) + "a" + plain,
		"answers don't stay":        does("odd answer", length(5)+"hello") + does("nothing", length(5)+"hello") + plain,
		"a panic":                   does("panic", length(5)+"hello"),
		"an abort":                  does("abort", length(5)+"hello"),
	}
}

func names(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "X-%d: a\r\n", i)
	}
	return b.String()
}

// Invariant: whatever a client sends, in however many pieces, it is answered as
// net/http alone would answer, byte for byte, and its connection stays or is closed
// as it would be there.
func TestAnswersAreThoseOfNetHTTP(t *testing.T) {
	t.Parallel()
	servers := startPair(t, patient)
	for name, text := range conversations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text += last
			for _, size := range []int{len(text), 7, 4000} {
				if size == 7 && len(text) > 2000 {
					continue
				}
				pieces := inPieces(text, size)
				want := said(t, servers.reference, pieces, false)
				if difference := cmp.Diff(want, said(t, servers.door, pieces, false)); difference != "" {
					t.Errorf("in pieces of %d bytes:\n%s", size, difference)
				}
			}
		})
	}
}

func inPieces(text string, size int) []string {
	var pieces []string
	for len(text) > size {
		pieces, text = append(pieces, text[:size]), text[size:]
	}
	return append(pieces, text)
}

// stops are conversations that end in the middle.
func stops() map[string]string {
	stops := map[string]string{"nothing": "", "after a request": plain, "a short body": strings.TrimSuffix(plain, "llo"), "no body": strings.TrimSuffix(plain, "hello")}
	for end := 1; end < len(plain)-len("hello"); end += 19 {
		stops[fmt.Sprintf("first head, %d", end)] = plain[:end]
		stops[fmt.Sprintf("second head, %d", end)] = plain + plain[:end]
	}
	return stops
}

// Invariant: a client that stops in the middle, wherever that is, and closes its side
// is answered as net/http would.
func TestConversationsThatStop(t *testing.T) {
	t.Parallel()
	servers := startPair(t, patient)
	for name, text := range stops() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := said(t, servers.reference, []string{text}, true)
			if difference := cmp.Diff(want, said(t, servers.door, []string{text}, true)); difference != "" {
				t.Error(difference)
			}
		})
	}
}

// Invariant: a client that just goes quiet in the middle, wherever that is, is answered
// as net/http would.
func TestConversationsThatGoQuiet(t *testing.T) {
	t.Parallel()
	limits := timeouts{head: 3 * time.Second, whole: 6 * time.Second, idle: 4 * time.Second}
	for name, text := range stops() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := saidInTime(t, func() server { return ordinary(http.HandlerFunc(echo), limits) }, text)
			got := saidInTime(t, func() server { return build(t, http.HandlerFunc(echo), limits) }, text)
			if difference := cmp.Diff(want, got); difference != "" {
				t.Error(difference)
			}
		})
	}
}

// Invariant: what holds for the conversations above holds for those that are almost
// the same: with bytes more, less or others, one after the other, in odd pieces.
func TestMutilatedConversations(t *testing.T) {
	t.Parallel()
	servers := startPair(t, patient)
	known := conversations()
	maps.DeleteFunc(known, func(_, text string) bool { return len(text) > 2000 })
	texts := slices.Sorted(maps.Values(known))
	bytes := []byte("\r\n\t :,;/?#%+-0159AaXx\x00\x7f\xff")
	rapid.Check(t, func(r *rapid.T) {
		text := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(texts), 1, 3).Draw(r, "conversations"), ""))
		for range rapid.IntRange(0, 3).Draw(r, "mutilations") {
			at := rapid.IntRange(0, len(text)-1).Draw(r, "at")
			inserted := rapid.SliceOfN(rapid.SampledFrom(bytes), 0, 2).Draw(r, "inserted")
			text = slices.Replace(text, at, at+rapid.IntRange(0, 1).Draw(r, "removed"), inserted...)
		}
		pieces := inPieces(string(text), rapid.IntRange(1, 300).Draw(r, "size of pieces"))
		want := said(t, servers.reference, pieces, true)
		if difference := cmp.Diff(want, said(t, servers.door, pieces, true)); difference != "" {
			r.Fatalf("%q: %s", text, difference)
		}
	})
}
