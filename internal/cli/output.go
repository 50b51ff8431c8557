package cli

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
)

// The forms of output.
const (
	asTable = "table"
	asJSON  = "json"
	asLines = "jsonl"
)

// documented is an answer of the API with its own text.
type documented interface{ JSON() []byte }

// showOne writes one object: its fields in two columns, or its JSON unchanged.
func showOne[T documented](s *session, item T, fields []field) error {
	if s.output != asTable {
		return s.writeJSON(item.JSON())
	}
	return s.writeFields(fields)
}

func (s *session) writeJSON(text []byte) error {
	return s.write(append(bytes.Clone(s.jsonText(text)), '\n'))
}

// jsonText is the server's bytes, on one line when lines matter and made
// harmless when a person looks at them.
func (s *session) jsonText(text []byte) []byte {
	if s.output == asLines {
		// A line end is only ever between JSON's tokens, where a space says the same.
		text = bytes.Map(func(r rune) rune {
			if r == '\n' || r == '\r' {
				return ' '
			}
			return r
		}, text)
	}
	if isTerminal(s.stdout) {
		return escapeJSON(text)
	}
	return text
}

// listing is a list to show.
type listing[T documented] struct {
	items   iter.Seq2[T, error]
	columns []column[T]
	// limit is how many items are shown, 0 for all.
	limit int
	// empty is said when there are none.
	empty string
}

func showList[T documented](s *session, list listing[T]) error {
	if s.output == asTable {
		return tableList(s, list)
	}
	separator, ending := ",\n", "]\n"
	if s.output == asLines {
		separator, ending = "\n", "\n"
	}
	shown := 0
	for item, err := range list.items {
		if err != nil {
			return err
		}
		if list.limit > 0 && shown == list.limit {
			s.sayMore(list.limit)
			break
		}
		before := separator
		switch {
		case shown == 0 && s.output == asLines:
			before = ""
		case shown == 0:
			before = "["
		}
		if err := s.write(append([]byte(before), s.jsonText(item.JSON())...)); err != nil {
			return err
		}
		shown++
	}
	switch {
	case shown == 0 && s.output == asLines:
		return nil
	case shown == 0:
		ending = "[]\n"
	}
	return s.write([]byte(ending))
}

// flushRows is how many rows a table gathers before it is written: its widths
// are found anew for each lot, and memory stays bounded.
const flushRows = 500

func tableList[T documented](s *session, list listing[T]) error {
	rows := [][]string{titles(list.columns)}
	shown := 0
	for item, err := range list.items {
		if err != nil {
			return err
		}
		if list.limit > 0 && shown == list.limit {
			s.sayMore(list.limit)
			break
		}
		rows = append(rows, cells(list.columns, item))
		shown++
		if len(rows) > flushRows {
			if err := s.writeRows(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if shown == 0 {
		s.say("%s", strings.ReplaceAll(list.empty, "posthorn ", s.program+" "))
		return nil
	}
	return s.writeRows(rows)
}

func (s *session) sayMore(limit int) {
	if limit == 1 {
		s.say("Only the first is shown; --all shows every one.")
		return
	}
	s.say("Only the first %d are shown; --all shows every one.", limit)
}

func (s *session) write(text []byte) error {
	if _, err := s.stdout.Write(text); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

// bold marks a word on a screen that can, unless NO_COLOR asks not to.
func (s *session) bold(word string) string {
	if s.env("NO_COLOR") != "" || s.env("TERM") == "dumb" || !isTerminal(s.stderr) && !isTerminal(s.screen) {
		return word
	}
	return "\x1b[1;31m" + word + "\x1b[0m"
}
