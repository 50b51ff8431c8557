package demo

import (
	"strings"
	"testing"
)

// Invariant: a file of events is refused before anything is sent, and the line
// is named.
func TestMistakesInAFileOfEvents(t *testing.T) {
	t.Parallel()
	const good = `{"type":"user.created","data":{ "n": 1 },"id":"a","timestamp":"2026-01-02T03:04:05Z"}` + "\n"
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"not JSON", good + "nonsense\n", []string{"line 2", "not a JSON object"}},
		{"no object", "  \n[1]\n", []string{"line 2", "not a JSON object"}},
		{"null", "null\n", []string{"line 1", "not a JSON object"}},
		{"unknown member", `{"type":"a","data":1,"payload":2}`, []string{"line 1", `"payload"`}},
		{"another case", `{"Type":"a","data":1}`, []string{"line 1", `"Type"`}},
		{"no data", `{"type":"a"}`, []string{"line 1", `"data"`}},
		{"type", `{"type":"a..b","data":1}`, []string{"line 1", "event type's name"}},
		{"type of a type", `{"type":1,"data":1}`, []string{"line 1", `"type" must be a text`}},
		{"id", `{"type":"a","data":1,"id":"a.b"}`, []string{"line 1", "event id"}},
		{"id of our form", `{"type":"a","data":1,"id":"evt_1"}`, []string{"line 1", "evt_"}},
		{"timestamp", `{"type":"a","data":1,"timestamp":"noon"}`, []string{"line 1", "must be a time"}},
		{"twice", good + " \t\n" + good, []string{"line 3", "line 1", `"a"`}},
		{"too long", good + `{"type":"a","data":"` + strings.Repeat("x", maxEventLine) + `"}`, []string{"line 2", "1048576 bytes"}},
		{"too many", strings.Repeat(`{"type":"a","data":1}`+"\n", maxEvents+1), []string{"line 5001", "5000"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := readEvents(strings.NewReader(tc.text))
			for _, want := range tc.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %s", err, want)
				}
			}
		})
	}
}

// Invariant: data keeps its bytes, and lines of spaces alone mean nothing.
func TestEventsOfAFile(t *testing.T) {
	t.Parallel()
	events, err := readEvents(strings.NewReader(" \r\n" + `{"type":"a","data":{ "n": 1.0e400 },"id":null,"timestamp":null}` + "\r\n\n" + `{"type":"b","data":null}`))
	if err != nil || len(events) != 2 {
		t.Fatalf("got %v, %v", events, err)
	}
	if got := string(events[0].Data); got != `{ "n": 1.0e400 }` || string(events[1].Data) != "null" {
		t.Errorf("the data is %s and %s", got, events[1].Data)
	}
}
