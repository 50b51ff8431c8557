//go:build !race

package hostile

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Invariant: a server with little memory, many long events, and receivers that hang
// or answer without end goes on living: it refuses what it has no room for, with an
// answer, keeps below the limit, and delivers all that it took.
func TestLittleMemory(t *testing.T) {
	t.Parallel()
	const limit, publishers, each, length = 200 << 20, 100, 1, 900_000
	s := serve(t, "GOMEMLIMIT=128MiB", "POSTHORN_EVENT_RATE=0")
	s.forgetPeak()
	var arrived sync.Map
	healthy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived.Store(r.Header.Get("webhook-id"), true)
	}))
	defer healthy.Close()
	s.subscribe(healthy.URL, "long", "")
	for _, chaos := range []string{"blackhole", "endless-body", "zero-window", "endless-headers"} {
		receiver, url, _ := listen(t, chaos)
		defer receiver.Close()
		for range 3 {
			s.subscribe(url, "long", `, "timeoutMs": 1000, "retryAttempts": 0`)
		}
	}
	var taken, refused atomic.Int64
	var group sync.WaitGroup
	for p := range publishers {
		group.Go(func() {
			for n := range each {
				body := fmt.Sprintf(`{"type": "long", "id": "long-%d-%d", "data": {"text": %q}}`, p, n, strings.Repeat("x", length))
				switch code := s.status("POST", "/v1/events", body); code {
				case http.StatusAccepted:
					taken.Add(1)
				case http.StatusServiceUnavailable, http.StatusTooManyRequests:
					refused.Add(1)
				default:
					t.Errorf("status %d", code)
				}
			}
		})
	}
	group.Wait()
	eventually(t, "all that was taken arrives", func() bool {
		count := int64(0)
		arrived.Range(func(any, any) bool { count++; return true })
		return count == taken.Load()
	})
	peak := s.peak()
	t.Logf("%d events of %d bytes taken, %d refused, at most %d MiB", taken.Load(), length, refused.Load(), peak>>20)
	if peak > limit {
		t.Errorf("it took %d bytes", peak)
	}
	if taken.Load() == 0 {
		t.Error("no event was taken")
	}
}

// status makes a request and returns the status of its answer; 0 for none.
func (s *server) status(method, path, body string) int {
	request, err := http.NewRequest(method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", key)
	response, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
