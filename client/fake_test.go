package client_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn/client"
)

// fakeServer answers each request with the next of its answers, the last one for
// ever. It needs no socket, so that it works with synctest's clock.
type fakeServer struct {
	mu       sync.Mutex
	answers  []answer
	requests []received
}

type answer struct {
	status int
	header map[string]string
	body   string
	err    error
}

type received struct {
	method, path, query string
	header              http.Header
	body                string
	at                  time.Time
}

func (f *fakeServer) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	f.requests = append(f.requests, received{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, string(body), time.Now()})
	next := f.answers[0]
	if len(f.answers) > 1 {
		f.answers = f.answers[1:]
	}
	if next.err != nil {
		return nil, next.err
	}
	header := http.Header{}
	for name, value := range next.header {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: next.status, Header: header, Body: io.NopCloser(bytes.NewBufferString(next.body)), Request: r}, nil
}

func newClient(t *testing.T, server *fakeServer, options ...client.Option) *client.Client {
	t.Helper()
	options = append([]client.Option{client.WithHTTPClient(&http.Client{Transport: server})}, options...)
	c, err := client.New("http://posthorn.test/base/", "sk_user_secret", options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answering(answers ...answer) *fakeServer { return &fakeServer{answers: answers} }
