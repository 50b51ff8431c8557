package api

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
)

// Guards that data which is kept for long is the value's own bytes, holds hardly more
// memory than it is long, and can't be grown over what stands behind it.
func TestKeptDataHoldsLittleMore(t *testing.T) {
	t.Parallel()
	const muchMore = 1000
	rapid.Check(t, func(r *rapid.T) {
		value := jsonValue(2).Draw(r, "value")
		before, after := rapid.IntRange(0, muchMore).Draw(r, "before"), rapid.IntRange(0, muchMore).Draw(r, "after")
		text := []byte(`{"type":"a",` + strings.Repeat(" ", before) + `"data":` + value + strings.Repeat("\n", after) + "}")
		var in eventInput
		if err := decode(text, &in); err != nil {
			r.Fatalf("%s: %v", text, err)
		}
		kept := in.Data.kept(text)
		if string(kept) != value || cap(in.Data.of(text)) != len(value) {
			r.Fatalf("kept %q of %q", kept, value)
		}
		clear(text)
		if isOwn := string(kept) == value; !isOwn && before+after > muchMore/2 {
			r.Fatalf("%d bytes are held for %d", len(text), len(kept))
		}
	})
}

// Guards that the lines of a batch's answer which are written by hand are what the encoder
// makes of them.
func TestLinesOfABatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		result := intake.Result{
			Event: posthorn.Event{
				ID: [16]byte{rapid.Byte().Draw(r, "id")}, GivenID: rapid.SampledFrom([]string{"", "order-1"}).Draw(r, "given"), Type: "user.created",
				Timestamp: time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(r, "at")), Deliveries: rapid.IntRange(0, 1000).Draw(r, "deliveries"),
			},
			Duplicate: rapid.Bool().Draw(r, "duplicate"),
			Err:       rapid.SampledFrom([]error{nil, posthorn.ErrConflict, posthorn.Invalid("/type", "a \"b\"", "")}).Draw(r, "error"),
		}
		index := rapid.IntRange(0, maxBatch).Draw(r, "index")
		want, err := marshal(lineOf(index, &result))
		must(t, err)
		if got, err := appendLine(nil, index, &result); err != nil || string(got) != string(want) {
			r.Fatalf("%s, %v; want %s", got, err, want)
		}
	})
}

// Guards that an event of a batch doesn't hold the others.
func TestDataOfABatchIsItsOwn(t *testing.T) {
	t.Parallel()
	line := []byte(`{"type":"a","data":{"n":1}}`)
	b := readLines([][]byte{line}, [16]byte{})
	if len(b.items) != 1 {
		t.Fatalf("%v", b.mistakes)
	}
	clear(line)
	if string(b.items[0].Data) != `{"n":1}` {
		t.Errorf("the data is part of the batch: %q", b.items[0].Data)
	}
}
