package egress

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
)

// Invariant: what an answer weighs doesn't count against the next ones: a kept
// connection serves as many as come, each with its own bounds.
func TestKeptConnectionServesManyHeavyAnswers(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	heavy := fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Heavy: %s\r\nContent-Length: %d\r\n\r\n%s", flooding(60<<10), MaxResponseBody, flooding(MaxResponseBody))
	url := newRawReceiver(t, func(conn net.Conn) {
		connections.Add(1)
		reader := bufio.NewReader(conn)
		for readRequest(reader) == nil {
			_, _ = io.WriteString(conn, heavy)
		}
	})
	sender := newSender(t, Options{})
	for n := range 40 {
		outcome := sender.Send(t.Context(), requestTo(url))
		wantReason(t, outcome, posthorn.ReasonSuccess)
		if len(outcome.ResponseBody) != MaxResponseBody || outcome.BodyTruncated || outcome.ConnectionReused != (n > 0) {
			t.Fatalf("request %d: kept %d, truncated %v, reused %v", n, len(outcome.ResponseBody), outcome.BodyTruncated, outcome.ConnectionReused)
		}
	}
	if connections.Load() != 1 {
		t.Errorf("%d connections", connections.Load())
	}
}

// Invariant: the bound of the headers holds for the later answers of a connection
// just as for the first one.
func TestHeadersAreBoundedOnKeptConnections(t *testing.T) {
	t.Parallel()
	url := newRawReceiver(t, func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		for _, headers := range []int{10, 60 << 10, maxResponseHeaderBytes} {
			if readRequest(reader) != nil {
				return
			}
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: 2\r\n\r\nok", flooding(headers))
		}
	})
	sender := newSender(t, Options{})
	wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonSuccess)
	wantReason(t, sender.Send(t.Context(), requestTo(url)), posthorn.ReasonSuccess)
	last := sender.Send(t.Context(), requestTo(url))
	wantReason(t, last, posthorn.ReasonResponseHeadersTooLarge)
	if !last.ConnectionReused || openConnections(sender) != 0 {
		t.Errorf("reused %v, %d connections are open", last.ConnectionReused, openConnections(sender))
	}
}

// Invariant: the connection on which a host chose HTTP/2 after all is closed, not
// forgotten.
func TestConnectionThatChoseHTTP2IsClosed(t *testing.T) {
	t.Parallel()
	peer := newHTTP2Peer(t, func(c *http2Conn, stream uint32, _ string) error { return c.answer(stream, 204) })
	sender := newSender(t, Options{RootCAs: peer.root.pool()})
	var open, dials atomic.Int64
	dial := sender.development.dial
	sender.development.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		dials.Add(1)
		open.Add(1)
		return &openConn{Conn: conn, open: &open}, nil
	}
	target, err := url.Parse(peer.url)
	if err != nil {
		t.Fatal(err)
	}
	sender.development.direct.learn(addressOf(target), "http/1.1")
	wantReason(t, sender.Send(t.Context(), requestTo(peer.url)), posthorn.ReasonSuccess)
	if dials.Load() != 2 || open.Load() != 1 || openConnections(sender) != 0 {
		t.Errorf("%d of %d connections are open, %d count as direct ones", open.Load(), dials.Load(), openConnections(sender))
	}
}

// openConn counts itself as long as it is open.
type openConn struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *openConn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

// Invariant: a connection that the attempt's end has spoilt is not kept, even if
// the answer was there already.
func TestSpoiltConnectionIsNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := newPipeSender(t, Options{}, func(conn net.Conn) {
			if readRequest(bufio.NewReader(conn)) == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
			}
			swallow(conn)
		})
		d := sender.development.direct
		for _, isStopped := range []bool{false, true} {
			p := &progress{started: time.Now(), now: time.Now}
			ctx, cancel := context.WithCancel(p.watch(t.Context()))
			defer cancel()
			target, err := parseTarget("http://hooks.test/")
			if err != nil {
				t.Fatal(err)
			}
			answered, err := d.exchange(ctx, target, []byte("POST / HTTP/1.1\r\nHost: hooks.test\r\nContent-Length: 0\r\n\r\n"), p)
			if err != nil {
				t.Fatal(err)
			}
			if isStopped {
				cancel()
				synctest.Wait()
			}
			response := answered.response
			body, err := io.ReadAll(response.Body)
			if err != nil || string(body) != "ok" {
				t.Errorf("body %q, %v", body, err)
			}
			_ = response.Body.Close()
			if isKept := openConnections(sender) == 1; isKept == isStopped {
				t.Errorf("stopped %v, kept %v", isStopped, isKept)
			}
		}
	})
}

// Invariant: a request on its way has the same parts directly as by net/http.
func TestMessagesAreAlike(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	base := newRawReceiver(t, func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		var head strings.Builder
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				break
			}
			head.WriteString(line)
		}
		got <- head.String()
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		swallow(conn)
	})
	for _, path := range []string{"", "?", "?a=b&c=%20d", "a%2Fb/../c;d?x=y#fragment", "/double//slash", "%C3%A4?%C3%A4"} {
		for _, headers := range [][]posthorn.Header{
			nil,
			{{Name: "content-type", Value: "text/plain"}, {Name: "X-Space", Value: " \tinside and out\t "}, {Name: "X-Empty", Value: ""}},
			{{Name: "User-Agent", Value: "mine"}, {Name: "x-Twice", Value: "1"}, {Name: "X-Twice", Value: "2"}, {Name: "Idempotency-Key", Value: "k"}},
		} {
			heads := map[string]map[string]string{}
			for way, body := range bothWays() {
				request := requestTo(base + path)
				request.Headers, request.Body = headers, body
				wantReason(t, newSender(t, Options{}).Send(t.Context(), request), posthorn.ReasonSuccess)
				heads[way] = parts(<-got)
			}
			direct, pooled := heads["directly"], heads["by net/http"]
			delete(direct, "content-length")
			delete(pooled, "content-length")
			if fmt.Sprint(direct) != fmt.Sprint(pooled) {
				t.Errorf("%q with %v:\n%v\n%v", path, headers, direct, pooled)
			}
		}
	}
}

// Invariant: names of headers go out in the form in which net/http sends them.
func TestNamesAreCanonical(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}").Draw(t, "name")
		if got := string(appendName(nil, name)); got != http.CanonicalHeaderKey(name) {
			t.Errorf("%q goes out as %q", name, got)
		}
	})
}

// parts are the lines of a head by their lower-case names, and the first line.
func parts(head string) map[string]string {
	lines := strings.Split(strings.TrimSuffix(head, "\r\n"), "\r\n")
	found := map[string]string{"": lines[0]}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		found[strings.ToLower(name)] += "," + value
	}
	return found
}
