package telemetry_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/telemetry"
)

// Invariant: each attempt is one line: a warning when it failed, quiet when it
// succeeded; what was sent and what came back stay out of it.
func TestAttemptLog(t *testing.T) {
	t.Parallel()
	job := store.Job{Delivery: posthorn.Delivery{EventPublicID: "order-1", EventType: "user.created"}, Event: posthorn.Event{Data: []byte("private data")}}
	due := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	failed := posthorn.Attempt{Number: 2, Outcome: posthorn.Outcome{Reason: "status_503", StatusCode: 503, ResponseBody: []byte("private answer")}}
	succeeded := posthorn.Attempt{Number: 1, Outcome: posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200}}
	for _, test := range []struct {
		name    string
		level   slog.Level
		attempt posthorn.Attempt
		next    posthorn.Next
		err     error
		want    []string
	}{
		{
			"failure", slog.LevelInfo, failed,
			posthorn.Next{Status: posthorn.DeliveryPending, DueAt: due},
			nil,
			[]string{"level=WARN", "event=order-1", "type=user.created", "attempt=2", "reason=status_503", "status=503", "next=pending", "due=2026-05-04T12:00:00.000Z"},
		},
		{"success", slog.LevelInfo, succeeded, posthorn.Next{Status: posthorn.DeliverySucceeded}, nil, nil},
		{"success for debugging", slog.LevelDebug, succeeded, posthorn.Next{Status: posthorn.DeliverySucceeded}, nil, []string{"level=DEBUG", "reason=success", "next=succeeded"}},
		{"lease lost", slog.LevelInfo, succeeded, posthorn.Next{}, store.ErrLeaseLost, []string{"level=WARN", "leaseLost=true"}},
		{"not recorded", slog.LevelInfo, succeeded, posthorn.Next{}, errors.New("disk"), []string{"error=disk"}},
		{"gone", slog.LevelInfo, failed, posthorn.Next{DisableWebhook: true}, nil, []string{"webhookDisabled=true"}},
	} {
		var out bytes.Buffer
		telemetry.NewAttemptLog(telemetry.NewLogger(&out, test.level, "text")).Attempted(job, test.attempt, test.next, test.err)
		if test.want == nil && out.Len() > 0 {
			t.Errorf("%s: %s", test.name, &out)
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %s in %s", test.name, want, &out)
			}
		}
		if strings.Contains(out.String(), "private") || strings.Count(out.String(), "\n") > 1 {
			t.Errorf("%s: %s", test.name, &out)
		}
	}
}

// Invariant: the format json is JSON.
func TestJSONLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	telemetry.NewLogger(&out, slog.LevelInfo, "json").Info("hello")
	if !strings.HasPrefix(out.String(), "{") {
		t.Errorf("got %s", &out)
	}
}
