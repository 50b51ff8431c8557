package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Invariant: the table in use is the one that belongs to the data.
func TestTableIsUpToDate(t *testing.T) {
	t.Parallel()
	want, err := generate("data")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../table_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("table_gen.go is stale; run: go generate ./internal/egress")
	}
}

// Invariant: a mistake in the data stops the generator; no range is lost
// silently.
func TestMistakesInTheDataAreNoticed(t *testing.T) {
	t.Parallel()
	const head = "# What\n# Source: there\n# Read: 2026-07-18\nblock,rfc\n"
	for name, test := range map[string]struct {
		text string
		good bool
	}{
		"good":             {head + "10.0.0.0/8,1918\n", true},
		"no date":          {"# What\n# Source: there\nblock,rfc\n10.0.0.0/8,1918\n", false},
		"no source":        {"# Read: 2026-07-18\nblock,rfc\n10.0.0.0/8,1918\n", false},
		"no rows":          {head, false},
		"no prefix":        {head + "10.0.0.0,1918\n", false},
		"too many bits":    {head + "10.0.0.1/8,1918\n", false},
		"a footnote":       {head + "2002::/16 [3],3056\n", false},
		"no RFC":           {head + "10.0.0.0/8,private\n", false},
		"a column missing": {head + "10.0.0.0/8\n", false},
	} {
		path := filepath.Join(t.TempDir(), "file.csv")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if list, _, err := readFile(path); (err == nil) != test.good || test.good && len(list) != 1 {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
}
