package manage

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
	"github.com/posthorn/posthorn/internal/store"
)

const plainCapture = "POST /in HTTP/1.1\nHost: a.example\nX-Sig: 00\n\n{}"

func asksTooMuch(err error) bool {
	var told *posthorn.Error
	return errors.As(err, &told) && told.Code == posthorn.CodeRateLimited && told.RetryAfter == time.Second
}

// Guards that a workspace holds its share of the places at most, that there are no
// more in all, and that they are given back.
func TestPlacesAreShared(t *testing.T) {
	t.Parallel()
	places := newPlaces(3, 2, "They are taken.")
	one, other, third := posthorn.WorkspaceID{1}, posthorn.WorkspaceID{2}, posthorn.WorkspaceID{3}
	release, err := places.take(one)
	must(t, err)
	_, err = places.take(one)
	must(t, err)
	if _, err := places.take(one); !asksTooMuch(err) {
		t.Errorf("the third place of a workspace: %v", err)
	}
	_, err = places.take(other)
	must(t, err)
	if _, err := places.take(third); !errors.Is(err, posthorn.ErrBusy) {
		t.Errorf("a fourth place: %v", err)
	}
	release()
	_, err = places.take(third)
	must(t, err)
}

// Guards that nothing is read before the place is taken, and that a question which
// ends in a mistake gives it back.
func TestDetectionTakesItsPlaceFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	question := VerifyQuestion{Request: []byte("no request"), Secrets: []string{"secret"}}
	for range 2 * maxDetections {
		if _, err := b.Verify(t.Context(), b.platform, question); !errors.Is(err, &posthorn.Error{Code: posthorn.CodeMalformed}) {
			t.Fatalf("%v", err)
		}
	}
	release, err := b.detections.take(b.home.WorkspaceID)
	must(t, err)
	if _, err := b.Verify(t.Context(), b.platform, question); !asksTooMuch(err) {
		t.Errorf("verify: %v", err)
	}
	if _, err := b.InferFormat(t.Context(), b.platform, Scope{}, []byte("no request"), question.Secrets, ""); !asksTooMuch(err) {
		t.Errorf("infer: %v", err)
	}
	release()
	question.Secrets = slicesOf("secret", detect.MaxSecrets+1)
	if _, err := b.Verify(t.Context(), b.platform, question); !errors.Is(err, &posthorn.Error{Code: posthorn.CodeInvalid}) {
		t.Errorf("too many secrets: %v", err)
	}
}

func slicesOf(text string, count int) []string {
	return strings.Fields(strings.Repeat(text+" ", count))
}

// saveFormats keeps formats of a workspace that differ by name.
func (b *bench) saveFormats(t *testing.T, count, padding int) {
	t.Helper()
	for i := range count {
		name := fmt.Sprintf("mine-%03d", i)
		document := fmt.Sprintf(`{"name":%q,"description":%q,"body":{"raw":"event.data"},"headers":[{"X-Mine-%d":"{signature}"}],"signature":{"algorithm":"hmac-sha256","content":"{body}","encoding":"hex","key":"text"}}`,
			name, strings.Repeat("a", padding), i)
		_, err := b.store.SaveFormat(t.Context(), store.FormatSaving{WorkspaceID: b.home.WorkspaceID, Name: name, Document: []byte(document), Now: b.now()})
		must(t, err)
	}
}

// Guards that all formats of a workspace are tried, however many pages of them
// there are.
func TestDetectionPagesThroughFormats(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.saveFormats(t, 120, 0)
	c, release, err := b.readCaptured(t.Context(), b.platform, Scope{}, []byte(plainCapture), "mine-119")
	must(t, err)
	defer release()
	if want := 120 + len(b.formats.Formats()); len(c.known) != want || c.isPartial {
		t.Errorf("%d formats of %d, partial: %v", len(c.known), want, c.isPartial)
	}
}

// Guards that reading formats leaves half of the budget for the search, that the
// one which is asked for is read whatever the others cost, and that the answer says
// so if not all were tried.
func TestDetectionReadsFormatsWithinItsBudget(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.saveFormats(t, 200, 1900)
	question := VerifyQuestion{Request: []byte(plainCapture), Secrets: []string{"secret"}}
	d, err := b.Verify(t.Context(), b.platform, question)
	must(t, err)
	if !d.IsStopped || d.Format != "" || d.Nearest == "" || !strings.Contains(d.Hint, "There are more formats than") {
		t.Errorf("%+v", d)
	}
	question.Format = "mine-199"
	d, err = b.Verify(t.Context(), b.platform, question)
	must(t, err)
	if d.Format != "mine-199" || d.Cause != detect.CauseMissingHeader {
		t.Errorf("%+v", d)
	}
	c, release, err := b.readCaptured(t.Context(), b.platform, Scope{}, bytes.Clone(question.Request), "")
	must(t, err)
	release()
	if c.budget.Left() < detect.SmallBudget/3 || !c.isPartial {
		t.Errorf("%v is left of %v", c.budget.Left(), detect.SmallBudget)
	}
}
