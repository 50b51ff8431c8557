package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/wire"
)

// declare saves a format whose requests say which version made them.
func (w *world) declare(name, mark string, all bool) {
	w.t.Helper()
	document := fmt.Sprintf(`{"name":%q,"body":[{"mark":%q}],"signature":{"algorithm":"none"}}`, name, mark)
	_, err := w.store.SaveFormat(w.t.Context(), store.FormatSaving{
		WorkspaceID: w.environment.WorkspaceID, Name: name, Document: []byte(document), AppliesToAll: all, Now: time.Now(),
	})
	w.must(err)
	if w.directories != nil {
		w.directories.ForgetWorkspace(w.environment.WorkspaceID)
	}
}

func (w *world) marksAt(url string) []string {
	var marks []string
	for _, s := range w.sentTo(url) {
		marks = append(marks, string(s.request.Body))
	}
	return marks
}

func wantMarks(t *testing.T, got []string, want ...string) {
	t.Helper()
	for i, mark := range want {
		want[i] = fmt.Sprintf(`{"mark":%q}`, mark)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("sent was %v, want %v", got, want)
	}
}

func everyTenSeconds(webhook *posthorn.Webhook) {
	webhook.Format, webhook.RetrySchedule = "mine", []time.Duration{10 * time.Second}
}

// Invariant: a delivery keeps the version of its first attempt for its retries,
// also when a restart lies between, while a fresh delivery takes the newest.
func TestRetriesKeepTheVersionOfTheFirstAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare("mine", "one", false)
		w.webhook(url, everyTenSeconds)
		w.answer(url, always(status(500)))
		w.start()
		w.publish(1)
		pass(time.Second)
		w.declare("mine", "two", false)
		pass(14 * time.Second)
		wantMarks(t, w.marksAt(url), "one", "one")
		w.stop()
		w.answer(url, always(status(200)))
		w.start()
		w.publish(1)
		pass(15 * time.Second)
		wantMarks(t, w.marksAt(url), "one", "one", "two", "one")
		for _, d := range w.deliveries(posthorn.DeliverySucceeded) {
			if !d.Format.IsZero() {
				t.Errorf("a delivery that is over remembers %v", d.Format)
			}
		}
	})
}

// Invariant: a version that applies to all is what waiting deliveries are sent
// with, and so is the newest one when a person asks for another try or gives the
// webhook another format.
func TestRetriesTakeTheNewVersionIfAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare("mine", "one", false)
		for _, mark := range []string{"a", "b", "c", "other"} { // versions of the same numbers as those of the first format
			w.declare("other", mark, false)
		}
		hook := w.webhook(url, everyTenSeconds)
		w.answer(url, always(status(500)))
		w.start()
		w.publish(1)
		pass(time.Second)
		w.declare("mine", "two", true)
		pass(14 * time.Second)
		w.declare("mine", "three", false)
		waiting := w.deliveries(posthorn.DeliveryPending)[0]
		if _, err := w.store.Retry(t.Context(), waiting.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		w.engine.Wake(w.environment.ID, hook.ID)
		pass(time.Second)
		wantMarks(t, w.marksAt(url), "one", "two", "three")
		w.update(hook.ID, func(webhook *posthorn.Webhook) { webhook.Format = "other" })
		pass(14 * time.Second)
		wantMarks(t, w.marksAt(url), "one", "two", "three", "other")
	})
}

// Invariant: an attempt whose request could not be made doesn't fix the version:
// a format that is mended is used at the next attempt.
func TestMendedFormatIsUsedAtTheNextAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare("mine", "{metadata.absent}", false)
		w.webhook(url, everyTenSeconds)
		w.start()
		w.publish(1)
		pass(time.Second)
		w.declare("mine", "mended", false)
		pass(14 * time.Second)
		wantMarks(t, w.marksAt(url), "mended")
	})
}

// unreadable is a place of formats that fails for a while.
type unreadable struct {
	dialects.Source
	until time.Time
}

func (u *unreadable) FormatVersion(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (posthorn.DeclaredFormat, error) {
	if time.Now().Before(u.until) {
		return posthorn.DeclaredFormat{}, errors.New("the disk is away")
	}
	return u.Source.FormatVersion(ctx, workspace, version)
}

// Invariant: a format that can't be read now costs no attempt; the delivery waits.
func TestFormatThatCannotBeReadCostsNoAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare("mine", "one", false)
		hook := w.webhook(url, everyTenSeconds)
		w.start(func(o *deliver.Options) {
			builtIn, err := wire.NewSet(nil)
			w.must(err)
			o.Dialects = dialects.New(builtIn, &unreadable{w.store, time.Now().Add(5 * time.Second)})
		})
		w.publish(1)
		pass(4 * time.Second)
		if stats := w.stats(hook.ID); stats.Attempts != 0 || stats.Pending != 1 {
			t.Errorf("meanwhile: %+v", stats)
		}
		pass(time.Minute)
		wantMarks(t, w.marksAt(url), "one")
	})
}
