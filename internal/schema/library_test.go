package schema

import (
	"fmt"
	"strings"
	"testing"
)

// Invariant: a library gives the same schema for the same text, and what it keeps is
// bounded however many texts there are.
func TestLibraryIsBounded(t *testing.T) {
	t.Parallel()
	l := NewLibrary()
	text := []byte(`{"type":"object"}`)
	first, cost, err := l.Schema(DigestOf(text), text)
	if err != nil {
		t.Fatal(err)
	}
	if again, later, err := l.Schema(DigestOf(text), text); err != nil || again != first || later != 0 || cost <= 0 {
		t.Errorf("it was compiled again: %v", err)
	}
	for i := range 40 {
		long := fmt.Appendf(nil, `{"title":"%d","description":%q}`, i, strings.Repeat("x", 60_000))
		if _, _, err := l.Schema(DigestOf(long), long); err != nil {
			t.Fatal(err)
		}
	}
	total := 0
	for _, one := range l.kept {
		total += one.length
	}
	if total != l.text || total > maxKeptText || len(l.kept) < 10 {
		t.Errorf("%d schemas of %d bytes are kept, counted as %d", len(l.kept), total, l.text)
	}
}
