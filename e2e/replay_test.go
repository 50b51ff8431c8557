package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// publishMany publishes events with ids of their own in one batch.
func publishMany(t *testing.T, s *server, prefix string, count int) {
	t.Helper()
	events := make([]string, count)
	for i := range events {
		events[i] = fmt.Sprintf(`{"type": "a", "id": "%s-%d", "data": {}}`, prefix, i)
	}
	if code, text := s.call("POST", "/v1/events/batch", "["+strings.Join(events, ",")+"]"); code != http.StatusAccepted {
		t.Fatalf("status %d: %s", code, text)
	}
}

// atLeast returns how many of the events with a prefix arrived so many times or more.
func (l *ledger) atLeast(prefix string, times int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := 0
	for id, arrived := range l.arrived {
		if strings.HasPrefix(id, prefix) && arrived >= times {
			count++
		}
	}
	return count
}

type shownReplay struct {
	ID, Status                   string
	Matching, Examined, Replayed int
}

// Invariant: a replay whose server is killed again and again in the middle goes on
// where it was: every wanted delivery arrives again and none is passed over, none that
// isn't wanted does, and a third time only what was under way at a kill.
func TestReplayOutlivesKills(t *testing.T) {
	t.Parallel()
	const wanted, others, batch = 2000, 40, 500
	l := &ledger{arrived: map[string]int{}}
	var arrivals, mark atomic.Int64
	isReached := make(chan struct{}, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.ServeHTTP(w, r)
		if arrivals.Add(1) == mark.Load() {
			isReached <- struct{}{}
		}
	}))
	defer receiver.Close()
	directory := t.TempDir()
	s := serve(t, directory)
	hook := s.createWebhook(receiver.URL, "standard", "")
	path := "/v1/webhooks/" + hook.ID
	for i := range wanted / batch {
		publishMany(t, s, fmt.Sprintf("wanted-%d", i), batch)
	}
	eventually(t, "all is delivered once", func() bool { return s.webhook(hook.ID).Stats.Succeeded == wanted })
	s.call("POST", path+"/pause", "")
	publishMany(t, s, "other", others)
	code, text := s.call("GET", "/v1/deliveries?status=pending&limit=250", "")
	for _, d := range data[[]struct{ ID string }](t, code, text, http.StatusOK) {
		s.call("POST", "/v1/deliveries/"+d.ID+"/cancel", "")
	}
	s.call("POST", path+"/resume", "")

	code, text = s.call("POST", path+"/replays", `{"statuses": ["succeeded"], "dryRun": true}`)
	if code == http.StatusUnprocessableEntity && strings.Contains(text, "to count it within") {
		t.Log("a dry run is not possible on so slow a machine, and says so")
	} else if dry := data[shownReplay](t, code, text, http.StatusAccepted); dry.Matching != wanted {
		t.Errorf("a dry run: %s", text)
	}
	const kills, apart = 5, 300
	mark.Store(wanted + apart)
	code, text = s.call("POST", path+"/replays", `{"statuses": ["succeeded"]}`)
	replay := data[shownReplay](t, code, text, http.StatusAccepted)
	for i := range kills {
		select {
		case <-isReached: // in the middle of a step's requests
		case <-time.After(patience):
			t.Fatalf("the replay doesn't go on after %d kills", i)
		}
		s.kill()
		if again := l.atLeast("wanted", 2); again >= wanted {
			t.Fatalf("all had arrived again before kill %d", i+1)
		}
		mark.Store(arrivals.Load() + apart)
		s = serve(t, directory)
		publishMany(t, s, fmt.Sprint("new-", i), 1)
	}
	show := func() shownReplay {
		code, text := s.call("GET", "/v1/replays/"+replay.ID, "")
		return data[shownReplay](t, code, text, http.StatusOK)
	}
	eventually(t, "the replay is done", func() bool { return show().Status == "done" })
	eventually(t, "nothing is left pending", func() bool { return s.webhook(hook.ID).Stats.Pending == 0 })

	if done := show(); done.Replayed != wanted || done.Examined != wanted+others {
		t.Errorf("the replay: %+v", done)
	}
	if again := l.atLeast("wanted", 2); again != wanted {
		t.Errorf("%d of %d arrived again", again, wanted)
	}
	if wrong := l.atLeast("other", 1); wrong != 0 {
		t.Errorf("%d arrived that were not wanted", wrong)
	}
	if fresh := l.atLeast("new", 1); fresh != kills {
		t.Errorf("%d of %d new events arrived", fresh, kills)
	}
	thrice := l.atLeast("wanted", 3)
	t.Logf("%d kills in the middle, %d of %d arrived a third time", kills, thrice, wanted)
	if most := 128 * kills; thrice > most {
		t.Errorf("%d arrived a third time, more than could have been under way", thrice)
	}
}
