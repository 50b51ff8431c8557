package archtest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestImportsFollowTheRules(t *testing.T) {
	t.Parallel()
	report(t, checkImports(importRules()), readModule(t))
}

func report(t *testing.T, check checker, sources []source) {
	t.Helper()
	if len(sources) < 100 {
		t.Fatalf("only %d files were found: the test looks in the wrong place", len(sources))
	}
	for _, complaint := range check(sources) {
		t.Error(complaint)
	}
}

// checkImports checks the imports of files that aren't tests, that each package
// has a rule, and that each rule has a package and a reason. Tests may import
// what they like, so that a folder of tests alone needs no rule.
func checkImports(rules map[string]rule) checker {
	return func(sources []source) []string {
		var complaints []string
		seen := map[string]bool{}
		for _, s := range sources {
			if s.isTest() {
				continue
			}
			r, known := rules[s.folder()]
			if !known && !seen[s.folder()] {
				complaints = append(complaints, s.complain(s.file.Package, "the package %q has no rule: say in archtest what it may import, and why", s.folder()))
			}
			seen[s.folder()] = true
			if known {
				complaints = append(complaints, checkFile(s, r)...)
			}
		}
		for _, folder := range slices.Sorted(maps.Keys(rules)) {
			if !seen[folder] {
				complaints = append(complaints, fmt.Sprintf("archtest has a rule for %q, which no longer exists", folder))
			}
			if rules[folder].why == "" {
				complaints = append(complaints, fmt.Sprintf("archtest gives no reason for the rule of %q", folder))
			}
		}
		return complaints
	}
}

func checkFile(s source, r rule) []string {
	var complaints []string
	for _, spec := range s.file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has seen to it
		}
		if !r.allows(imported) {
			complaints = append(complaints, s.complain(spec.Pos(), "%s may not import %s: %s", shown(s.folder()), imported, r.why))
		}
	}
	return complaints
}

func (r rule) allows(imported string) bool {
	if slices.Contains(r.may, anything) {
		return true
	}
	if imported == module || strings.HasPrefix(imported, module+"/") {
		return slices.Contains(r.may, strings.TrimPrefix(strings.TrimPrefix(imported, module), "/"))
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		return slices.ContainsFunc(r.modules, func(module string) bool {
			return imported == module || strings.HasPrefix(imported, module+"/")
		})
	}
	return !slices.Contains(r.never, imported)
}

func shown(folder string) string {
	if folder == "" {
		return "the root"
	}
	return folder
}
