package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// over sends raw bytes to a real server and returns the answer; it closes its
// side after the bytes if told to.
func over(t *testing.T, address, raw string, closing bool) *http.Response {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	_, err = io.WriteString(connection, raw)
	must(t, err)
	if closing {
		must(t, connection.(*net.TCPConn).CloseWrite())
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	must(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// Guards what only a real connection can do: bodies of unknown length, bodies
// that end early or come too slowly.
func TestBodiesOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	serve := func(readTimeout time.Duration) string {
		server := httptest.NewUnstartedServer(w.server)
		server.Config.ReadTimeout = readTimeout
		server.Start()
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	patient, impatient := serve(time.Minute), serve(300*time.Millisecond)
	head := "POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: " + w.key + "\r\nContent-Type: application/json\r\n"
	event := `{"type":"a","data":1}`
	chunked := func(body string) string {
		return head + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}
	for name, c := range map[string]struct {
		raw     string
		closing bool
		status  int
	}{
		"chunked":           {chunked(event), false, 202},
		"chunked, too much": {chunked(strings.Repeat(" ", DefaultMaxBody+1)), false, 413},
		"chunked, empty":    {head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, 400},
		"ends early":        {head + "Content-Length: 100\r\n\r\n" + event, true, 400},
		"too slow":          {head + "Content-Length: 100\r\n\r\n" + event, false, 408},
		"said to be huge":   {head + "Content-Length: 10485760\r\n\r\n", false, 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := patient
			if c.status == http.StatusRequestTimeout {
				address = impatient
			}
			got := over(t, address, c.raw, c.closing)
			defer got.Body.Close()
			if got.StatusCode != c.status {
				body, _ := io.ReadAll(got.Body)
				t.Errorf("status %d, want %d: %s", got.StatusCode, c.status, body)
			}
		})
	}
}
