package archtest

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestPackagesAreNamedForWhatTheyDo(t *testing.T) {
	t.Parallel()
	report(t, checkNames, readModule(t))
}

func TestPackagesAreExplained(t *testing.T) {
	t.Parallel()
	report(t, checkComments, readModule(t))
}

func TestFilesAndFunctionsAreSmall(t *testing.T) {
	t.Parallel()
	report(t, checkSizes, readModule(t))
}

func TestPackagesKeepTheirBudgets(t *testing.T) {
	t.Parallel()
	report(t, checkBudgets(budgets()), readModule(t))
}

// checkNames refuses names that say nothing: such a package gathers what nobody
// found a place for.
func checkNames(sources []source) []string {
	empty := []string{"util", "utils", "common", "models", "helpers", "types", "misc", "shared"}
	var complaints []string
	for _, s := range sources {
		name := strings.TrimSuffix(s.file.Name.Name, "_test")
		if slices.Contains(empty, name) || slices.Contains(empty, path.Base(s.folder())) {
			complaints = append(complaints, s.complain(s.file.Package, "a package called %s says nothing of what it does", name))
		}
	}
	return complaints
}

// checkComments wants exactly one comment about each package that isn't tests
// alone.
func checkComments(sources []source) []string {
	explained := map[string]int{}
	for _, s := range sources {
		if s.isTest() {
			continue
		}
		count := 0
		if s.file.Doc != nil && strings.TrimSpace(s.file.Doc.Text()) != "" {
			count = 1
		}
		explained[s.folder()] += count
	}
	var complaints []string
	for _, folder := range slices.Sorted(maps.Keys(explained)) {
		if count := explained[folder]; count != 1 {
			complaints = append(complaints, fmt.Sprintf("%s has %d package comments instead of one", shown(folder), count))
		}
	}
	return complaints
}

// What fits in a head: the longest file, and the longest function outside tests.
const (
	maxFileLines     = 500
	maxFunctionLines = 80
)

func checkSizes(sources []source) []string {
	var complaints []string
	for _, s := range sources {
		if s.lines > maxFileLines {
			complaints = append(complaints, s.complain(s.file.Package, "the file has %d lines, more than %d: split it", s.lines, maxFileLines))
		}
		if s.isTest() {
			continue
		}
		for _, declaration := range s.file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := s.set.Position(function.End()).Line - s.set.Position(function.Pos()).Line + 1
			if lines > maxFunctionLines {
				complaints = append(complaints, s.complain(function.Pos(), "%s has %d lines, more than %d", function.Name.Name, lines, maxFunctionLines))
			}
		}
	}
	return complaints
}

// budget is how many lines a package's files, tests left out, may have together.
type budget struct {
	lines int
	why   string
}

func budgets() map[string]budget {
	return map[string]budget{
		"internal/deliver":        {1270, "whoever wants to know how deliveries are made can read the engine whole"},
		"internal/store/memstore": {2150, "a specification that is longer than what it specifies is none"},
		"internal/store/sqlite":   {4610, "an engine stores; what grows beyond this is probably a rule that belongs to another package"},
		"cmd/posthorn":            {30, "main has nothing to decide"},
	}
}

func checkBudgets(budgets map[string]budget) checker {
	return func(sources []source) []string {
		used := map[string]int{}
		for _, s := range sources {
			if !s.isTest() {
				used[s.folder()] += s.lines
			}
		}
		var complaints []string
		for _, folder := range slices.Sorted(maps.Keys(budgets)) {
			b := budgets[folder]
			switch {
			case used[folder] == 0:
				complaints = append(complaints, fmt.Sprintf("archtest has a budget for %q, which no longer exists", folder))
			case used[folder] > b.lines:
				complaints = append(complaints, fmt.Sprintf("%s has %d lines, more than %d: %s", folder, used[folder], b.lines, b.why))
			}
		}
		return complaints
	}
}
