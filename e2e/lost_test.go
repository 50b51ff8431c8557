package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Invariant: a request that was under way when the server was killed is shown as an
// attempt of which nobody knows what came, through the API and the command; it uses
// up no retry, and the next one has the same id.
func TestLostAttemptIsShown(t *testing.T) {
	t.Parallel()
	arrived, isOver := make(chan string, 10), make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- r.Header.Get("webhook-id")
		select {
		case <-isOver:
		case <-r.Context().Done():
		}
	}))
	defer receiver.Close()
	directory := t.TempDir()
	s := serve(t, directory)
	s.createWebhook(receiver.URL, "standard", `, "retryAttempts": 0`)
	s.call("POST", "/v1/events", `{"type": "a", "data": {}}`)
	first := <-arrived
	began := time.Now()
	s.kill()
	close(isOver)
	s = serve(t, directory)
	if again := <-arrived; again != first {
		t.Errorf("it arrived as %s and then as %s", first, again)
	}
	eventually(t, "it is delivered", func() bool { return list(t, s, "succeeded") == 1 })

	code, text := s.call("GET", "/v1/deliveries", "")
	id := data[[]struct{ ID string }](t, code, text, http.StatusOK)[0].ID
	code, text = s.call("GET", "/v1/deliveries/"+id, "")
	d := data[struct {
		Attempts    int
		AttemptList []struct {
			Number    int
			Reason    string
			URL       string
			StartedAt time.Time
		}
	}](t, code, text, http.StatusOK)
	if d.Attempts != 2 || len(d.AttemptList) != 2 || d.AttemptList[0].Reason != "outcome_unknown" || d.AttemptList[1].Reason != "success" {
		t.Fatalf("want an attempt of which nothing is known and one that succeeded: %s", text)
	}
	if lost := d.AttemptList[0]; lost.URL != receiver.URL || lost.StartedAt.After(began) || began.Sub(lost.StartedAt) > patience {
		t.Errorf("the lost attempt: %+v", lost)
	}
	output, err := command(t, "posthorn", []string{"POSTHORN_SERVER=http://" + s.address, "POSTHORN_API_KEY=" + key}, "delivery", "get", id).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "outcome_unknown") {
		t.Errorf("%v: %s", err, output)
	}
}
