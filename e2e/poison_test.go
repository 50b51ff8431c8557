package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// poisonType is the type of an event that ends the process that sends it, in a
// build with failpoints.
const poisonType = "fatal.event"

// fragile is a server that such an event ends, started again and again on one
// data directory.
type fragile struct {
	t         *testing.T
	program   string
	directory string
	published int
	*ledger
}

func (f *fragile) start(variables ...string) (*server, bool) {
	f.t.Helper()
	process := command(f.t, "posthorn", variables, "serve", "--listen", "127.0.0.1:0", "--data", f.directory, "--environment", "development")
	process.Path = f.program
	return start(f.t, process)
}

// publish publishes a harmless event and notes it if it is acknowledged.
func (f *fragile) publish(s *server) {
	f.published++
	id := fmt.Sprintf("harmless-%d", f.published)
	code, _, err := s.try("POST", "/v1/events", `{"type": "order.paid", "id": "`+id+`", "data": {}}`)
	if err == nil && code == http.StatusAccepted {
		f.mu.Lock()
		f.accepted[id] = true
		f.mu.Unlock()
	}
}

// live starts the server, publishes until it dies, and reports whether it did; if
// not, a delivery is quarantined.
func (f *fragile) live(variables ...string) (*server, bool) {
	f.t.Helper()
	s, isListening := f.start(variables...)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for isListening {
		select {
		case err := <-s.exited:
			s.exited <- err
			return s, true
		case <-ticker.C:
			f.publish(s)
			if _, text, err := s.try("GET", "/v1/deliveries?status=quarantined", ""); err == nil && strings.Contains(text, `"crashes"`) {
				return s, false
			}
		case <-deadline:
			f.t.Fatalf("the server lives and nothing is quarantined\n%s", s.said())
		}
	}
	return s, true
}

// Invariant: an event that ends the process each time it is sent stops nobody
// else's deliveries for long: after a handful of starts it is quarantined and
// everything else has arrived, at the same webhook and at others. A person who asks
// for it gets it sent again.
func TestPoison(t *testing.T) {
	t.Parallel()
	l := &ledger{accepted: map[string]bool{}, arrived: map[string]int{}}
	receiver := httptest.NewServer(l)
	defer receiver.Close()
	f := &fragile{t: t, program: filepath.Join(t.TempDir(), "posthorn"), directory: t.TempDir(), ledger: l}
	if text, err := exec.Command("go", "build", "-tags", "failpoint", "-o", f.program, "github.com/posthorn/posthorn/cmd/posthorn").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	s, _ := f.start("POISON=" + poisonType)
	hook := s.createWebhook(receiver.URL, "standard", "")
	code, text := s.call("POST", "/v1/webhooks", `{"url": "`+receiver.URL+`/other", "events": ["order.*"]}`)
	other := data[webhook](t, code, text, http.StatusCreated)
	for range 20 {
		f.publish(s)
	}
	_, _, _ = s.try("POST", "/v1/events", `{"type": "`+poisonType+`", "id": "poison", "data": {}}`) // it may die before it answers
	_ = s.wait()
	deaths := 1
	for died := true; died; deaths++ {
		if s, died = f.live("POISON=" + poisonType); !died {
			break
		}
	}
	if deaths != posthorn.QuarantineAfter {
		t.Errorf("it died %d times", deaths)
	}
	eventually(t, "everything else arrives", func() bool { return len(l.missing()) == 0 })
	eventually(t, "nothing is pending", func() bool { return s.webhook(hook.ID).Stats.Pending == 0 && s.webhook(other.ID).Stats.Pending == 0 })
	if !strings.Contains(s.said(), "a delivery is quarantined") {
		t.Errorf("the operator isn't told:\n%s", s.said())
	}
	code, text = s.call("GET", "/v1/deliveries?status=quarantined", "")
	found := data[[]struct{ ID, WebhookID, EventID, StatusReason string }](t, code, text, http.StatusOK)
	if len(found) != 1 || found[0].WebhookID != hook.ID || found[0].EventID != "poison" || found[0].StatusReason == "" {
		t.Fatalf("quarantined: %s", text)
	}
	s.wantBooks()
	t.Logf("%d deaths; %d others were published meanwhile, and arrived", deaths, len(l.accepted))
	if err := s.terminate(); err != nil {
		t.Errorf("%v\n%s", err, s.said())
	}
	s, _ = f.start()
	s.call("POST", "/v1/deliveries/"+found[0].ID+"/retry", "")
	l.mu.Lock()
	l.accepted["poison"] = true
	l.mu.Unlock()
	eventually(t, "it is delivered when it isn't fatal any more", func() bool { return len(l.missing()) == 0 })
}
