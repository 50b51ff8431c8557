package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"
)

// Invariant: an attempt that timed out while the server's process could not run is the
// server's own fault: it uses up no retry.
func TestOwnStandstillIsNotTheReceivers(t *testing.T) {
	t.Parallel()
	arrived, isOver := make(chan struct{}, 10), make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		select {
		case <-isOver:
		case <-r.Context().Done():
		}
	}))
	defer receiver.Close()
	s := serve(t, t.TempDir())
	s.createWebhook(receiver.URL, "standard", `, "retryAttempts": 0, "timeoutMs": 8000`)
	s.call("POST", "/v1/events", `{"type": "a", "data": {}}`)
	<-arrived
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := s.process.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if signal == syscall.SIGSTOP {
			<-time.After(9 * time.Second)
		}
	}
	type delivery struct {
		Status     string
		Attempts   int
		LastReason *string
	}
	first := func() delivery {
		code, text := s.call("GET", "/v1/deliveries", "")
		return data[[]delivery](t, code, text, http.StatusOK)[0]
	}
	eventually(t, "the attempt is over", func() bool { return first().Attempts == 1 })
	if d := first(); d.LastReason == nil || *d.LastReason != "local_resource" || d.Status == "exhausted" {
		t.Errorf("got %+v", d)
	}
	close(isOver)
	eventually(t, "it is delivered", func() bool { return first().Status == "succeeded" })
}
