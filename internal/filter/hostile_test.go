package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
	"github.com/posthorn/posthorn/internal/filter"
)

// overrun is what the last step of an evaluation may cost beyond the limit: at
// most one look at each value of the data, or at each byte of a text.
const overrun = filter.MaxValues + filter.MaxText

func webhooksWith(filters ...string) []posthorn.Webhook {
	webhooks := make([]posthorn.Webhook, len(filters))
	for i, text := range filters {
		webhooks[i] = posthorn.Webhook{Name: fmt.Sprint(i), Events: []string{"*"}, Filter: text, Status: posthorn.WebhookActive}
	}
	return webhooks
}

func repeated(text string, n int) []string {
	filters := make([]string, n)
	for i := range filters {
		filters[i] = text
	}
	return filters
}

// Invariant: what the filters of an environment cost for one event is bounded,
// whatever they are, however many, and whatever the event.
func TestCostOfAnEventIsBounded(t *testing.T) {
	t.Parallel()
	large := `{"l":[` + strings.Repeat("1,", 20_000) + `1],"s":"` + strings.Repeat("a", filter.MaxText) + `","t":"` + strings.Repeat("a", 4000) + `"}`
	programs := filter.NewPrograms()
	for _, text := range []string{
		`event.data.l.all(i, i > 0)`,
		`event.data == event.data`,
		`event.data.l == event.data.l || event.data.l in [event.data.l]`,
		`event.data in [event.data, [event.data]]`,
		`5 in event.data.l || 6 in event.data.l`,
		`event.data.t.matches("(a|b|ab)*c")`,
		`event.data.l.exists(i, event.data.t.matches("(a|b|ab)*c"))`,
		`(event.data.s + event.data.s + event.data.s) == event.data.s`,
		`event.data.l.map(i, [i, i]).exists(p, p == event.data.l)`,
		`event.data.l.exists(i, event.timestamp.getHours("Europe/Berlin") == i)`,
		`event.data.s.contains(event.data.s + "b")`,
	} {
		index := filter.NewIndex(webhooksWith(repeated(text, 1500)...), programs)
		matches := index.Match(eventOf(large), eventdata.Of([]byte(large)))
		if matches.Cost > filter.MaxEventCost+overrun {
			t.Errorf("%s costs %d", text, matches.Cost)
		}
		if got := len(matches.Webhooks) + matches.Unmatched + matches.Failed; got != 1500 {
			t.Errorf("%s: %d of 1500 are accounted for", text, got)
		}
	}
}

// Invariant: a costly filter takes nothing from those of its neighbours that stay
// within their share.
func TestSharesAreKept(t *testing.T) {
	t.Parallel()
	large := `{"amount":5,"l":[` + strings.Repeat("1,", 5000) + `1]}`
	filters := append(repeated(`event.data.l.all(i, i > 0)`, 900), repeated(`event.data.amount == 5`, 100)...)
	matches := filter.NewIndex(webhooksWith(filters...), filter.NewPrograms()).Match(eventOf(large), eventdata.Of([]byte(large)))
	if len(matches.Webhooks) != 100 || matches.Failed != 900 {
		t.Errorf("%d match, %d don't, %d fail", len(matches.Webhooks), matches.Unmatched, matches.Failed)
	}
}

// Invariant: the limits of all filters together never exceed what an event may
// cost.
func TestLimit(t *testing.T) {
	t.Parallel()
	for filters, want := range map[int]uint64{0: filter.MaxCost, 1: filter.MaxCost, 20: filter.MaxCost, 21: filter.MaxCost / 2, filter.MaxFilters: 156} {
		if got := filter.Limit(filters); got != want {
			t.Errorf("Limit(%d) = %d, want %d", filters, got, want)
		}
	}
	for filters := range 5000 {
		if uint64(filters)*filter.Limit(filters) > filter.MaxEventCost {
			t.Fatalf("%d filters of %d units each", filters, filter.Limit(filters))
		}
	}
}

// Invariant: no text and no data make compiling or evaluating panic or cost more
// than the limit; what is evaluated twice says the same.
func TestNothingPanics(t *testing.T) {
	t.Parallel()
	programs := filter.NewPrograms()
	compiled := 0
	rapid.Check(t, func(t *rapid.T) {
		text := expression(t, 3)
		if rapid.IntRange(0, 9).Draw(t, "any text") == 0 {
			text = rapid.String().Draw(t, "text")
		}
		limit := filter.Limit(rapid.IntRange(0, 1500).Draw(t, "filters"))
		program, err := programs.Program(text, limit)
		if err != nil {
			return
		}
		compiled++
		event := eventOf(value(t, 3))
		first, second := program.Evaluate(event), program.Evaluate(event)
		if first.Cost > limit+overrun || first.Matches && first.Failure != "" {
			t.Fatalf("%s: %+v at a limit of %d", text, first, limit)
		}
		if first.Matches != second.Matches && first.Failure == "" && second.Failure == "" {
			t.Fatalf("%s: %+v, then %+v", text, first, second)
		}
	})
	if compiled == 0 {
		t.Error("no expression could be compiled")
	}
}

// expression draws the text of an expression that often makes sense.
func expression(t *rapid.T, depth int) string {
	leaves := []string{"event.type", "event.data", "event.data.a", "event.data.b.a", "event.data[0]", "event.timestamp", "1", "1.5", "2u", `"a"`, "null", "true", "x", "[]", "{}", "-9223372036854775808", "b'a'"}
	if depth == 0 {
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	part := func() string { return expression(t, depth-1) }
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1, 2:
		return "(" + part() + rapid.SampledFrom([]string{" == ", " != ", " < ", " >= ", " && ", " || ", " + ", " - ", " * ", " / ", " % ", " in "}).Draw(t, "operator") + part() + ")"
	case 3:
		return part() + rapid.SampledFrom([]string{".exists(x, ", ".all(x, ", ".map(x, ", ".filter(x, ", ".exists_one(x, "}).Draw(t, "macro") + part() + ")"
	case 4:
		return rapid.SampledFrom([]string{"size(", "int(", "string(", "double(", "uint(", "type(", "duration(", "timestamp(", "!(", "-(", "dyn(", "bytes("}).Draw(t, "function") + part() + ")"
	case 5:
		return part() + rapid.SampledFrom([]string{".matches('a+b')", ".contains('a')", ".startsWith('a')", ".getHours('Europe/Berlin')", ".getFullYear()", ".a", "[0]", "['a']"}).Draw(t, "member")
	case 6:
		return "(" + part() + " ? " + part() + " : " + part() + ")"
	case 7:
		return "[" + part() + ", " + part() + "]"
	case 8:
		return "has(event.data." + rapid.SampledFrom([]string{"a", "b", "a.b"}).Draw(t, "path") + ")"
	default:
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
}

// value draws a JSON value.
func value(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "scalar") == 0 {
		return rapid.SampledFrom([]string{"1", "-0", "1.5", "1e400", "18446744073709551616", `"a"`, `"\ud800"`, "null", "true", `"aab"`, "[]", "{}"}).Draw(t, "value")
	}
	if rapid.Bool().Draw(t, "list") {
		return "[" + value(t, depth-1) + "," + value(t, depth-1) + "]"
	}
	return `{"a":` + value(t, depth-1) + `,"b":` + value(t, depth-1) + `}`
}

// FuzzFilter looks for texts and data that make the language panic.
func FuzzFilter(f *testing.F) {
	f.Add(`event.data.a > 1 && event.type.matches("a+")`, `{"a":1}`)
	f.Add(`event.data.all(x, x in event.data)`, `[1,[2],{"a":3e5}]`)
	programs := filter.NewPrograms()
	f.Fuzz(func(t *testing.T, text, data string) {
		program, err := programs.Program(text, filter.MaxCost)
		if err != nil {
			return
		}
		if verdict := program.Evaluate(eventOf(data)); verdict.Cost > filter.MaxCost+overrun {
			t.Errorf("%s costs %d", text, verdict.Cost)
		}
	})
}

// Invariant: comparing and searching cost what is compared, and not one step.
func TestComparingCostsWhatIsCompared(t *testing.T) {
	t.Parallel()
	large := `{"l":[` + strings.Repeat("1,", 20_000) + `1]}`
	for _, text := range []string{`event.data.l == event.data.l`, `event.data.l in [event.data.l]`, `2 in event.data.l`} {
		if got := evaluate(t, text, large); got.Cost < 20_000 || got.Failure == "" {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
