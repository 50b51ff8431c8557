package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// publisher posts events.
type publisher struct {
	// server is the address of the server, if there is one.
	server string
	url    string
	key    string
	client *http.Client
	// body makes a request's body around the data.
	body func(data string) string
}

// eventSize is the size of an event's data in bytes.
const eventSize = 500

// newData holds the moment from which the latency counts.
func newData(from time.Time) string {
	head := fmt.Sprintf(`{"from":%d,"pad":"`, from.UnixNano())
	return head + strings.Repeat("x", eventSize-len(head)-2) + `"}`
}

func dataOnly(data string) string { return data }

func asEvent(data string) string { return `{"type":"bench.event","data":` + data + `}` }

// saturate posts from every connection as fast as answers come, and returns how
// many events were accepted.
func (p publisher) saturate(ctx context.Context, duration time.Duration, connections int) int {
	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	var accepted atomic.Int64
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for ctx.Err() == nil {
				if p.post(context.WithoutCancel(ctx), time.Now()) {
					accepted.Add(1)
				}
			}
		})
	}
	group.Wait()
	return int(accepted.Load())
}

// pace posts at a steady rate. The latency counts from the moment that an event
// was meant to be posted, so a stall is not hidden.
func (p publisher) pace(ctx context.Context, duration time.Duration, rate int) int {
	var accepted atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for i := range int(duration.Seconds() * float64(rate)) {
		planned := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		select {
		case <-time.After(time.Until(planned)):
		case <-ctx.Done():
		}
		group.Go(func() {
			if p.post(context.WithoutCancel(ctx), planned) {
				accepted.Add(1)
			}
		})
	}
	group.Wait()
	return int(accepted.Load())
}

func (p publisher) post(ctx context.Context, from time.Time) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(p.body(newData(from))))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return false
	}
	request.Header.Set("Content-Type", "application/json")
	if p.key != "" {
		request.Header.Set("X-Api-Key", p.key)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body) // only to reuse the connection
	_ = response.Body.Close()
	return response.StatusCode/100 == 2
}
