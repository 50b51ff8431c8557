package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: only small requests go out directly, and over TLS only to hosts that
// are known to speak HTTP/1.1; what is remembered of hosts is bounded.
func TestWhatGoesOutDirectly(t *testing.T) {
	t.Parallel()
	d := newSender(t, Options{}).development.direct
	small, large := posthorn.Request{Body: make([]byte, maxDirectBody)}, posthorn.Request{Body: make([]byte, maxDirectBody+1)}
	check := func(r posthorn.Request, text string, want bool) {
		t.Helper()
		target, err := parseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.takes(r, target); got != want {
			t.Errorf("%d bytes to %s: %v, want %v", len(r.Body), text, got, want)
		}
	}
	check(small, "http://hooks.test/", true)
	check(large, "http://hooks.test/", false)
	check(small, "https://hooks.test/", false)
	d.learn("hooks.test:443", "http/1.1")
	check(small, "https://hooks.test/", true)
	check(small, "https://hooks.test:443/", true)
	check(large, "https://hooks.test/", false)
	check(small, "https://hooks.test:8443/", false)
	check(small, "https://other.test/", false)
	d.learn("hooks.test:443", "h2")
	check(small, "https://hooks.test/", false)
	for n := range 2 * maxKnownHosts {
		d.learn(fmt.Sprint(n), "")
	}
	if len(d.speaksHTTP1) > maxKnownHosts {
		t.Errorf("%d hosts are remembered", len(d.speaksHTTP1))
	}
	d.lane.hasProxy = true
	check(small, "http://hooks.test/", false)
}

// openConnections is how many of the direct way are open.
func openConnections(s *Sender) int {
	c := s.development.direct.connections
	c.mu.Lock()
	defer c.mu.Unlock()
	open := 0
	for _, host := range c.hosts {
		open += host.open
	}
	return open
}

// changingReceiver speaks over TLS what it is told to.
type changingReceiver struct {
	protocol    atomic.Pointer[string]
	connections atomic.Int64
}

func (r *changingReceiver) speak(protocol string) { r.protocol.Store(&protocol) }

func (r *changingReceiver) start(t *testing.T, root *authority, handler http.HandlerFunc) string {
	t.Helper()
	certificates := []tls.Certificate{serverCertificate(t, root, nil)}
	server := newTLSReceiver(t, &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		r.connections.Add(1)
		return &tls.Config{Certificates: certificates, NextProtos: []string{*r.protocol.Load()}}, nil
	}}, handler)
	return server.URL
}

// Invariant: a host that chose HTTP/1.1 is spoken to directly from the second
// request on, over a connection that is kept.
func TestDirectlyOverTLS(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, nil)
	receiver := &changingReceiver{}
	receiver.speak("http/1.1")
	url := receiver.start(t, root, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, r.Proto)
	})
	sender := newSender(t, Options{RootCAs: root.pool()})
	for n, want := range []struct {
		isReused          bool
		direct, different int
	}{{false, 0, 1}, {false, 1, 2}, {true, 1, 2}, {true, 1, 2}} {
		outcome := sender.Send(t.Context(), requestTo(url))
		wantReason(t, outcome, posthorn.ReasonSuccess)
		if outcome.ConnectionReused != want.isReused || string(outcome.ResponseBody) != "HTTP/1.1" || (outcome.Timings.TLS > 0) == want.isReused {
			t.Errorf("request %d: %+v", n, outcome)
		}
		if openConnections(sender) != want.direct || int(receiver.connections.Load()) != want.different {
			t.Errorf("request %d: %d direct connections of %d; want %d of %d", n, openConnections(sender), receiver.connections.Load(), want.direct, want.different)
		}
	}
}

// Invariant: a host that changes to HTTP/2 gets the request over it within the same
// attempt, also when a kept connection is closed only while the request is on its
// way; and nothing is sent more than twice.
func TestHostChangesToHTTP2(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, nil)
	for _, isCut := range []bool{false, true} {
		receiver := &changingReceiver{}
		receiver.speak("http/1.1")
		var requests, cut atomic.Int64
		url := receiver.start(t, root, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			requests.Add(1)
			if cut.Load() > 0 && r.ProtoMajor == 1 {
				panic(http.ErrAbortHandler)
			}
			if *receiver.protocol.Load() == "h2" && r.ProtoMajor == 1 {
				w.Header().Set("Connection", "close")
			}
			_, _ = io.WriteString(w, r.Proto)
		})
		sender := newSender(t, Options{RootCAs: root.pool()})
		for range 2 { // so that there are two kept connections, one of either way
			wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonSuccess)
		}
		receiver.speak("h2")
		if isCut {
			cut.Store(1)
		} else { // the last answer on the old connection
			wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonSuccess)
			sender.development.pooled.CloseIdleConnections()
		}
		before := requests.Load()
		outcome := sender.Send(t.Context(), requestTo(url))
		if outcome.Reason != posthorn.ReasonSuccess || string(outcome.ResponseBody) != "HTTP/2.0" {
			t.Errorf("cut %v: %+v", isCut, outcome)
		}
		if sent := requests.Load() - before; sent > maxSends {
			t.Errorf("cut %v: the request was sent %d times", isCut, sent)
		}
		if again := sender.Send(t.Context(), requestTo(url)); string(again.ResponseBody) != "HTTP/2.0" || openConnections(sender) != 0 {
			t.Errorf("cut %v: the next one: %+v, %d direct connections", isCut, again, openConnections(sender))
		}
	}
}

// Invariant: a host that has all its connections in use makes others wait; they
// get one as soon as it is free; one that waits for too long is told so and is in
// nobody's way.
func TestConnectionsOfAHostAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sender *Sender
		sender = newPipeSender(t, Options{MaxConnectionsPerHost: 2}, func(conn net.Conn) {
			if open := openConnections(sender); open > 2 {
				t.Errorf("%d connections are open", open)
			}
			reader := bufio.NewReader(conn)
			for readRequest(reader) == nil {
				pass(time.Second)
				if _, err := io.WriteString(conn, answer); err != nil {
					return
				}
			}
		})
		var sending sync.WaitGroup
		send := func(timeout, wantAfter time.Duration, reason posthorn.Reason, detail string) {
			request := requestTo("http://hooks.test/")
			request.Timeout = timeout
			started := time.Now()
			sending.Go(func() {
				outcome := sender.Send(t.Context(), request)
				if took := time.Since(started); outcome.Reason != reason || !strings.Contains(outcome.Detail, detail) || took != wantAfter {
					t.Errorf("after %v: %+v; want %q after %v", took, outcome, reason, wantAfter)
				}
			})
			synctest.Wait()
		}
		const second = time.Second
		send(5*second, second, posthorn.ReasonSuccess, "")
		send(5*second, second, posthorn.ReasonSuccess, "")
		send(second/2, second/2, posthorn.ReasonTimeout, "became free")
		send(5*second, 2*second, posthorn.ReasonSuccess, "")
		send(second, second, posthorn.ReasonTimeout, "") // at the moment in which two are free: it may get one and be late
		send(5*second, 2*second, posthorn.ReasonSuccess, "")
		sending.Wait()
		if n := openConnections(sender); n > 2 {
			t.Errorf("%d count as open", n)
		}
	})
}

// Invariant: an attempt that is stopped ends at once, whatever it is doing, its
// connection is closed and counts no longer.
func TestStoppedDirectly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		serve  func(conn net.Conn)
		reason posthorn.Reason
	}{
		"while writing": {func(conn net.Conn) {
			_, _ = io.CopyN(io.Discard, conn, 100)
			pass(time.Hour)
		}, posthorn.ReasonInterrupted},
		"while waiting": {swallow, posthorn.ReasonInterrupted},
		"between hints": {func(conn net.Conn) {
			if readRequest(bufio.NewReader(conn)) == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\n\r\n")
			}
			swallow(conn)
		}, posthorn.ReasonInterrupted},
		"within the headers": {func(conn net.Conn) {
			if readRequest(bufio.NewReader(conn)) == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: y")
			}
			swallow(conn)
		}, posthorn.ReasonInterrupted},
		"within the body": {func(conn net.Conn) {
			if readRequest(bufio.NewReader(conn)) == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
			}
			swallow(conn)
		}, posthorn.ReasonSuccess},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			sender := newPipeSender(t, Options{}, test.serve)
			started := time.Now()
			outcome := sender.Send(ctx, requestTo("http://hooks.test/"))
			if took := time.Since(started); outcome.Reason != test.reason || took != time.Second || openConnections(sender) != 0 {
				t.Errorf("%s: after %v %+v, %d connections are open", name, took, outcome, openConnections(sender))
			}
			if test.reason == posthorn.ReasonSuccess && (string(outcome.ResponseBody) != "hel" || !outcome.BodyTruncated) {
				t.Errorf("%s: %q, truncated %v", name, outcome.ResponseBody, outcome.BodyTruncated)
			}
		})
	}
}

// Invariant: a connection is kept exactly when its answer was read whole and
// neither side wants it closed; what the answer says is told in either case.
func TestWhichConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	long := func(size int) string { return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", ok, size, flooding(size)) }
	for name, test := range map[string]struct {
		raw    string
		closes bool // the receiver, after its answer
		isKept bool
		status int
		body   string
		isCut  bool
	}{
		"a length":                    {answer, false, true, 200, "ok", false},
		"no body":                     {"HTTP/1.1 204 No Content\r\n\r\n", false, true, 204, "", false},
		"length 0":                    {ok + "Content-Length: 0\r\n\r\n", false, true, 200, "", false},
		"chunks":                      {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false, true, 200, "ok", false},
		"chunks and trailers":         {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n", false, true, 200, "ok", false},
		"as long as is kept":          {long(MaxResponseBody), false, true, 200, flooding(MaxResponseBody), false},
		"the byte that tells of more": {long(MaxResponseBody + 1), false, true, 200, flooding(MaxResponseBody), true},
		"two bytes more":              {long(MaxResponseBody + 2), false, false, 200, flooding(MaxResponseBody), true},
		"much longer":                 {long(1 << 20), false, false, 200, flooding(MaxResponseBody), true},
		"hints before it":             {"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + answer, false, true, 200, "ok", false},
		"a hint behind it":            {answer + "HTTP/1.1 103 Early Hints\r\n\r\n", false, false, 200, "ok", false},
		"a body that 204 hasn't":      {"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", false, false, 204, "", false},
		"a body that 304 hasn't":      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok", false, false, 304, "", false},
		"the receiver wants to close": {ok + "Connection: close\r\nContent-Length: 2\r\n\r\nok", false, false, 200, "ok", false},
		"HTTP/1.0":                    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false, false, 200, "ok", false},
		"HTTP/1.0, kept":              {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", false, true, 200, "ok", false},
		"until it closes":             {ok + "\r\nok", true, false, 200, "ok", false},
		"closed too early":            {ok + "Content-Length: 5\r\n\r\nok", true, false, 200, "ok", true},
		"no last chunk":               {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", true, false, 200, "ok", true},
		"closed all the same":         {answer, true, false, 200, "ok", false},
		"switching protocols":         {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", false, false, 101, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan struct{}, 10)
			url := newRawReceiver(t, func(conn net.Conn) {
				reader := bufio.NewReader(conn)
				for readRequest(reader) == nil {
					_, _ = io.WriteString(conn, test.raw)
					if test.closes {
						break
					}
				}
				_ = conn.Close()
				ended <- struct{}{}
			})
			sender := newSender(t, Options{})
			for n := range 3 {
				outcome := sender.Send(t.Context(), requestTo(url))
				if outcome.StatusCode != test.status || string(outcome.ResponseBody) != test.body || outcome.BodyTruncated != test.isCut {
					t.Fatalf("request %d: %q, status %d, %d bytes, truncated %v", n, outcome.Reason, outcome.StatusCode, len(outcome.ResponseBody), outcome.BodyTruncated)
				}
				if outcome.ConnectionReused != (test.isKept && n > 0) {
					t.Errorf("request %d: reused %v", n, outcome.ConnectionReused)
				}
				if !test.isKept {
					select {
					case <-ended: // before the sender's end
					case <-time.After(2 * time.Minute):
						t.Fatalf("request %d: the connection is open", n)
					}
				}
			}
		})
	}
}

// Invariant: the answer of a receiver that answers before it has read the request,
// and closes, counts, on a new connection and on a kept one.
func TestAnswerBeforeReading(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	url := newRawReceiver(t, func(conn net.Conn) {
		reader := bufio.NewReaderSize(conn, 16)
		for n := 0; ; n++ {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			if requests.Add(1); request.URL.Path == "/hasty" {
				_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
				return // and what was not read resets the connection
			}
			_, _ = io.Copy(io.Discard, request.Body)
			_, _ = io.WriteString(conn, answer)
		}
	})
	sender := newSender(t, Options{})
	send := func(path string, status int) {
		t.Helper()
		request := requestTo(url + path)
		request.Body = make([]byte, maxDirectBody)
		outcome := sender.Send(t.Context(), request)
		wantReason(t, outcome, posthorn.ReasonSuccess)
		if outcome.StatusCode != status {
			t.Errorf("%s: status %d", path, outcome.StatusCode)
		}
	}
	for range 20 {
		send("hasty", 413)
		send("", 200)
		send("hasty", 413)
	}
	if requests.Load() != 60 {
		t.Errorf("%d requests for 60", requests.Load())
	}
}

// Invariant: a connection whose receiver stops halfway into writing is not used
// again, and the request leaves once.
func TestPartlyWrittenIsNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var connections atomic.Int64
		sender := newPipeSender(t, Options{}, func(conn net.Conn) {
			connections.Add(1)
			go swallowSome(conn)
			_, _ = io.WriteString(conn, answer)
			pass(time.Hour)
		})
		request := requestTo("http://hooks.test/")
		request.Timeout = 5 * time.Second
		outcome := sender.Send(t.Context(), request)
		if outcome.Reason != posthorn.ReasonTimeout || connections.Load() != 1 || openConnections(sender) != 0 {
			t.Errorf("%+v over %d connections, %d open", outcome, connections.Load(), openConnections(sender))
		}
	})
}

func swallowSome(conn net.Conn) { _, _ = io.CopyN(io.Discard, conn, 50) }
