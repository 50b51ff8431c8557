package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// arrivals is what the receiver saw. Latencies are nanoseconds; once the receiver
// has finished, in order of size.
type arrivals struct {
	Count     int
	First     time.Time
	Last      time.Time
	Latencies []int64
}

func (a arrivals) percentile(p int) time.Duration {
	if len(a.Latencies) == 0 {
		return 0
	}
	return time.Duration(a.Latencies[len(a.Latencies)*p/100]).Round(10 * time.Microsecond)
}

// hangingPath is where the receiver takes requests and never answers.
const hangingPath = "/hanging"

// counter takes requests and notes when they arrive.
type counter struct {
	mu   sync.Mutex
	seen arrivals
}

// ServeHTTP takes a POST; a GET asks how many have come.
func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == hangingPath {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		return
	}
	body, err := io.ReadAll(r.Body)
	now := time.Now()
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method == http.MethodGet {
		_, _ = fmt.Fprint(w, c.seen.Count)
		return
	}
	if c.seen.Count == 0 {
		c.seen.First = now
	}
	c.seen.Count++
	c.seen.Last = now
	c.seen.Latencies = append(c.seen.Latencies, now.UnixNano()-publishedAt(body))
}

// receive is the receiver's process: it prints its address, takes requests until
// its input ends, and prints what arrived.
func receive(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	var c counter
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: &c}
	go func() { _ = server.Serve(listener) }() // ends with the process
	if err := serveNeighbours(ctx, server, listener); err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return fmt.Errorf("waiting for the end: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.seen.Latencies)
	return json.NewEncoder(os.Stdout).Encode(c.seen)
}

// serveNeighbours listens on as many further loopback addresses as were asked
// for, for webhooks that hang.
func serveNeighbours(ctx context.Context, server *http.Server, first net.Listener) error {
	count, err := strconv.Atoi(os.Getenv(neighboursVariable))
	if err != nil {
		return nil //nolint:nilerr // no number, no neighbours
	}
	_, port, err := net.SplitHostPort(first.Addr().String())
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	for i := range count {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", neighbour(i, port))
		if err != nil {
			return fmt.Errorf("listening for a webhook that hangs: %w", err)
		}
		go func() { _ = server.Serve(listener) }() // ends with the process
	}
	return nil
}

// publishedAt finds the moment in the body, wherever the format put the data.
func publishedAt(body []byte) int64 {
	_, rest, _ := bytes.Cut(body, []byte(`"from":`))
	digits, _, _ := bytes.Cut(rest, []byte(","))
	nanoseconds, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return nanoseconds
}
