package benchmark

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// accept takes connections until ctx ends.
func (r *receiver) accept(ctx context.Context, listener net.Listener) {
	context.AfterFunc(ctx, func() { _ = listener.Close() }) // nobody comes any more
	r.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.running.Go(func() {
				stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // lets go of whoever reads
				defer stop()
				_ = r.talk(ctx, conn)
				_ = conn.Close() // the other side has gone, or is told so
			})
		}
	})
}

// talk answers requests of HTTP/1.1 that state their length, and nothing else: it
// must cost little beside what is measured. Whatever else it is sent ends the
// connection.
func (r *receiver) talk(ctx context.Context, conn net.Conn) error {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	buffer, filled := make([]byte, 4<<10), 0
	for {
		head, length, err := splitRequest(buffer[:filled])
		if err != nil {
			return err
		}
		if head == 0 || filled < head+length {
			buffer = withRoom(buffer, filled, head+length)
			n, err := conn.Read(buffer[filled:])
			if err != nil {
				return err
			}
			filled += n
			continue
		}
		const path = len("POST ")
		kind := string(buffer[path : path+2])
		if !r.take(kind, buffer[head:head+length]) {
			_, err := io.Copy(io.Discard, conn)
			return err
		}
		if kind == slowPath[:2] && !dawdle(ctx) {
			return ctx.Err()
		}
		if _, err := conn.Write(answer); err != nil {
			return err
		}
		filled = copy(buffer, buffer[head+length:filled])
	}
}

// dawdle takes as long as a slow receiver, each time another, as in life: receivers
// that were slow in step would be a burst. It reports whether ctx is still alive then.
func dawdle(ctx context.Context) bool {
	timer := time.NewTimer(slowAnswer*4/5 + rand.N(slowAnswer*2/5)) //nolint:gosec // nobody gains by guessing it
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// withRoom returns a buffer with the same beginning and room for more: for the whole
// request if its size is known.
func withRoom(buffer []byte, filled, size int) []byte {
	if filled < len(buffer) && size <= len(buffer) {
		return buffer
	}
	larger := make([]byte, max(size, 2*len(buffer)))
	copy(larger, buffer[:filled])
	return larger
}

// splitRequest returns the length of a request's head, 0 while it isn't whole, and of
// its body.
func splitRequest(text []byte) (int, int, error) {
	const longestHead, longestBody = 64 << 10, 16 << 20
	end := bytes.Index(text, []byte("\r\n\r\n"))
	if end < 0 {
		if len(text) > longestHead {
			return 0, 0, errors.New("the head is too long")
		}
		return 0, 0, nil
	}
	if !bytes.HasPrefix(text, []byte("POST /")) {
		return 0, 0, errors.New("this is no POST")
	}
	for line := range bytes.Lines(text[:end+2]) {
		value, found := headerValue(line, "content-length:")
		if !found {
			continue
		}
		length, err := strconv.Atoi(string(value))
		if err != nil || length < 0 || length > longestBody {
			return 0, 0, errors.New("the length can't be taken")
		}
		return end + 4, length, nil
	}
	return 0, 0, errors.New("the request doesn't state its length")
}

// take counts a request by the beginning of its path. It reports whether it is to be
// answered.
func (r *receiver) take(path string, body []byte) bool {
	t := r.tallies.Load()
	switch path {
	case hangingPath[:2]:
		return false
	case slowPath[:2]:
	case backlogPath[:2]:
		t.backlog.add(body, time.Now())
	default:
		t.usual.add(body, time.Now())
	}
	return true
}

// serveHTTP2 leaves the protocol to net/http.
func (r *receiver) serveHTTP2(ctx context.Context, listener net.Listener, settings *tls.Config) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil || len(request.URL.Path) < 2 {
			return
		}
		if !r.take(request.URL.Path[:2], body) {
			<-request.Context().Done()
			return
		}
		_, _ = io.WriteString(w, "ok") // the sender notices
	})
	server := &http.Server{Handler: handler, TLSConfig: settings, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })          // the process ends
	r.running.Go(func() { _ = server.ServeTLS(listener, "", "") }) // until it is closed
}
