package egress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

// sendOverKept sends one request, so that there is a connection to keep, and another
// over it that the context ends, if nothing else does.
func sendOverKept(ctx context.Context, t *testing.T, serve func(conn net.Conn)) posthorn.Outcome {
	t.Helper()
	sender := newPipeSender(t, Options{}, func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) == nil {
			_, _ = io.WriteString(conn, answer)
			serve(conn)
		}
	})
	r := requestTo("http://hooks.test/")
	wantReason(t, sender.Send(t.Context(), r), posthorn.ReasonSuccess)
	target, err := parseTarget(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	message, err := sender.Message(r)
	if err != nil {
		t.Fatal(err)
	}
	d := sender.development.direct
	p := &progress{started: time.Now(), deadline: time.Now().Add(10 * time.Second), now: time.Now}
	answered, err := d.overKept(ctx, d.connections.takeYoungest(target.key), target, message, p)
	outcome := posthorn.Outcome{}
	if err != nil {
		outcome = sender.failed(ctx, err, p)
	} else {
		outcome = sender.receive(answered, r, p)
	}
	if n := openConnections(sender); n != 0 {
		t.Errorf("%d connections are open", n)
	}
	return outcome
}

// Invariant: on a kept connection, which no timer of an attempt watches over, the
// timeout and the end of the context end everything to the moment, too, and the body
// has no more than its own time.
func TestKeptConnectionsKeepTime(t *testing.T) {
	t.Parallel()
	saying := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			if readRequest(bufio.NewReader(conn)) == nil {
				_, _ = io.WriteString(conn, text)
			}
			swallow(conn)
		}
	}
	for name, test := range map[string]struct {
		serve  func(conn net.Conn)
		reason posthorn.Reason
		took   time.Duration
		body   string
	}{
		"reads nothing":      {func(net.Conn) { pass(time.Hour) }, posthorn.ReasonTimeout, 10 * time.Second, ""},
		"says nothing":       {saying(""), posthorn.ReasonTimeout, 10 * time.Second, ""},
		"between hints":      {saying("HTTP/1.1 103 Early Hints\r\n\r\n"), posthorn.ReasonTimeout, 10 * time.Second, ""},
		"within the headers": {saying("HTTP/1.1 200 OK\r\nX: y"), posthorn.ReasonTimeout, 10 * time.Second, ""},
		"within a name":      {saying("HTTP/1.1 200 OK\r\nX-Na"), posthorn.ReasonTimeout, 10 * time.Second, ""},
		"within the body":    {saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"), posthorn.ReasonSuccess, bodyTimeout, "hel"},
	} {
		for _, isStopped := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				wantedReason, wantedTime := posthorn.ReasonInterrupted, time.Second
				if !isStopped {
					ctx, wantedTime = t.Context(), test.took
				}
				if !isStopped || test.reason == posthorn.ReasonSuccess {
					wantedReason = test.reason
				}
				started := time.Now()
				outcome := sendOverKept(ctx, t, test.serve)
				if took := time.Since(started); took != wantedTime {
					t.Errorf("%s, stopped %v: took %v", name, isStopped, took)
				}
				if outcome.Reason != wantedReason || string(outcome.ResponseBody) != test.body || outcome.BodyTruncated != (test.body != "") || !outcome.ConnectionReused {
					t.Errorf("%s, stopped %v: %+v", name, isStopped, outcome)
				}
			})
		}
	}
}

// Invariant: an attempt that ends at the moment in which the headers arrive gives the
// body no time.
func TestEndWinsOverTheBodysTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		defer theirs.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := &directConn{Conn: ours, left: 1}
		c.interrupt()
		c.leaveTimeForBody(ctx, &progress{now: time.Now})
		started := time.Now()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(started) != 0 {
			t.Errorf("after %v: %v", time.Since(started), err)
		}
	})
}

// Invariant: over a real network, too, a kept connection whose receiver falls silent
// is a timeout, and one whose attempt is stopped is an interruption; neither is sent
// again.
func TestSilenceOnAKeptConnection(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 3)
	url := newRawReceiver(t, func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		if readRequest(reader) != nil {
			return
		}
		_, _ = io.WriteString(conn, answer)
		for readRequest(reader) == nil {
			arrived <- struct{}{}
		}
	})
	sender := newSender(t, Options{})
	for _, want := range []posthorn.Reason{posthorn.ReasonTimeout, posthorn.ReasonInterrupted} {
		wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonSuccess)
		ctx, cancel := context.WithCancel(t.Context())
		request := requestTo(url)
		stopped := make(chan struct{})
		if want == posthorn.ReasonTimeout {
			request.Timeout = time.Second
			close(stopped)
		} else {
			go func() {
				defer close(stopped)
				<-arrived
				cancel()
			}()
		}
		outcome := sender.Send(ctx, request)
		<-stopped
		cancel()
		wantReason(t, outcome, want)
		if want == posthorn.ReasonTimeout {
			<-arrived
		}
		if !outcome.ConnectionReused || len(arrived) != 0 || openConnections(sender) != 0 {
			t.Errorf("%s: reused %v, %d more requests, %d connections are open", want, outcome.ConnectionReused, len(arrived), openConnections(sender))
		}
	}
}
