package packed_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store/packed"
)

func attempts(t *rapid.T) posthorn.Attempt {
	micros := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "micros")) * time.Microsecond
	})
	text := rapid.StringOfN(rapid.Rune(), -1, 300, -1)
	a := posthorn.Attempt{
		ID:        posthorn.AttemptID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")),
		StartedAt: rapid.SampledFrom([]time.Time{{}, time.UnixMicro(1).UTC(), time.Date(2031, 5, 17, 12, 30, 45, 123456000, time.UTC)}).Draw(t, "started"),
		URL:       text.Draw(t, "url"),
	}
	a.Outcome = posthorn.Outcome{
		Reason: posthorn.Reason(text.Draw(t, "reason")), Detail: text.Draw(t, "detail"), StatusCode: rapid.IntRange(0, 999).Draw(t, "status"),
		RetryAfter: micros.Draw(t, "retry after"), ResponseBody: rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "body"),
		BodyTruncated: rapid.Bool().Draw(t, "truncated"), ConnectionReused: rapid.Bool().Draw(t, "reused"),
		Timings: posthorn.Timings{
			DNS: micros.Draw(t, "dns"), Connect: micros.Draw(t, "connect"), TLS: micros.Draw(t, "tls"),
			FirstByte: micros.Draw(t, "first byte"), Total: micros.Draw(t, "total"),
		},
	}
	return a
}

// Invariant: an attempt is read as it was packed, each part of it, and what lost its end
// before the body is told from one.
func TestAttemptComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := attempts(t)
		bytes := packed.Append(nil, &want)
		var got posthorn.Attempt
		if err := packed.Unpack(bytes, &got); err != nil {
			t.Fatal(err)
		}
		if difference := cmp.Diff(want, got, cmpopts.EquateEmpty()); difference != "" {
			t.Fatal(difference)
		}
		kept := rapid.IntRange(0, len(bytes)-len(want.Outcome.ResponseBody)-1).Draw(t, "kept")
		if packed.Unpack(bytes[:kept], &got) == nil {
			t.Fatalf("%d of %d bytes are an attempt too", kept, len(bytes))
		}
	})
}

// Invariant: whatever lies in the database, reading it ends with an attempt or an error.
func FuzzUnpack(f *testing.F) {
	f.Add(packed.Append(nil, &posthorn.Attempt{URL: "https://example.com"}))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		var a posthorn.Attempt
		if packed.Unpack(bytes, &a) == nil && len(a.URL)+len(a.Outcome.Detail)+len(a.Outcome.ResponseBody) > len(bytes) {
			t.Error("it has more than was there")
		}
	})
}
