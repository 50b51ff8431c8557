package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is what lies outside the server: which events were acknowledged, and
// which arrived.
type ledger struct {
	mu       sync.Mutex
	accepted map[string]bool
	arrived  map[string]int
}

func (l *ledger) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived[r.Header.Get("webhook-id")]++
}

func (l *ledger) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

func (l *ledger) missing() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var missing []string
	for id := range l.accepted {
		if l.arrived[id] == 0 {
			missing = append(missing, id)
		}
	}
	return missing
}

// Invariant: whatever was acknowledged is delivered, however often the server is
// killed; a duplicate happens only to what was under way at a kill.
func TestKillNine(t *testing.T) {
	t.Parallel()
	l := &ledger{accepted: map[string]bool{}, arrived: map[string]int{}}
	receiver := httptest.NewServer(l)
	defer receiver.Close()
	directory := t.TempDir()
	random := rand.New(rand.NewPCG(3, 4))
	const cycles, publishers = 5, 8
	for cycle := range cycles {
		s := serve(t, directory)
		if cycle == 0 {
			s.createWebhook(receiver.URL, "standard", "")
		}
		before := l.acknowledged()
		doomed := time.After(time.Duration(200+random.IntN(400)) * time.Millisecond)
		var group sync.WaitGroup
		for publisher := range publishers {
			group.Go(func() { publishUntilDeath(s, l, fmt.Sprintf("k-%d-%d", cycle, publisher)) })
		}
		<-doomed
		eventually(t, "an event is acknowledged", func() bool { return l.acknowledged() > before })
		s.kill()
		group.Wait()
	}
	s := serve(t, directory)
	eventually(t, "everything that was acknowledged arrives", func() bool { return len(l.missing()) == 0 })
	eventually(t, "nothing is left pending", func() bool { return list(t, s, "pending") == 0 && list(t, s, "leased") == 0 })
	l.mu.Lock()
	defer l.mu.Unlock()
	twice := 0
	for _, count := range l.arrived {
		if count > 1 {
			twice++
		}
	}
	t.Logf("%d kills, %d events acknowledged, %d arrived, %d of them more than once", cycles, len(l.accepted), len(l.arrived), twice)
	if len(l.accepted) < cycles {
		t.Errorf("only %d events were acknowledged: the test shows nothing", len(l.accepted))
	}
	if most := cycles * 64; twice > most {
		t.Errorf("%d duplicates, more than could have been under way", twice)
	}
}

// publishUntilDeath publishes events under ids of its own and notes those that
// were acknowledged, until the server is gone.
func publishUntilDeath(s *server, l *ledger, prefix string) {
	for n := 0; ; n++ {
		id := fmt.Sprintf("%s-%d", prefix, n)
		code, _, err := s.try("POST", "/v1/events", `{"type": "kill.test", "id": "`+id+`", "data": {"n": `+fmt.Sprint(n)+`}}`)
		if err != nil {
			return
		}
		if code == http.StatusAccepted {
			l.mu.Lock()
			l.accepted[id] = true
			l.mu.Unlock()
		}
	}
}

// list returns how many deliveries of a status the first page shows.
func list(t *testing.T, s *server, status string) int {
	t.Helper()
	code, text := s.call("GET", "/v1/deliveries?status="+status, "")
	return len(data[[]struct{ ID string }](t, code, text, http.StatusOK))
}

// Invariant: a stop finishes what is under way, exits with 0, and the next start
// delivers the rest.
func TestTerminate(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	entered := make(chan struct{}, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		entered <- struct{}{}
		<-release
	}))
	defer receiver.Close()
	directory := t.TempDir()
	s := serve(t, directory)
	hook := s.createWebhook(receiver.URL, "standard", `, "concurrency": 2`)
	for range 10 {
		s.call("POST", "/v1/events", `{"type": "a", "data": {}}`)
	}
	<-entered
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- s.terminate() }()
	eventually(t, "the server says that it stops", func() bool { return strings.Contains(s.said(), "stopping") })
	close(release)
	if err := <-ended; err != nil {
		t.Fatalf("the server ended with %v\n%s", err, s.said())
	}
	s = serve(t, directory)
	eventually(t, "all are delivered", func() bool { return s.webhook(hook.ID).Stats.Succeeded == 10 })
	if stats := s.webhook(hook.ID).Stats; stats.Attempts != 10 {
		t.Errorf("%d attempts for 10 deliveries: the stop was charged", stats.Attempts)
	}
}

// Invariant: a second server on the same database is refused, and says by whom.
func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s := serve(t, directory)
	output, err := command(t, "posthorn", nil, "serve", "--listen", "127.0.0.1:0", "--data", directory).CombinedOutput()
	if err == nil || !strings.Contains(string(output), fmt.Sprintf("process %d", s.process.Process.Pid)) {
		t.Errorf("%v: %s", err, output)
	}
}

// Invariant: a stop claims nothing more, however long a request to the API takes,
// and ends within the grace period with nothing left leased.
func TestStopDoesNotWaitForTheSlow(t *testing.T) {
	t.Parallel()
	failing := make(chan struct{}, 1000)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/hangs" {
			<-r.Context().Done()
			return
		}
		failing <- struct{}{}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer receiver.Close()
	directory := t.TempDir()
	s := serve(t, directory, "--grace-period", "2s")
	s.createWebhook(receiver.URL, "standard", `, "retryAttempts": 50, "retrySchedule": [0]`)
	hanging := s.createWebhook(receiver.URL+"/hangs", "standard", `, "timeoutMs": 60000`)
	s.call("POST", "/v1/events", `{"type": "a", "data": {}}`)
	<-failing
	go func() { _, _, _ = s.try("POST", "/v1/webhooks/"+hanging.ID+"/test", "{}") }()
	began := time.Now()
	if err := s.terminate(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, s.said())
	}
	if took := time.Since(began); took > 40*time.Second { // what hangs would take a minute
		t.Errorf("stopping took %v with 2 s of grace", took)
	}
	s = serve(t, directory)
	if stats := s.webhook(hanging.ID).Stats; stats.Attempts != 0 || stats.Pending != 1 {
		t.Errorf("the delivery that was cut off: %+v", stats)
	}
}
