package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Invariant: docs/faults.md claims nothing that no test shows: every test that it
// names exists, what is done has one, and what is not done says what is missing.
func TestFaultsPageNamesTests(t *testing.T) {
	t.Parallel()
	mistakes, rows := checkFaults(readPage(t, "docs/faults.md"), testsOf)
	for _, mistake := range mistakes {
		t.Error(mistake)
	}
	const least = 100
	if rows < least {
		t.Errorf("only %d faults were found", rows)
	}
}

// Invariant: the check notices each kind of mistake.
func TestFaultsPageCanBeWrong(t *testing.T) {
	t.Parallel()
	there := func(folder string) (map[string]bool, error) {
		if folder != "a/b" {
			return nil, os.ErrNotExist
		}
		return map[string]bool{"TestThere": true}, nil
	}
	for row, isGood := range map[string]bool{
		"| f | x | `a/b:TestThere` | done |":                           true,
		"| f | x | `a/b:TestThere` | partly: y |":                      true,
		"| f | x | | open: y |":                                        true,
		"| f | x | `a/b:TestGone` | done |":                            false,
		"| f | x | `a/c:TestThere` | done |":                           false,
		"| f | x | `a/b:TestThere` `a/b:TestGone` | partly: y |":       false,
		"| f | x | TestThere | done |":                                 false,
		"| f | x | | done |":                                           false,
		"| f | x | | partly: y |":                                      false,
		"| f | x | `a/b:TestThere` | partly |":                         false,
		"| f | x | | open |":                                           false,
		"| f | x | | |":                                                false,
		"| f | x | `a/b:TestThere` |":                                  false,
		"| f | x | `a/b:TestThere` | nearly: y |":                      false,
		"| f | x | `a/b:TestThere` and `another word` | done |":        false,
		"| f | `a/b:TestGone` shows it | `a/b:TestThere` | done |":     false,
		"| f | x | `a/b:TestThere` | partly: see `a/b:TestGone` too |": false,
	} {
		mistakes, rows := checkFaults(row, there)
		if rows != 1 || (len(mistakes) == 0) != isGood {
			t.Errorf("%s: %d rows, mistakes %q", row, rows, mistakes)
		}
	}
}

// checkFaults returns what is wrong with the page's rows, and how many there are.
// Tests tells the tests of a folder.
func checkFaults(page string, tests func(folder string) (map[string]bool, error)) ([]string, int) {
	named := regexp.MustCompile("`([^`:]+):((?:Test|Fuzz)[^`]*)`")
	var mistakes []string
	rows := 0
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| fault ") {
			continue
		}
		rows++
		for _, found := range named.FindAllStringSubmatch(line, -1) {
			if known, err := tests(found[1]); err != nil || !known[found[2]] {
				mistakes = append(mistakes, fmt.Sprintf("there is no test %s in %s (%v)", found[2], found[1], err))
			}
		}
		const columns = 4
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != columns {
			mistakes = append(mistakes, fmt.Sprintf("%d columns: %s", len(cells), line))
			continue
		}
		shown := strings.TrimSpace(cells[2])
		state, missing, _ := strings.Cut(strings.TrimSpace(cells[3]), ": ")
		hasTests := named.MatchString(shown)
		isFounded := map[string]bool{"done": hasTests && missing == "", "partly": hasTests && missing != "", "open": missing != ""}[state]
		if rest := strings.TrimSpace(named.ReplaceAllString(shown, "")); !isFounded || rest != "" {
			mistakes = append(mistakes, "not well founded: "+line)
		}
	}
	return mistakes, rows
}

// testsOf returns the names of a folder's tests.
func testsOf(folder string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		return nil, fmt.Errorf("listing the tests: %w", err)
	}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading tests: %w", err)
		}
		for _, found := range declared.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = true
		}
	}
	return names, nil
}
