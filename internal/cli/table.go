package cli

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// column is one column of a table.
type column[T any] struct {
	title string
	cell  func(T) string
}

// field is one line of an object's description.
type field struct{ name, value string }

func titles[T any](columns []column[T]) []string {
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = strings.ToUpper(c.title)
	}
	return row
}

func cells[T any](columns []column[T], item T) []string {
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.cell(item)
	}
	return row
}

// longestOnScreen is where a cell is cut on a person's screen; what is piped is
// never cut.
const longestOnScreen = 64

// writeRows writes lines of cells in columns as wide as their widest cell.
func (s *session) writeRows(rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			row[i] = s.cellText(cell)
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var text strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return s.write([]byte(text.String()))
}

func (s *session) cellText(cell string) string {
	safe := escape(cell)
	if safe == "" {
		return "-"
	}
	if runes := []rune(safe); len(runes) > longestOnScreen && isTerminal(s.stdout) {
		return string(runes[:longestOnScreen-1]) + "…"
	}
	return safe
}

// writeFields writes names and values in two columns; fields without a value
// are left out, and values are never cut.
func (s *session) writeFields(fields []field) error {
	width := 0
	for _, f := range fields {
		if f.value != "" {
			width = max(width, utf8.RuneCountInString(f.name))
		}
	}
	var text strings.Builder
	for _, f := range fields {
		if f.value == "" {
			continue
		}
		text.WriteString(f.name + strings.Repeat(" ", width-utf8.RuneCountInString(f.name)+2) + escape(f.value) + "\n")
	}
	return s.write([]byte(text.String()))
}

// stamp shows a moment in UTC; a missing one as nothing.
func stamp(moment time.Time) string {
	if moment.IsZero() {
		return ""
	}
	return moment.UTC().Format("2006-01-02 15:04:05Z")
}

// shortStamp is stamp without what is the same now: the year, or the whole date.
func shortStamp(moment, now time.Time) string {
	moment, now = moment.UTC(), now.UTC()
	switch {
	case moment.Year() != now.Year():
		return stamp(moment)
	case moment.YearDay() != now.YearDay():
		return moment.Format("01-02 15:04:05Z")
	default:
		return moment.Format("15:04:05Z")
	}
}

func stampIf(moment *time.Time) string {
	if moment == nil {
		return ""
	}
	return stamp(*moment)
}

func textIf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func numberIf(number *int) string {
	if number == nil {
		return ""
	}
	return strconv.Itoa(*number)
}

// milliseconds shows how long something took; above a second, in seconds.
func milliseconds(ms float64) string {
	if ms >= 1000 {
		return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
}

// partTime is milliseconds of a part of an attempt, which 0 says didn't happen.
func partTime(ms float64) string {
	if ms == 0 {
		return "-"
	}
	return milliseconds(ms)
}
