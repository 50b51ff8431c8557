package filter_test

import (
	"strings"
	"testing"

	"github.com/posthorn/posthorn/internal/filter"
)

// Guards that what is wrong with a filter is one line with its place, without the
// words of the parser.
func TestMistakesAreOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"event.data.amount >":    `Line 1, column 20 of the filter: the filter ends where something is still missing.`,
		"event.data.amount > 1)": `Line 1, column 22 of the filter: ")" doesn't belong there.`,
		"(event.data.a":          `Line 1, column 14 of the filter: ")" is missing at the end.`,
		`event.data.a == "abc`:   `Line 1, column 17 of the filter: the text that begins with "abc has no end.`,
		"event.data.a = 1":       `Line 1, column 14 of the filter: "=" can't be read; write "==".`,
		"event..a":               `Line 1, column 7 of the filter: ".." can't be read.`,
		"event.type > 1":         `Line 1, column 12 of the filter: ">" can't be used with string and int.`,
		"a in [1,,2]":            `Line 1, column 9 of the filter: "," doesn't belong there.`,
		"1 &&& 2":                `Line 1, column 5 of the filter: "&" can't be read; write "&&".`,
		"event.typo":             `undeclared reference to 'event.typo'`,
	} {
		_, err := filter.NewCompiler().Compile(text)
		if err == nil {
			t.Errorf("%s: it was accepted", text)
			continue
		}
		got := err.Error()
		if !strings.Contains(got, want) || strings.Contains(got, "\n") || strings.Contains(got, "Syntax error") || strings.Contains(got, "expecting") {
			t.Errorf("%s: %s", text, got)
		}
	}
}
