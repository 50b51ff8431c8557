package posthorn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
)

// Invariant: an id's text names its kind, can be read back, and sorts like its
// bytes.
func TestIDText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) posthorn.EventID {
			return posthorn.EventID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
		}
		a, b := draw("a"), draw("b")
		text := a.String()
		if !strings.HasPrefix(text, "evt_") || len(text) != len("evt_")+26 || strings.ToLower(text) != text {
			t.Fatalf("text %q", text)
		}
		back, err := posthorn.ParseID[posthorn.EventID](text)
		if err != nil || back != a {
			t.Fatalf("read back %v, %v", back, err)
		}
		if bytes.Compare(a[:], b[:]) != strings.Compare(text, b.String()) {
			t.Fatalf("%s and %s sort otherwise than their bytes", a, b)
		}
	})
}

// Invariant: what is not exactly an id of that kind is refused.
func TestParseIDRefuses(t *testing.T) {
	t.Parallel()
	good := posthorn.EventID{1}.String()
	for _, text := range []string{
		"", "evt_", good[:len(good)-1], good + "0", strings.ToUpper(good), "whc_" + good[4:], good[:10] + "u" + good[11:],
		"evt_" + strings.Repeat("z", 26), "evt_8" + strings.Repeat("0", 25), " " + good, strings.Repeat("x", 100_000),
	} {
		if id, err := posthorn.ParseID[posthorn.EventID](text); !errors.Is(err, posthorn.ErrNotFound) {
			t.Errorf("%.40q was read as %v, %v", text, id, err)
		}
	}
}

// Invariant: ids made later sort after ids made earlier, and are UUIDv7.
func TestNewIDSortsByTime(t *testing.T) {
	t.Parallel()
	random := func() uint64 { return 1<<64 - 1 }
	start := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	before := posthorn.NewID[posthorn.EventID](start, random)
	for _, step := range []time.Duration{250 * time.Nanosecond, time.Microsecond, time.Millisecond, time.Hour, 100 * 365 * 24 * time.Hour} {
		after := posthorn.NewID[posthorn.EventID](start.Add(step), func() uint64 { return 0 })
		if bytes.Compare(after[:], before[:]) <= 0 {
			t.Errorf("%v later sorts before", step)
		}
	}
	if before[6]>>4 != 7 || before[8]>>6 != 2 {
		t.Errorf("version %x, variant %x", before[6]>>4, before[8]>>6)
	}
}

// Invariant: an id survives JSON.
func TestIDInJSON(t *testing.T) {
	t.Parallel()
	want := posthorn.WebhookID{1, 2, 3}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got posthorn.WebhookID
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("%s: %v, %v", text, got, err)
	}
	if json.Unmarshal([]byte(`"evt_00000000000000000000000000"`), &got) == nil {
		t.Error("an event's id was read as a webhook's")
	}
}
