//go:build unix

package door

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// accept does what the API's route does around publishing: it reads the body at
// once and answers with its headers.
func accept(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(http.MaxBytesReader(w, r.Body, 1<<20), body); err != nil || len(r.Header["X-Api-Key"]) != 1 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h := w.Header()
	for _, name := range [...]string{"X-Request-Id", "X-Content-Type-Options", "Cache-Control", "Content-Security-Policy", "Content-Type"} {
		h[name] = []string{"a value of some length"}
	}
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(benchAnswer)
}

var benchAnswer = bytes.Repeat([]byte("a"), 220)

const benchRequest = "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: benchmark/1.0\r\nAccept: application/json\r\n" +
	"Content-Type: application/json\r\nX-Api-Key: sk_user_0123456789abcdefghijklmnopqrstuvwxyz\r\nContent-Length: 560\r\n\r\n"

// BenchmarkRequest measures the processor time, the client's included, of a publish
// request over kept connections: against what moves the same bytes and does nothing
// else, against this package, and against net/http.
func BenchmarkRequest(b *testing.B) {
	for _, c := range []struct {
		name  string
		serve func(net.Listener) func()
	}{{"bytes alone", serveBytes}, {"door", serveDoor}, {"net-http", serveOrdinary}} {
		b.Run(c.name, func(b *testing.B) {
			l := listen(b)
			stop := c.serve(l)
			defer stop()
			const clients = 64
			message := []byte(benchRequest + strings.Repeat("b", 560))
			var connections []net.Conn
			for range clients {
				connections = append(connections, dial(b, l.Addr().String()))
			}
			b.ReportAllocs()
			b.ResetTimer()
			begun := processorTime()
			var working sync.WaitGroup
			for i, conn := range connections {
				working.Go(func() {
					answer := make([]byte, 4<<10)
					for range (b.N + i) / clients {
						if _, err := conn.Write(message); err != nil {
							b.Error(err)
							return
						}
						if _, err := conn.Read(answer); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			working.Wait()
			b.ReportMetric(float64(processorTime()-begun)/float64(b.N), "cpu-ns/op")
		})
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func serveDoor(l net.Listener) func() {
	handler := http.HandlerFunc(accept)
	s, err := New(Options{Routes: map[string]http.Handler{"/v1/events": handler}, Ordinary: ordinary(handler, patient), Now: time.Now})
	if err != nil {
		panic(err)
	}
	go func() { _ = s.Serve(l) }()
	return func() { _ = s.Close() }
}

func serveOrdinary(l net.Listener) func() {
	s := ordinary(http.HandlerFunc(accept), patient)
	go func() { _ = s.Serve(l) }()
	return func() { _ = s.Close() }
}

// serveBytes reads as many bytes as a request has and writes as many as an answer
// has.
func serveBytes(l net.Listener) func() {
	go func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			go func() {
				defer conn.Close()
				request, answer := make([]byte, 8<<10), bytes.Repeat([]byte("a"), 530)
				for {
					if _, err := conn.Read(request); err != nil {
						return
					}
					if _, err := conn.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return func() { _ = l.Close() }
}
