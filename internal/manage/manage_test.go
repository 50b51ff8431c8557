package manage

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// Guards that the first start makes one of each thing, that an interrupted one
// is finished by the next, and that a database in use is left alone.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	s := memstore.New()
	m := newManager(t, s, &noted{}, nil)
	broken := errors.New("the disk is read-only")
	if _, err := m.Bootstrap(t.Context(), "", func(posthorn.Environment, posthorn.Secret) error { return broken }); !errors.Is(err, broken) {
		t.Fatalf("a key that can't be kept: %v", err)
	}
	var kept posthorn.Secret
	first, err := m.Bootstrap(t.Context(), "", func(_ posthorn.Environment, text posthorn.Secret) error { kept = text; return nil })
	must(t, err)
	if first.Key == nil || first.Key.Text != kept || first.Key.Key.Kind != posthorn.PlatformKey || first.Environment.Kind != posthorn.Production {
		t.Fatalf("first start: %+v", first)
	}
	if p, err := m.Authenticate(t.Context(), posthorn.HashKey(kept.Reveal())); err != nil || !p.IsPlatform() {
		t.Errorf("the key is of no use: %v", err)
	}
	again, err := m.Bootstrap(t.Context(), "sk_user_"+strings.Repeat("x", 30), nil)
	must(t, err)
	if again.Key != nil {
		t.Error("a database in use got another key")
	}
	workspaces, err := s.Workspaces(t.Context(), posthorn.Page{Limit: 10})
	must(t, err)
	if len(workspaces) != 1 {
		t.Errorf("%d workspaces", len(workspaces))
	}
}

// Guards that an operator's key is good for something, or refused.
func TestGivenBootstrapKey(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"x", "sk_abcdefghijklmnopqrstuvwxyz0123456789", "sk_user_short", "sk_user_" + strings.Repeat(" ", 40), "sk_user_" + strings.Repeat("x", 400)} {
		m := newManager(t, memstore.New(), &noted{}, nil)
		if _, err := m.Bootstrap(t.Context(), bad, nil); err == nil || strings.Contains(err.Error(), bad) && len(bad) > 8 {
			t.Errorf("%q: %v", bad, err)
		}
	}
	m := newManager(t, memstore.New(), &noted{}, nil)
	text := "sk_user_" + strings.Repeat("a_b", 10)
	_, err := m.Bootstrap(t.Context(), text, nil)
	must(t, err)
	if _, err := m.Authenticate(t.Context(), posthorn.HashKey(text)); err != nil {
		t.Error(err)
	}
}

// Guards the form of random texts, and that all letters are used about equally.
func TestRandomText(t *testing.T) {
	t.Parallel()
	m := newManager(t, memstore.New(), &noted{}, nil)
	counts := map[rune]int{}
	const texts = 2000
	for range texts {
		text := randomText(m.random)
		if !regexp.MustCompile(`^[0-9A-Za-z]{43}$`).MatchString(text) {
			t.Fatalf("%q", text)
		}
		for _, r := range text {
			counts[r]++
		}
	}
	const mean = texts * 43 / 62
	for r, n := range counts {
		if n < mean*8/10 || n > mean*12/10 {
			t.Errorf("%c comes %d times, %d is the mean", r, n, mean)
		}
	}
	if len(counts) != 62 {
		t.Errorf("%d letters", len(counts))
	}
}

// Guards rotation: the new secret is first and current, never more than five
// sign, none outlives the overlap or its own end, none comes twice.
func TestRotateKeepsItsRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		secrets := []posthorn.SigningSecret{{Value: "first-secret"}}
		for i := range rapid.IntRange(1, 12).Draw(r, "rotations") {
			now = now.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(r, "later")) * time.Second)
			overlap := time.Duration(rapid.SampledFrom([]int{0, 1, 3600, 86400, 604800}).Draw(r, "overlap")) * time.Second
			fresh := posthorn.Secret(rapid.SampledFrom([]string{"secret-a", "secret-b", "secret-c", "secret-d", "secret-e", "secret-f", "secret-g"}).Draw(r, "fresh"))
			rotated, err := rotate(secrets, fresh, now, overlap)
			if err != nil {
				continue
			}
			seen := map[posthorn.Secret]bool{}
			for k, s := range rotated {
				if (k == 0) != s.ExpiresAt.IsZero() || seen[s.Value] || k > 0 && (!s.ExpiresAt.After(now) || s.ExpiresAt.After(now.Add(overlap))) {
					r.Fatalf("rotation %d: secret %d ends at %s, overlap %s", i, k, s.ExpiresAt, overlap)
				}
				seen[s.Value] = true
			}
			if rotated[0].Value != fresh || len(rotated) > MaxValidSecrets || overlap == 0 && len(rotated) != 1 {
				r.Fatalf("rotation %d: %d secrets", i, len(rotated))
			}
			secrets = rotated
		}
	})
}

// Guards that the format judges a response, and only a response.
func TestJudge(t *testing.T) {
	t.Parallel()
	only200 := posthorn.Format{Name: "strict", Success: []string{"200"}}
	all := posthorn.Format{Name: "lenient", Success: []string{"2xx", "404"}}
	for _, c := range []struct {
		format posthorn.Format
		in     posthorn.Outcome
		want   posthorn.Reason
	}{
		{only200, posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200}, posthorn.ReasonSuccess},
		{only200, posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 204}, "status_204"},
		{all, posthorn.Outcome{Reason: "status_404", StatusCode: 404}, posthorn.ReasonSuccess},
		{all, posthorn.Outcome{Reason: "status_500", StatusCode: 500}, "status_500"},
		{all, posthorn.Outcome{Reason: posthorn.ReasonTimeout}, posthorn.ReasonTimeout},
		{all, posthorn.Outcome{Reason: posthorn.ReasonProtocolError, StatusCode: 200}, posthorn.ReasonProtocolError},
	} {
		if got := judge(c.format, c.in); got.Reason != c.want {
			t.Errorf("%s, %+v: %s, want %s", c.format.Name, c.in, got.Reason, c.want)
		}
	}
}

// Guards that a workspace whose receiver answers none of its tests is told to wait
// while it has its share of them, that others test all the same, and that the room is
// given back.
func TestTestsAreBounded(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	b := newBench(t, sending(func(context.Context, posthorn.Request) posthorn.Outcome {
		entered <- struct{}{}
		<-leave
		return posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200}
	}))
	webhook := b.makeWebhook(t)
	results := make(chan error)
	for range maxOwnTests {
		go func() {
			_, err := b.TestWebhook(t.Context(), b.platform, webhook.ID, TestEvent{})
			results <- err
		}()
	}
	for range maxOwnTests {
		<-entered
	}
	if _, err := b.TestWebhook(t.Context(), b.platform, webhook.ID, TestEvent{}); !asksTooMuch(err) {
		t.Errorf("a webhook's test too many: %v", err)
	}
	if _, err := b.TestFormat(t.Context(), b.platform, FormatTrial{URL: "https://example.com/in"}); !asksTooMuch(err) {
		t.Errorf("a format's test too many: %v", err)
	}
	release, err := b.tests.take(posthorn.WorkspaceID{1})
	must(t, err)
	release()
	close(leave)
	for range maxOwnTests {
		must(t, <-results)
	}
	go func() { <-entered }()
	_, err = b.TestWebhook(t.Context(), b.platform, webhook.ID, TestEvent{})
	must(t, err)
}

// Guards that deleting cancels a bounded part of the backlog at once and tells
// the engine of the rest.
func TestDeleteCancelsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	webhook := b.makeWebhook(t)
	const backlog = cancelAtOnce + 1
	snapshot, err := b.store.Snapshot(t.Context(), b.home.ID)
	must(t, err)
	submission := store.Submission{EnvironmentID: b.home.ID, Version: snapshot.Version}
	for range backlog {
		now := b.now()
		event := posthorn.Event{ID: posthorn.NewID[posthorn.EventID](now, b.random), EnvironmentID: b.home.ID, Type: "a", Data: []byte("1"), Timestamp: now, AcceptedAt: now}
		submission.Entries = append(submission.Entries, store.Entry{Event: event, Deliveries: []posthorn.Delivery{{
			ID: posthorn.NewID[posthorn.DeliveryID](now, b.random), EventID: event.ID, WebhookID: webhook.ID, EnvironmentID: b.home.ID, Status: posthorn.DeliveryPending, DueAt: now, CreatedAt: now, UpdatedAt: now,
		}}})
	}
	_, err = b.store.Accept(t.Context(), submission)
	must(t, err)
	must(t, b.DeleteWebhook(t.Context(), b.platform, webhook.ID))
	pending, err := b.store.Deliveries(t.Context(), store.DeliveryQuery{EnvironmentID: b.home.ID, Status: posthorn.DeliveryPending, Page: posthorn.Page{Limit: 10}})
	must(t, err)
	if len(pending) != backlog-cancelAtOnce {
		t.Errorf("%d are left pending", len(pending))
	}
	if told := b.noted.take(); !slices.ContainsFunc(told, func(note string) bool { return strings.Contains(note, "changed") }) {
		t.Errorf("the engine isn't told: %v", told)
	}
}

// Guards that every write that changes a directory is told, so that no node
// fans out by an old one.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	webhook := b.makeWebhook(t)
	told := func(name string, want ...string) {
		t.Helper()
		if got := b.noted.take(); !slices.Equal(got, want) {
			t.Errorf("%s: told %v, want %v", name, got, want)
		}
	}
	told("creating", "directory")
	_, err := b.UpdateWebhook(t.Context(), b.platform, webhook.ID, WebhookChange{Name: Set("x")})
	must(t, err)
	told("changing", "directory", "changed")
	_, err = b.PauseWebhook(t.Context(), b.platform, webhook.ID)
	must(t, err)
	told("pausing", "directory", "changed")
	_, err = b.RotateSecret(t.Context(), b.platform, webhook.ID, Rotation{})
	must(t, err)
	told("rotating", "directory", "changed")
	_, err = b.CreateEventType(t.Context(), b.platform, posthorn.EnvironmentID{}, NewEventType{Name: "a"})
	must(t, err)
	told("adding an event type", "directory")
	_, err = b.UpdateEventType(t.Context(), b.platform, posthorn.EnvironmentID{}, "a", EventTypeChange{Retries: Set(1)})
	must(t, err)
	told("changing an event type", "directory")
	must(t, b.DeleteEventType(t.Context(), b.platform, posthorn.EnvironmentID{}, "a"))
	told("deleting an event type", "directory")
	_, err = b.UpdateEnvironment(t.Context(), b.platform, b.home.ID, EnvironmentChange{DefaultRetries: Set(9)})
	must(t, err)
	told("changing the environment", "directory")
	must(t, b.DeleteWebhook(t.Context(), b.platform, webhook.ID))
	told("deleting", "directory", "changed")
}

// Guards the two presets against the tables they come from.
func TestPresets(t *testing.T) {
	t.Parallel()
	names, err := Presets()
	must(t, err)
	if !slices.Equal(names, []string{"ascendkit", "signature"}) {
		t.Errorf("presets %v", names)
	}
	ascendkit, err := Preset("ascendkit")
	must(t, err)
	var got []string
	for _, n := range ascendkit {
		got = append(got, n.Name)
	}
	want := strings.Fields("user.created user.login user.logout survey.completed email.sent email.delivered email.bounced email.complained email.opened email.clicked email.unsubscribed")
	if !slices.Equal(got, want) {
		t.Errorf("ascendkit: %v", got)
	}
	signature, err := Preset("signature")
	must(t, err)
	retries := map[string]int{"user.created": 3, "user.deleted": 3, "invoice.paid": 5, "invoice.failed": 5, "subscription.upgraded": 3, "subscription.canceled": 3, "trial.ending": 1}
	if len(signature) != len(retries) {
		t.Errorf("signature has %d event types", len(signature))
	}
	for _, n := range signature {
		if n.Retries.Value != retries[n.Name] || n.Since.Value == "" || (n.Status.Value == posthorn.EventTypeBeta) != (n.Name == "trial.ending") {
			t.Errorf("%+v", n)
		}
	}
}
