package archtest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Invariant: docs/dependencies.md has a row for every module that the code or its
// tests import, and for no other; go.mod marks the same ones as direct.
func TestDependenciesPageIsComplete(t *testing.T) {
	t.Parallel()
	direct, indirect := required(readPage(t, "go.mod"))
	used, unknown := modulesUsed(readModule(t), append(slices.Clone(direct), indirect...))
	for _, imported := range unknown {
		t.Errorf("%s belongs to no module in go.mod", imported)
	}
	listed := firstCells(readPage(t, "docs/dependencies.md"), "## Direct")
	for _, difference := range differences("docs/dependencies.md", listed, "the code", used) {
		t.Error(difference)
	}
	for _, difference := range differences("go.mod (without indirect)", direct, "the code", used) {
		t.Error(difference)
	}
}

// Invariant: the comparison notices a module that nobody uses and one that nobody
// lists.
func TestDependenciesPageCanBeWrong(t *testing.T) {
	t.Parallel()
	goMod := "module " + module + "\nrequire (\n\texample.org/a v1.0.0\n\texample.org/a/v2 v2.0.0 // indirect\n)\nrequire example.org/b v1.0.0\n"
	direct, indirect := required(goMod)
	if !slices.Equal(direct, []string{"example.org/a", "example.org/b"}) || !slices.Equal(indirect, []string{"example.org/a/v2"}) {
		t.Fatalf("read %q and %q", direct, indirect)
	}
	sources := parseAll(t, files("a/a.go", "package a\nimport (\n_ \"fmt\"\n_ \"example.org/a/v2/part\"\n_ \"example.org/c\"\n)\n"))
	used, unknown := modulesUsed(sources, append(direct, indirect...))
	if !slices.Equal(used, []string{"example.org/a/v2"}) || !slices.Equal(unknown, []string{"example.org/c"}) {
		t.Errorf("used %q, unknown %q", used, unknown)
	}
	if found := differences("the page", []string{"x", "y"}, "the code", []string{"y", "z"}); len(found) != 2 {
		t.Errorf("found %q", found)
	}
}

// required reads the modules of a go.mod file.
func required(goMod string) (direct, indirect []string) {
	inBlock := false
	for line := range strings.Lines(goMod) {
		line = strings.TrimSpace(line)
		single, isSingle := strings.CutPrefix(line, "require ")
		switch {
		case line == "require (":
			inBlock = true
			continue
		case line == ")":
			inBlock = false
		case isSingle:
			line = single
		}
		fields := strings.Fields(line)
		if len(fields) < 2 || !inBlock && !isSingle {
			continue
		}
		if strings.HasSuffix(line, "// indirect") {
			indirect = append(indirect, fields[0])
		} else {
			direct = append(direct, fields[0])
		}
	}
	return direct, indirect
}

// modulesUsed returns the modules of what the sources import, and the imports that
// belong to none.
func modulesUsed(sources []source, known []string) (used, unknown []string) {
	usedSet, unknownSet := map[string]bool{}, map[string]bool{}
	for _, s := range sources {
		for _, spec := range s.file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			first, _, _ := strings.Cut(imported, "/")
			if err != nil || !strings.Contains(first, ".") || imported == module || strings.HasPrefix(imported, module+"/") {
				continue
			}
			longest := ""
			for _, candidate := range known {
				if len(candidate) > len(longest) && (imported == candidate || strings.HasPrefix(imported, candidate+"/")) {
					longest = candidate
				}
			}
			if longest == "" {
				unknownSet[imported] = true
			} else {
				usedSet[longest] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(usedSet)), slices.Sorted(maps.Keys(unknownSet))
}

func differences(leftName string, left []string, rightName string, right []string) []string {
	var found []string
	for _, one := range left {
		if !slices.Contains(right, one) {
			found = append(found, fmt.Sprintf("%s has %s, %s doesn't", leftName, one, rightName))
		}
	}
	for _, one := range right {
		if !slices.Contains(left, one) {
			found = append(found, fmt.Sprintf("%s has %s, %s doesn't", rightName, one, leftName))
		}
	}
	return found
}
