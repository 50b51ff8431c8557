package api

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Guards that a time is shown as package time would, cut to milliseconds.
func TestShownTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 7_300_000_000).Draw(r, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(r, "nanoseconds"))
		at = at.In(time.FixedZone("", rapid.IntRange(-50_000, 50_000).Draw(r, "zone")))
		if got, want := showTime(at), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			r.Fatalf("%v is shown as %s, want %s", at, got, want)
		}
	})
}

// Guards that times are the same moment in UTC whatever zone they came in, beyond the
// year 2038 too, and that what is no moment is refused at its place.
func TestTimesOfEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for given, want := range map[string]string{
		"2038-01-19T03:14:08Z":             "2038-01-19T03:14:08.000Z",
		"2106-02-07T06:28:16+00:00":        "2106-02-07T06:28:16.000Z",
		"2026-03-29T02:30:00+01:00":        "2026-03-29T01:30:00.000Z", // an hour that clocks skip in summer
		"2026-10-25T02:30:00+02:00":        "2026-10-25T00:30:00.000Z", // one of two that they have twice
		"2026-10-25T02:30:00+01:00":        "2026-10-25T01:30:00.000Z",
		"2028-02-29T23:59:59.999999-11:30": "2028-03-01T11:29:59.999Z",
	} {
		made := w.post("/v1/events", `{"type":"a","data":1,"timestamp":"`+given+`"}`).is(http.StatusAccepted).data()
		if made["timestamp"] != want {
			t.Errorf("%s became %v, want %s", given, made["timestamp"], want)
		}
		kept := w.get("/v1/events/" + made["id"].(string)).is(http.StatusOK).data()
		if kept["timestamp"] != want {
			t.Errorf("%s is kept as %v, want %s", given, kept["timestamp"], want)
		}
	}
	for _, none := range []string{"2026-06-30T23:59:60Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "1767225600"} {
		a := w.post("/v1/events", `{"type":"a","data":1,"timestamp":"`+none+`"}`).is(http.StatusUnprocessableEntity)
		if pointers := a.pointers(); len(pointers) != 1 || pointers[0] != "/timestamp" {
			t.Errorf("%s: %v", none, pointers)
		}
	}
}
