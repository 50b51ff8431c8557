package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// Invariant: a server that has run out of file descriptors says so as its own
// trouble, loses no delivery and no retry to it, and goes on when there are some
// again.
func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip("there is no prlimit here to take descriptors away")
	}
	var arrived atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		w.Header().Set("Connection", "close") // each delivery needs a descriptor of its own
	}))
	defer receiver.Close()
	s := serve(t, t.TempDir())
	s.createWebhook(receiver.URL, "standard", `, "retryAttempts": 0`)
	s.call("POST", "/v1/events", `{"type": "order.paid", "data": {}}`)
	eventually(t, "the first one arrives", func() bool { return arrived.Load() == 1 })

	limit := s.descriptors() + 4
	s.limitDescriptors(limit)
	var hogs []net.Conn
	for range 200 {
		if conn, err := net.Dial("tcp", s.address); err == nil {
			hogs = append(hogs, conn)
		}
	}
	eventually(t, "no descriptor is left", func() bool { return s.descriptors() >= limit })
	kept := int64(1)
	eventually(t, "an event is taken and its delivery finds no descriptor", func() bool {
		if code, _, err := s.try("POST", "/v1/events", `{"type": "order.paid", "data": {}}`); err == nil && code == http.StatusAccepted {
			kept++
		}
		return strings.Contains(s.said(), "local_resource")
	})
	for _, conn := range hogs {
		_ = conn.Close()
	}
	s.limitDescriptors(1024)
	code, text := http.StatusServiceUnavailable, ""
	eventually(t, "events are taken again", func() bool {
		code, text, _ = s.try("POST", "/v1/events", `{"type": "order.paid", "data": {}}`)
		return code == http.StatusAccepted
	})
	kept++
	eventually(t, "everything arrives", func() bool { return arrived.Load() >= kept })
	t.Logf("%d events, the last answer %d %.80s", kept, code, text)
}

// descriptors counts those that the server has open.
func (s *server) descriptors() int {
	s.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.process.Process.Pid))
	if err != nil {
		s.t.Skipf("descriptors can't be counted here: %v", err)
	}
	return len(entries)
}

func (s *server) limitDescriptors(count int) {
	s.t.Helper()
	command := exec.Command("prlimit", "--pid", strconv.Itoa(s.process.Process.Pid), "--nofile="+strconv.Itoa(count)+":")
	if output, err := command.CombinedOutput(); err != nil {
		s.t.Skipf("descriptors can't be limited here: %v: %s", err, output)
	}
}
