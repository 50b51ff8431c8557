package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/filter"
)

func eventOf(data string) *posthorn.Event {
	return &posthorn.Event{Type: "invoice.paid", Timestamp: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Data: []byte(data)}
}

func evaluate(t testing.TB, text, data string) filter.Verdict {
	t.Helper()
	program, err := filter.NewPrograms().Program(text, filter.MaxCost)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return program.Evaluate(eventOf(data))
}

// Invariant: a filter sees the event's type, data and time, and no number of the
// data is rounded on the way.
func TestMatching(t *testing.T) {
	t.Parallel()
	const data = `{"amount":150,"half":1.5,"big":9007199254740993,"unsigned":18446744073709551615,"none":null,"yes":true,
		"email":"ada@example.com","items":[{"price":5,"tags":["a"]},{"price":15,"tags":["b","c"]}],"m":{"k":{"z":1}},"twice":1,"twice":2}`
	for text, want := range map[string]bool{
		`event.data.amount > 100`:                                       true,
		`event.data.amount > 150.5`:                                     false,
		`event.data.amount == 150.0`:                                    true,
		`event.data.half * 2.0 == 3.0`:                                  true,
		`event.data.big == 9007199254740993`:                            true,
		`event.data.big == 9007199254740992`:                            false,
		`event.data.unsigned == 18446744073709551615u`:                  true,
		`event.data.none == null`:                                       true,
		`event.data.yes`:                                                true,
		`event.data.twice == 2`:                                         true,
		`has(event.data.absent) && event.data.absent == 1`:              false,
		`event.type == "invoice.paid"`:                                  true,
		`event.type.startsWith("user.")`:                                false,
		`event.timestamp < timestamp("2026-06-01T00:00:00Z")`:           true,
		`event.timestamp.getHours("Europe/Berlin") == 4`:                true,
		`event.data.email.matches("@example[.]com$")`:                   true,
		`event.data.email in ["ada@example.com"]`:                       true,
		`event.data.items.exists(i, i.tags.exists(t, t == "c"))`:        true,
		`event.data.items.all(i, i.price > 10)`:                         false,
		`event.data.m.k == {"z": 1}`:                                    true,
		`size(event.data.items) == 2 && event.data["amount"] % 50 == 0`: true,
		`event.data.absent == 1 || true`:                                true,
	} {
		if got := evaluate(t, text, data); got.Matches != want || got.Failure != "" {
			t.Errorf("%s: %+v, want %t", text, got, want)
		}
	}
}

// Invariant: what can't be evaluated doesn't match, and says why; what nobody
// asks for fails nobody.
func TestFailing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", filter.MaxText+1)
	for _, c := range []struct{ text, data, want string }{
		{`event.data.absent == 1`, `{}`, "no such key: absent"},
		{`event.data.a.b == 1`, `{"a":1}`, "no such key"},
		{`event.data.a`, `{"a":"yes"}`, "of type string"},
		{`event.data.a`, `{"a":null}`, "of type null"},
		{`event.data.a > 1`, `{"a":"b"}`, "no such overload"},
		{`event.data.a > 1`, `{"a":123456789012345678901234567890}`, "more than 64 bits"},
		{`event.data.a > 1`, `{"a":1e400}`, "range of a double"},
		{`event.data.a > 1`, `{"a":1e-400}`, "range of a double"},
		{`event.data.a > 1`, `{"a":0.1234567890123456789}`, "17 digits"},
		{`event.data.a == "b"`, `{"a":"` + long + `"}`, "too long"},
		{`event.data.a.matches("b")`, `{"a":"` + long[:5000] + `"}`, "too long for matches"},
		{`event.data.all(i, i > 0)`, `[` + strings.Repeat("1,", filter.MaxValues) + `1]`, "more than 50000 values"},
		{`event.data == 1`, strings.Repeat("[", 300) + strings.Repeat("]", 300), "deeper"},
		{`event.data == 1`, `{"a":`, "not JSON"},
		{`event.data == 1`, `1 2`, "more than one JSON value"},
		{`event.data[5] == 1`, `[1]`, "index out of bounds"},
		{`event.timestamp.getHours("Nowhere/None") == 1`, `1`, "unknown time zone"},
		{`event.data.all(i, i > 0)`, `[` + strings.Repeat("1,", 9999) + `1]`, "more than the 10000 units"},
	} {
		if got := evaluate(t, c.text, c.data); got.Matches || !strings.Contains(got.Failure, c.want) {
			t.Errorf("%s of %.40s: %+v, want %q", c.text, c.data, got, c.want)
		}
	}
	for _, text := range []string{`has(event.data.a)`, `event.data.b == 1`} {
		if got := evaluate(t, text, `{"b":1,"a":[1e400],"c":"`+long+`"}`); !got.Matches {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// Invariant: a filter that can't be good is refused when it is saved, with the
// place of the mistake.
func TestRefused(t *testing.T) {
	t.Parallel()
	compiler := filter.NewCompiler()
	for text, want := range map[string]string{
		`event.data.a +`: "Line 1, column 15",
		"event.type == 'a' &&\n  event.typo == 1":                                   "Line 2, column 8 of the filter: undeclared reference to 'event.typo'",
		`event.type == 1`:                                                           "can't be used with string and int",
		`1 + 1`:                                                                     "type int, not true or false",
		`event.data.a.matches(event.data.b)`:                                        "not a constant",
		`matches(event.type, event.type)`:                                           "not a constant",
		`event.type.matches("(")`:                                                   "matches argument",
		`event.type.matches("((a{1,30}){1,30})")`:                                   "exceeds limit",
		`event.timestamp > timestamp("yesterday")`:                                  "timestamp",
		strings.Repeat("(", 60) + "true" + strings.Repeat(")", 60):                  "recursion",
		strings.Repeat("event.data.a || ", 120) + "true":                            "node count exceeds",
		strings.Repeat(" ", posthorn.MaxFilter) + "true":                            "limit",
		`event.data.all(a, event.data.all(b, event.data.all(c, a == b || b == c)))`: "may cost more than 10000 units",
		strings.Repeat(`event.type.matches("x") || `, 21) + "true":                  "may cost more than",
	} {
		_, err := compiler.Compile(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
}
