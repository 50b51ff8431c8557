package egress

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// BenchmarkSend measures Send against a bare client that is tuned alike, on
// loopback in one process: the receiver's share is the same in both. The last
// one takes turns between them and reports their ratio.
func BenchmarkSend(b *testing.B) {
	receiver := newReceiver(b, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "ok")
	})
	sender := newSender(b, Options{})
	request := requestTo(receiver.URL)
	request.Body = bytes.Repeat([]byte("x"), 500)
	for _, name := range []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"} {
		request.Headers = append(request.Headers, posthorn.Header{Name: name, Value: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="})
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: DefaultMaxIdlePerHost, DisableCompression: true}}
	b.Cleanup(client.CloseIdleConnections)
	bare := func() { sendBare(b, client, request) }
	guarded := func() {
		if outcome := sender.Send(b.Context(), request); outcome.StatusCode != http.StatusOK {
			b.Errorf("got %+v", outcome)
		}
	}
	b.Run("bare", func(b *testing.B) { inParallel(b, bare) })
	b.Run("egress", func(b *testing.B) { inParallel(b, guarded) })
	b.Run("ratio", func(b *testing.B) {
		var bareTime, guardedTime time.Duration
		for b.Loop() {
			started := time.Now()
			bare()
			middle := time.Now()
			guarded()
			bareTime, guardedTime = bareTime+middle.Sub(started), guardedTime+time.Since(middle)
		}
		b.ReportMetric(float64(guardedTime)/float64(bareTime), "egress/bare")
	})
}

// BenchmarkSendAlone measures what Send allocates: the receiver has no part in it.
func BenchmarkSendAlone(b *testing.B) {
	request := requestTo("")
	request.Body = bytes.Repeat([]byte("x"), 500)
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} { // as the format "standard" writes them
		request.Headers = append(request.Headers, posthorn.Header{Name: name, Value: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="})
	}
	for name, raw := range map[string]string{
		"plain":   "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 18:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok",
		"chunked": "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 18:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			answer := []byte(raw)
			request.URL = newRawReceiver(b, func(conn net.Conn) {
				reader := bufio.NewReader(conn)
				for discardRequest(reader, len(request.Body)) == nil {
					_, _ = conn.Write(answer)
				}
			})
			sender := newSender(b, Options{})
			sender.Send(b.Context(), request) // opens the connection
			b.ReportAllocs()
			for b.Loop() {
				if outcome := sender.Send(b.Context(), request); !outcome.ConnectionReused || string(outcome.ResponseBody) != "ok" {
					b.Fatalf("got %+v", outcome)
				}
			}
		})
	}
}

// discardRequest reads a request whose body has a known length, and allocates nothing.
func discardRequest(reader *bufio.Reader, length int) error {
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			_, err = reader.Discard(length)
			return err
		}
	}
}

func inParallel(b *testing.B, send func()) {
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			send()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// sendBare does the least that one would do without this package.
func sendBare(b *testing.B, client *http.Client, r posthorn.Request) {
	ctx, cancel := context.WithTimeout(b.Context(), r.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		b.Error(err)
		return
	}
	for _, header := range r.Headers {
		request.Header.Set(header.Name, header.Value)
	}
	response, err := client.Do(request)
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.ReadAll(io.LimitReader(response.Body, MaxResponseBody))
	_ = response.Body.Close()
}
