package egress

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/posthorn/posthorn"
)

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// Invariant: connections are reused, whatever the form of a small body, and
// timings tell of a new connection only.
func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	receiver := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chunked" {
			w.(http.Flusher).Flush()
		}
		_, _ = io.WriteString(w, "ok")
	})
	sender := newSender(t, Options{})
	first := sender.Send(t.Context(), requestTo(receiver.URL))
	if first.ConnectionReused || first.Timings.Connect <= 0 || first.Timings.FirstByte <= 0 || first.Timings.Total < first.Timings.FirstByte {
		t.Errorf("first: %+v", first)
	}
	for _, path := range []string{"/", "/chunked", "/chunked", "/"} {
		next := sender.Send(t.Context(), requestTo(receiver.URL+path))
		if !next.ConnectionReused || next.Timings.Connect != 0 || next.Timings.DNS != 0 {
			t.Errorf("%s: %+v", path, next)
		}
	}
}

// Invariant: a connection that development may use never serves production.
func TestKindsShareNoConnections(t *testing.T) {
	t.Parallel()
	receiver := newReceiver(t, func(http.ResponseWriter, *http.Request) {})
	sender := newSender(t, Options{})
	wantReason(t, sender.Send(t.Context(), requestTo(receiver.URL)), posthorn.ReasonSuccess)
	request := requestTo(receiver.URL)
	request.EnvironmentKind = posthorn.Production
	wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonAddressForbidden)
}

// dyingReceiver answers requests until it is told to die; from then on it reads
// a request on a connection that has served one and closes it without a word.
type dyingReceiver struct {
	dying, deadForAll atomic.Bool
	requests          atomic.Int64
	together          func()
}

func (d *dyingReceiver) serve(conn net.Conn) {
	reader := bufio.NewReader(conn)
	for served := 0; readRequest(reader) == nil; served++ {
		d.requests.Add(1)
		if d.dying.Load() && (served > 0 || d.deadForAll.Load()) {
			return
		}
		if d.together != nil && !d.dying.Load() {
			d.together()
		}
		_, _ = io.WriteString(conn, answer)
	}
}

// Invariant: a kept connection that turns out dead costs no attempt: the
// request is sent once more on a new one.
func TestStaleConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	receiver := &dyingReceiver{}
	url := newRawReceiver(t, receiver.serve)
	sender := newSender(t, Options{})
	wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonSuccess)
	receiver.dying.Store(true)
	outcome := sender.Send(t.Context(), requestTo(url))
	wantReason(t, outcome, posthorn.ReasonSuccess)
	if outcome.ConnectionReused || receiver.requests.Load() != 3 {
		t.Errorf("reused = %v after %d requests, want a new connection and 3", outcome.ConnectionReused, receiver.requests.Load())
	}
	for range 3 { // nor is a connection of an earlier rescue used
		wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonSuccess)
	}
}

// Invariant: once the receiver has begun to answer, nothing is sent again.
func TestBegunAnswerIsNotRetried(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	url := newRawReceiver(t, func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		for _, raw := range []string{answer, answer[:len("HTTP/1.1 200 OK\r\n")]} {
			if readRequest(reader) != nil {
				return
			}
			requests.Add(1)
			_, _ = io.WriteString(conn, raw)
		}
	})
	sender := newSender(t, Options{})
	wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonSuccess)
	wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonConnectionClosed)
	if requests.Load() != 2 {
		t.Errorf("%d requests, want 2", requests.Load())
	}
}

// Invariant: one attempt sends its request at most twice, however many dead
// connections are kept and whatever its headers say.
func TestResendingIsBounded(t *testing.T) {
	t.Parallel()
	const kept = 5
	var together sync.WaitGroup
	together.Add(kept)
	receiver := &dyingReceiver{together: func() { together.Done(); together.Wait() }}
	url := newRawReceiver(t, receiver.serve)
	sender := newSender(t, Options{})
	var sending sync.WaitGroup
	for range kept {
		sending.Go(func() { sender.Send(t.Context(), requestTo(url)) })
	}
	sending.Wait()
	receiver.deadForAll.Store(true)
	receiver.dying.Store(true)
	request := requestTo(url)
	request.Headers = append(request.Headers, posthorn.Header{Name: "Idempotency-Key", Value: "k"}, posthorn.Header{Name: "X-Idempotency-Key", Value: "k"})
	wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonConnectionClosed)
	if got := receiver.requests.Load() - kept; got != 2 {
		t.Errorf("the request was sent %d times, want 2", got)
	}
	if open := openConnections(sender); open != kept-1 {
		t.Errorf("%d connections are kept, want all but the one that was tried", open)
	}
	sender.Close()
	if open := openConnections(sender); open != 0 {
		t.Errorf("%d connections are open, and nobody has them", open)
	}
}

// Invariant: what dies on a new connection is not sent again.
func TestNewConnectionIsNotRetried(t *testing.T) {
	t.Parallel()
	receiver := &dyingReceiver{}
	receiver.dying.Store(true)
	receiver.deadForAll.Store(true)
	url := newRawReceiver(t, receiver.serve)
	wantReason(t, newSender(t, Options{}).Send(t.Context(), requestTo(url)), posthorn.ReasonConnectionClosed)
	if receiver.requests.Load() != 1 {
		t.Errorf("the request was sent %d times, want once", receiver.requests.Load())
	}
}

// Invariant: a receiver that closes every connection after its answer costs a new
// one each, thousands of times in a row, and none is left open.
func TestEveryConnectionIsClosed(t *testing.T) {
	t.Parallel()
	const requests, atOnce = 3000, 16
	var open, most atomic.Int64
	url := newRawReceiver(t, func(conn net.Conn) {
		most.Store(max(most.Load(), open.Add(1)))
		defer open.Add(-1)
		answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")(conn)
	})
	sender := newSender(t, Options{})
	var sending sync.WaitGroup
	for range atOnce {
		sending.Go(func() {
			for range requests / atOnce {
				if outcome := sender.Send(t.Context(), requestTo(url)); !outcome.Succeeded() || outcome.ConnectionReused {
					t.Errorf("got %+v", outcome)
					return
				}
			}
		})
	}
	sending.Wait()
	if most.Load() > 4*atOnce {
		t.Errorf("%d connections were open at once for %d requests", most.Load(), atOnce)
	}
}
