package benchmark

import (
	"bufio"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// Invariant: a percentile is within one percent of the truth, from a nanosecond to
// minutes.
func TestHistogramIsExact(t *testing.T) {
	t.Parallel()
	for _, unit := range []time.Duration{1, time.Microsecond, time.Millisecond, time.Second} {
		var h histogram
		for i := range 1000 {
			h.add(time.Duration(i+1) * unit)
		}
		d := h.distribution()
		for percent, want := range map[float64]time.Duration{50: 500 * unit, 99: 990 * unit, 100: 1000 * unit} {
			if got := d.percentile(percent); math.Abs(float64(got-want)) > 0.01*float64(want)+1 {
				t.Errorf("%v: p%g is %v, want %v", unit, percent, got, want)
			}
		}
	}
	if got := (distribution{}).percentile(50); got != 0 {
		t.Errorf("of none p50 is %v", got)
	}
}

// Invariant: a message is JSON whatever its size, says when it was planned, and its
// events take the types in turn.
func TestMessageIsPatched(t *testing.T) {
	t.Parallel()
	m := newMessage(load{Batch: 3, DataSize: 500, Family: "bench", Types: 4})
	planned := time.Unix(0, 1_800_000_000_123_456_789)
	m.set(planned, 1)
	var events []struct {
		Type string
		Data json.RawMessage
	}
	if err := json.Unmarshal(m.text, &events); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"bench.0003", "bench.0000", "bench.0001"} {
		if e := events[i]; e.Type != want || len(e.Data) != 500 || !publishedAt(e.Data).Equal(planned) {
			t.Errorf("event %d: %s, %d bytes, %v", i, e.Type, len(e.Data), publishedAt(e.Data))
		}
	}
	if got := typeNumber([]byte(`{"type":"bench.0123","data":1}`)); got != 123 {
		t.Errorf("the type's number is %d", got)
	}
}

// Invariant: of every answer exactly its own bytes are read.
func TestAnswersAreReadWhole(t *testing.T) {
	t.Parallel()
	r := bufio.NewReader(strings.NewReader("HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\n\r\nhello" +
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
		"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nslow" +
		"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
	for _, want := range []answered{{status: 202}, {status: 200}, {status: 429, problem: "slow", hasRetryAfter: true}, {status: 503, isLast: true}} {
		if got, err := readAnswer(r); got != want || err != nil {
			t.Errorf("read %+v (%v), want %+v", got, err, want)
		}
	}
	if r.Buffered() != 0 {
		t.Errorf("%d bytes are left", r.Buffered())
	}
}
