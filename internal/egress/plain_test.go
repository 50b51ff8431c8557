package egress

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// readByHTTP reads an answer as net/http does, and reports whether it is one whose
// connection may be kept and of which nothing but the status and the body counts.
func readByHTTP(raw []byte) (reply, string, bool) {
	reader := bufio.NewReader(bytes.NewReader(raw))
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodPost})
	if err != nil {
		return reply{}, err.Error(), false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	behind, _ := io.ReadAll(reader)
	hasMore := response.Header.Get("Retry-After") != "" || response.Header.Get("Location") != "" && response.StatusCode/100 == 3
	isAlone := err == nil && !response.Close && faultOf(response) == "" && !hasMore && len(behind) == 0
	return reply{status: response.StatusCode, body: body}, response.Status, isAlone
}

// Invariant: what is read as a plain answer net/http reads, too, and alike: the status,
// the body, that nothing follows, and that the connection stays.
func TestPlainAnswersAreReadAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte(answers().Draw(t, "answer"))
		for range rapid.IntRange(0, 1).Draw(t, "changes") {
			raw = mutilated(t, raw)
		}
		wantAlike(t, raw)
	})
}

func FuzzPlainAnswer(f *testing.F) {
	f.Add([]byte(answer))
	f.Fuzz(func(t *testing.T, raw []byte) { wantAlike(t, raw) })
}

func wantAlike(t rapid.TB, raw []byte) {
	plain, isPlain := plainAnswer(bytes.Clone(raw))
	if !isPlain {
		return
	}
	whole, words, isAlone := readByHTTP(raw)
	if !isAlone || plain.response != nil || plain.status != whole.status || !bytes.Equal(plain.body, whole.body) {
		t.Fatalf("%q is plain: %+v; by net/http %+v (%s), alone %v", raw, plain, whole, words, isAlone)
	}
}

// answers are what receivers say: half of them plain but for what mutilated does.
func answers() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		body := rapid.SampledFrom([]string{"", "ok", "2\r\nok\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", `{"ok":true}`}).Draw(t, "body")
		first := rapid.SampledFrom([]string{"HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 204 No Content", "HTTP/1.1 503 Later"})
		line := rapid.SampledFrom([]string{"Date: Sun, 22 Nov 2026 18:00:00 GMT", "Server: nginx", "X-Empty:", "Connection: keep-alive", "Keep-Alive: timeout=5", "Pragma: no-cache"})
		if rapid.Bool().Draw(t, "odd") {
			first = rapid.SampledFrom([]string{
				"HTTP/1.1 200 OK", "HTTP/1.1 304 Not Modified", "HTTP/1.1 302 Found", "HTTP/1.1 103 Early Hints", "HTTP/1.1 101 Switching", "HTTP/1.1 600 No", "HTTP/1.1 099 No",
				"HTTP/1.1  200 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 +20 OK", "HTTP/1.0 200 OK", "HTTP/1.2 200 OK", "http/1.1 200 OK", "HTTP/1.1 200 \xff", "HTTP/1.1 200 \rX",
			})
			line = rapid.SampledFrom([]string{
				"content-length:2 ", "Content-Length: +2", "Content-Length: 02", "Content-Length: 2, 2", "Content-Length:", "Content-Length : 2", "Content-Length: 16385", "Content-Length: 99999999999999999999",
				"Transfer-Encoding: chunked", "transfer-encoding: identity", "Connection: close", "connection: Keep-Alive, close", "Retry-After: 5", "retry-after: 1", "Location: /x", "Upgrade: h2c", "Trailer: X",
				" folded", "\tfolded", "no colon", ": no name", "X Y: z", "X-\xff: y", "X: \xff", "X: \x00", "X: \r",
			})
		}
		lines := append([]string{first.Draw(t, "first line")}, rapid.SliceOfN(line, 0, 4).Draw(t, "lines")...)
		if rapid.IntRange(0, 9).Draw(t, "length") > 0 {
			at := rapid.IntRange(1, len(lines)).Draw(t, "line of the length")
			lines = slices.Insert(lines, at, "Content-Length: "+strconv.Itoa(len(body)))
		}
		return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
	})
}

// mutilated changes an answer in one place.
func mutilated(t *rapid.T, raw []byte) []byte {
	at := rapid.IntRange(0, len(raw)).Draw(t, "at")
	until := rapid.IntRange(at, min(at+3, len(raw))).Draw(t, "until")
	put := rapid.SampledFrom([]string{"", " ", "\r", "\n", "\r\n", ":", "\x00", "\t", "0", "1", "x", ",", "\r\n\r\n"}).Draw(t, "put")
	return append(append(bytes.Clone(raw[:at]), put...), raw[until:]...)
}

// Invariant: what most receivers answer is plain, and what asks for more, tells of a
// body that isn't there as it should be, or can be read in two ways is not.
func TestWhatIsPlain(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for raw, want := range map[string]bool{
		answer:                            true,
		"HTTP/1.1 204 No Content\r\n\r\n": true,
		"HTTP/1.1 204\r\ncontent-length: 0\r\n\r\n":                              true,
		"HTTP/1.1 500 Oh\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n": true,
		ok + "Content-Length: 16384\r\n\r\n" + flooding(MaxResponseBody):         true,
		ok + "Content-Length: 16385\r\n\r\n" + flooding(MaxResponseBody+1):       false,
		"":                                  false,
		ok:                                  false,
		ok + "\r\n":                         false, // its body lasts until the connection is closed
		ok + "Content-Length: 2\r\n":        false,
		ok + "Content-Length: 2\r\n\r\no":   false,
		ok + "Content-Length: 2\r\n\r\nok!": false,
		ok + "Content-Length: 02\r\n\r\nok": false,
		ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok":           false,
		ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok":  false,
		ok + "Content-Length: 2\r\nTrailer: X\r\n\r\nok":                  false,
		ok + "Content-Length: 2\r\nUpgrade: h2c\r\n\r\nok":                false,
		ok + "Content-Length: 2\r\nConnection: close\r\n\r\nok":           false,
		ok + "Content-Length: 2\r\nRetry-After: 5\r\n\r\nok":              false,
		ok + "Content-Length: 2\nX: y\r\n\r\nok":                          false,
		ok + "Content-Length: 2\r\nX: y\r\n folded\r\n\r\nok":             false,
		"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok":          false,
		"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n": false,
		"HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n":           false,
		"HTTP/1.1 600 No\r\nContent-Length: 0\r\n\r\n":                    false,
		"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok":                  false,
	} {
		if _, isPlain := plainAnswer([]byte(raw)); isPlain != want {
			t.Errorf("%.100q: plain %v", raw, isPlain)
		}
	}
}
