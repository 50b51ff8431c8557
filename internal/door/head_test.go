package door

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// FuzzHead guards that net/http reads every head that is taken here, and reads the
// same out of it: where it ends, what it is for, and how long its body is.
func FuzzHead(f *testing.F) {
	for _, text := range conversations() {
		f.Add([]byte(text[:min(len(text), 2*bufferSize)]))
	}
	parsed, err := url.ParseRequestURI("/v1/events")
	if err != nil {
		f.Fatal(err)
	}
	targets := map[string]target{"/v1/events": {path: "/v1/events", url: parsed}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := head{fields: http.Header{}}
		end, isOdd := headEnd(raw)
		if end == 0 || isOdd || !h.parse(raw[:end], targets) {
			return
		}
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			t.Fatalf("net/http can't read it: %v", err)
		}
		if request.Method != http.MethodPost || request.RequestURI != h.path || request.Host != h.host || request.ContentLength != h.length || request.Close || request.TransferEncoding != nil {
			t.Errorf("net/http reads %+v", request)
		}
		if difference := cmp.Diff(request.Header, h.fields); difference != "" {
			t.Error(difference)
		}
		given, _ := io.ReadAll(request.Body)
		if want := raw[end:min(len(raw), end+int(h.length))]; !bytes.Equal(given, want) {
			t.Errorf("net/http reads the body %q instead of %q", given, want)
		}
	})
}

// Invariant: what a head says doesn't depend on the heads before it on the connection,
// and of those nothing stays but what it shares with them.
func TestHeadsAreReadAlone(t *testing.T) {
	t.Parallel()
	targets := map[string]target{"/v1/events": {path: "/v1/events"}, "/v1/events/batch": {path: "/v1/events/batch"}}
	begins := []string{events, strings.Replace(events, "/events", "/events/batch", 1)}
	lines := []string{
		"Content-Length: 5", "Content-Length: 6", "content-length:5", "Connection: keep-alive", "Connection: close", "Host: y", "X-A: 1", "x-a: 1", "X-A: 2", "X-B: 1",
		"X-C: " + strings.Repeat("a", bufferSize/2), "X-D: " + strings.Repeat("a", bufferSize/2), "X-E : a", "Expect: 100-continue",
	}
	plainest := rapid.SampledFrom([][]string{{"Content-Length: 5", "X-A: 1"}, {"X-A: 1", "X-B: 1", "X-C: 1", "Content-Length: 6"}, {"X-Long: " + strings.Repeat("a", 100), "Content-Length: 5"}})
	rapid.Check(t, func(r *rapid.T) {
		used := head{fields: http.Header{}}
		for range rapid.IntRange(1, 8).Draw(r, "requests") {
			chosen := append(rapid.SliceOfN(rapid.SampledFrom(lines), 0, 3).Draw(r, "lines"), plainest.Draw(r, "usual")...)
			text := []byte(rapid.SampledFrom(begins).Draw(r, "begin") + strings.Join(chosen, "\r\n") + "\r\n\r\n")
			alone := head{fields: http.Header{}}
			isPlain := alone.parse(text, targets)
			if used.parse(text, targets) != isPlain {
				r.Fatalf("%q is plain: %v", text, isPlain)
			}
			if !isPlain {
				return // nothing follows on such a connection
			}
			if difference := cmp.Diff(alone.fields, used.fields); difference != "" || alone.host != used.host || alone.length != used.length || alone.path != used.path {
				r.Fatalf("%q: %s", text, difference)
			}
			if held := heldBy(&used); held > len(text) {
				r.Fatalf("%d bytes of lines are held for %d", held, len(text))
			}
		}
	})
}

// heldBy is how many bytes of lines a head holds on to, seen and unseen.
func heldBy(h *head) int {
	held := 0
	for _, l := range h.lines[:cap(h.lines)] {
		held += len(l.text)
	}
	return held
}

// Invariant: a head with fewer lines than the one before it on the connection lets go
// of the others; a connection may be idle for long, and what was there may be a secret.
func TestFewerLinesHoldNoMore(t *testing.T) {
	t.Parallel()
	targets := map[string]target{"/v1/events": {path: "/v1/events"}}
	h := head{fields: http.Header{}}
	for _, more := range []string{"X-A: 1\r\nAuthorization: Bearer " + strings.Repeat("a", bufferSize/2) + "\r\n", "X-B: 1\r\n", ""} {
		lines := "Host: x\r\nContent-Length: 5\r\n" + more
		if !h.parse([]byte("POST /v1/events HTTP/1.1\r\n"+lines+"\r\n"), targets) {
			t.Fatalf("%q is not plain", lines)
		}
		if held, want := heldBy(&h), len(strings.ReplaceAll(lines, "\r\n", "")); held != want || len(h.lines) != strings.Count(lines, "\r\n") {
			t.Errorf("%d bytes in %d lines are held, want %d of %q", held, len(h.lines), want, lines)
		}
	}
}
