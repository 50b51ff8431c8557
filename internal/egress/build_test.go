package egress

import (
	"io"
	"net/http"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: exactly the request's bytes and headers are sent, with POST, and
// what HTTP itself needs beside them.
func TestRequestIsSentAsGiven(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	receiver := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	request := requestTo(receiver.URL + "/hooks?a=b%20c")
	request.Headers = append(request.Headers, posthorn.Header{Name: "X-Twice", Value: "1"}, posthorn.Header{Name: "x-twice", Value: "2"}, posthorn.Header{Name: "Idempotency-Key", Value: "k"})
	wantReason(t, newSender(t, Options{Version: "1.2"}).Send(t.Context(), request), posthorn.ReasonSuccess)
	if got.Method != http.MethodPost || got.RequestURI != "/hooks?a=b%20c" || string(body) != `{"n":1}` || got.ContentLength != 7 {
		t.Errorf("%s %s, %d bytes: %q", got.Method, got.RequestURI, got.ContentLength, body)
	}
	want := map[string]int{"Content-Type": 1, "X-Twice": 2, "Idempotency-Key": 1, "User-Agent": 1, "Accept-Encoding": 1, "Content-Length": 1}
	for name, values := range got.Header {
		if len(values) != want[name] {
			t.Errorf("header %s: %q, want %d", name, values, want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 || got.Header.Get("User-Agent") != "Posthorn/1.2 (+https://github.com/posthorn/posthorn)" || got.Header.Get("Idempotency-Key") != "k" {
		t.Errorf("missing %v in %v", want, got.Header)
	}
}

// Invariant: a request that can't be sent as it is has a reason of its own, and
// no connection is made.
func TestUnsendableRequests(t *testing.T) {
	t.Parallel()
	receiver := newReceiver(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	sender := newSender(t, Options{})
	for name, change := range map[string]func(*posthorn.Request){
		"no URL":            func(r *posthorn.Request) { r.URL = "" },
		"no host":           func(r *posthorn.Request) { r.URL = "http:///x" },
		"another scheme":    func(r *posthorn.Request) { r.URL = "file:///etc/passwd" },
		"control character": func(r *posthorn.Request) { r.URL += "\x00" },
		"credentials":       func(r *posthorn.Request) { r.URL = "http://user:pass@127.0.0.1/" },
		"header injection":  func(r *posthorn.Request) { r.Headers[0].Value = "a\r\nX-Evil: 1" },
		"bad header name":   func(r *posthorn.Request) { r.Headers[0].Name = "a b" },
		"reserved header":   func(r *posthorn.Request) { r.Headers[0].Name = "Transfer-Encoding" },
		"host header":       func(r *posthorn.Request) { r.Headers[0].Name = "host" },
	} {
		request := requestTo(receiver.URL)
		change(&request)
		if outcome := sender.Send(t.Context(), request); outcome.Reason != posthorn.ReasonRenderFailed {
			t.Errorf("%s: %+v", name, outcome)
		}
	}
}
