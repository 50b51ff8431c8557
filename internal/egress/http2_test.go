package egress

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/posthorn/posthorn"
)

var errHangUp = errors.New("the peer hangs up")

// Invariant: what the receiver surely didn't process is sent again at once, and
// once only; what it may have processed isn't.
func TestHTTP2TurnsDown(t *testing.T) {
	t.Parallel()
	goAway := func(last uint32, code http2.ErrCode) func(*http2Conn, uint32, string) error {
		return func(c *http2Conn, _ uint32, _ string) error {
			_ = c.WriteGoAway(last, code, []byte("\x1b ENHANCE_YOUR_CALM"))
			return errHangUp
		}
	}
	reset := func(code http2.ErrCode) func(*http2Conn, uint32, string) error {
		return func(c *http2Conn, stream uint32, _ string) error { return c.WriteRSTStream(stream, code) }
	}
	for name, test := range map[string]struct {
		serve    func(c *http2Conn, stream uint32, path string) error
		onlyOnce bool
		reason   posthorn.Reason
		requests int64
	}{
		"going away before it":        {goAway(0, http2.ErrCodeNo), true, posthorn.ReasonSuccess, 2},
		"going away each time":        {goAway(0, http2.ErrCodeNo), false, posthorn.ReasonConnectionReset, 2},
		"going away with it":          {goAway(1, http2.ErrCodeNo), false, posthorn.ReasonConnectionClosed, 1},
		"going away, calm":            {goAway(1, http2.ErrCodeEnhanceYourCalm), false, posthorn.ReasonRateLimited, 1},
		"going away before it, calm":  {goAway(0, http2.ErrCodeEnhanceYourCalm), false, posthorn.ReasonRateLimited, 1},
		"going away before it, error": {goAway(0, http2.ErrCodeInternal), false, posthorn.ReasonConnectionClosed, 1},
		"refused once":                {reset(http2.ErrCodeRefusedStream), true, posthorn.ReasonSuccess, 2},
		"refused each time":           {reset(http2.ErrCodeRefusedStream), false, posthorn.ReasonConnectionReset, 2},
		"calm":                        {reset(http2.ErrCodeEnhanceYourCalm), false, posthorn.ReasonRateLimited, 1},
		"internal error":              {reset(http2.ErrCodeInternal), false, posthorn.ReasonProtocolError, 1},
		"protocol error":              {reset(http2.ErrCodeProtocol), false, posthorn.ReasonConnectionReset, 2},
		"hangs up":                    {func(*http2Conn, uint32, string) error { return errHangUp }, false, posthorn.ReasonConnectionClosed, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var once sync.Once
			peer := newHTTP2Peer(t, func(c *http2Conn, stream uint32, path string) error {
				turn := !test.onlyOnce
				once.Do(func() { turn = true })
				if turn {
					return test.serve(c, stream, path)
				}
				return c.answer(stream, 204)
			})
			request := requestTo(peer.url)
			request.Timeout = posthorn.MaxTimeout
			outcome := newSender(t, Options{RootCAs: peer.root.pool()}).Send(t.Context(), request)
			wantReason(t, outcome, test.reason)
			if got := peer.requests.Load(); got != test.requests {
				t.Errorf("the request was sent %d times, want %d", got, test.requests)
			}
			if strings.Contains(outcome.Detail, "\x1b") {
				t.Errorf("detail %q", outcome.Detail)
			}
			if outcome.Timings.Total > posthorn.MaxTimeout/2 {
				t.Errorf("it took %v", outcome.Timings.Total)
			}
		})
	}
}

// Invariant: on a kept connection the bound is the same.
func TestHTTP2TurnsDownLater(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]func(c *http2Conn, stream uint32) error{
		"refused": func(c *http2Conn, stream uint32) error { return c.WriteRSTStream(stream, http2.ErrCodeRefusedStream) },
		"going away": func(c *http2Conn, stream uint32) error {
			return errors.Join(c.WriteGoAway(stream-2, http2.ErrCodeNo, nil), errHangUp)
		},
		"hangs up": func(*http2Conn, uint32) error { return errHangUp },
	} {
		var healthy sync.Once
		peer := newHTTP2Peer(t, func(c *http2Conn, stream uint32, _ string) error {
			first := false
			healthy.Do(func() { first = true })
			if first {
				return c.answer(stream, 200)
			}
			return refusal(c, stream)
		})
		sender := newSender(t, Options{RootCAs: peer.root.pool()})
		wantReason(t, sender.Send(t.Context(), requestTo(peer.url)), posthorn.ReasonSuccess)
		outcome := sender.Send(t.Context(), requestTo(peer.url))
		if outcome.Succeeded() || outcome.Reason == posthorn.ReasonProtocolError {
			t.Errorf("%s: %+v", name, outcome)
		}
		if sent := peer.requests.Load() - 1; sent != maxSends {
			t.Errorf("%s: sent %d times, want %d", name, sent, maxSends)
		}
	}
}

// Invariant: connections that end count no longer against the bound for a host.
func TestHTTP2ConnectionsThatEndAreForgotten(t *testing.T) {
	t.Parallel()
	peer := newHTTP2Peer(t, func(c *http2Conn, stream uint32, _ string) error {
		return errors.Join(c.answer(stream, 200), c.WriteGoAway(stream, http2.ErrCodeNo, nil), errHangUp)
	})
	sender := newSender(t, Options{RootCAs: peer.root.pool(), MaxConnectionsPerHost: 2})
	for range 10 {
		wantReason(t, sender.Send(t.Context(), requestTo(peer.url)), posthorn.ReasonSuccess)
	}
	if got := peer.connections.Load(); got < 10 {
		t.Errorf("%d connections, want one for each request", got)
	}
}

// Invariant: where a connection takes one request at a time, a request that hangs
// holds up no other one at the same host: it gets a connection of its own.
func TestHTTP2OneStreamAtATime(t *testing.T) {
	t.Parallel()
	hangs := make(chan struct{})
	peer := newHTTP2Peer(t, func(c *http2Conn, stream uint32, path string) error {
		if path == "/hang" {
			hangs <- struct{}{}
			return nil
		}
		return c.answer(stream, 200)
	}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1})
	sender := newSender(t, Options{RootCAs: peer.root.pool()})
	var hanging sync.WaitGroup
	hangingContext, release := context.WithCancel(t.Context())
	defer release()
	for range 3 {
		request := requestTo(peer.url + "hang")
		request.Timeout = posthorn.MaxTimeout
		hanging.Go(func() {
			if outcome := sender.Send(hangingContext, request); outcome.Reason != posthorn.ReasonInterrupted {
				t.Errorf("the hanging one: %+v", outcome)
			}
		})
	}
	for range 3 {
		<-hangs
	}
	var sending sync.WaitGroup
	for range 20 {
		sending.Go(func() {
			request := requestTo(peer.url)
			request.Timeout = posthorn.MaxTimeout / 2 // well before those that hang would end by themselves
			if outcome := sender.Send(t.Context(), request); !outcome.Succeeded() {
				t.Errorf("one beside it: %+v", outcome)
			}
		})
	}
	sending.Wait()
	release()
	hanging.Wait()
}

// Invariant: a receiver that allows no request at all is told so, and its
// connections don't pile up.
func TestHTTP2NoStreams(t *testing.T) {
	t.Parallel()
	peer := newHTTP2Peer(t, func(c *http2Conn, stream uint32, _ string) error { return c.answer(stream, 200) },
		http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0})
	request := requestTo(peer.url)
	request.Timeout = 5 * time.Second // time enough for a slow machine to connect
	outcome := newSender(t, Options{RootCAs: peer.root.pool()}).Send(t.Context(), request)
	if outcome.Succeeded() && outcome.StatusCode == 200 {
		return // the request was faster than the settings
	}
	wantReason(t, outcome, posthorn.ReasonTimeout)
	if !strings.Contains(outcome.Detail, "It was not sent") || peer.connections.Load() > 8 {
		t.Errorf("%q after %d connections", outcome.Detail, peer.connections.Load())
	}
}
