package door

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	targets := map[string]target{"/v1/events": {url: parsed}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := head{fields: http.Header{}}
		end, isOdd := headEnd(raw)
		if end == 0 || isOdd || !h.parse(string(raw[:end]), targets) {
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
