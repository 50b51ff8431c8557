package egress

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/posthorn/posthorn"
)

// Nothing that a receiver does may leave a goroutine behind.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // net/http tells what floods it
	// net/http leaves the goroutine of a connection that it has closed for half a second.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

func newSender(t testing.TB, o Options) *Sender {
	t.Helper()
	sender, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sender.Close)
	return sender
}

func requestTo(url string) posthorn.Request {
	return posthorn.Request{
		URL:             url,
		Headers:         []posthorn.Header{{Name: "Content-Type", Value: "application/json"}},
		Body:            []byte(`{"n":1}`),
		Timeout:         posthorn.DefaultTimeout,
		EnvironmentKind: posthorn.Development,
	}
}

func newReceiver(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// newRawReceiver serves each connection with serve, on its own goroutine, and
// closes it afterwards.
func newRawReceiver(t testing.TB, serve func(conn net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		acceptAll(listener, serve)
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return "http://" + listener.Addr().String() + "/"
}

func acceptAll(listener net.Listener, serve func(conn net.Conn)) {
	finished := make(chan struct{})
	serving := 0
	for {
		conn, err := listener.Accept()
		if err != nil {
			break
		}
		serving++
		go func() {
			serve(conn)
			_ = conn.Close()
			finished <- struct{}{}
		}()
	}
	for range serving {
		<-finished
	}
}

// answering reads one request after another and answers each with the same
// bytes, then closes the connection if the sender hasn't.
func answering(raw string) func(conn net.Conn) {
	return func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) == nil {
			_, _ = io.WriteString(conn, raw)
		}
	}
}

func readRequest(reader *bufio.Reader) error {
	request, err := http.ReadRequest(reader)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, request.Body)
	return err
}

func wantReason(t *testing.T, outcome posthorn.Outcome, want posthorn.Reason) {
	t.Helper()
	if outcome.Reason != want {
		t.Fatalf("reason %q (%s), want %q", outcome.Reason, outcome.Detail, want)
	}
	if want != posthorn.ReasonSuccess && want != posthorn.ReasonProtocolError && !strings.HasSuffix(strings.ReplaceAll(outcome.Detail, "?", "."), ".") {
		t.Errorf("detail %q is not a sentence", outcome.Detail)
	}
}
