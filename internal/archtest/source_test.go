package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/posthorn/posthorn"
	root   = "../.."
)

// source is one parsed Go file of the module.
type source struct {
	// path is relative to the module, with slashes.
	path  string
	set   *token.FileSet
	file  *ast.File
	lines int
}

// folder is the package's folder, relative to the module; empty for the root.
func (s source) folder() string { return strings.TrimPrefix(path.Dir(s.path), ".") }

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// complain says what is wrong at a place of the file.
func (s source) complain(at token.Pos, format string, values ...any) string {
	return fmt.Sprintf("%s:%d: ", s.path, s.set.Position(at).Line) + fmt.Sprintf(format, values...)
}

// imports returns the import paths of the file by the name they have in it.
func (s source) imports() map[string]string {
	found := map[string]string{}
	for _, spec := range s.file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has seen to it
		}
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		found[name] = imported
	}
	return found
}

// selected returns the import path and the name of a selector such as
// http.Client, or empty texts when it is no name of an imported package.
func (s source) selected(node ast.Node, imports map[string]string) (imported, name string) {
	selector, ok := node.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	qualifier, ok := selector.X.(*ast.Ident)
	if !ok || imports[qualifier.Name] == "" {
		return "", ""
	}
	return imports[qualifier.Name], selector.Sel.Name
}

func parse(place, text string) (source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, place, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, fmt.Errorf("parsing: %w", err)
	}
	return source{path: place, set: set, file: file, lines: strings.Count(text, "\n")}, nil
}

// readModule parses every Go file of the module. The files are read here rather
// than listed by the go command, so that the go command sees this test read them
// and doesn't answer from its cache after a change.
func readModule(t *testing.T) []source {
	t.Helper()
	var sources []source
	err := filepath.WalkDir(root, func(place string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipForeign(place, entry.Name())
		}
		if !strings.HasSuffix(place, ".go") {
			return nil
		}
		text, err := os.ReadFile(place)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, place)
		if err != nil {
			return err
		}
		parsed, err := parse(filepath.ToSlash(relative), string(text))
		sources = append(sources, parsed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// skipForeign leaves out what isn't this module's source: hidden folders, test
// data, and modules within the module.
func skipForeign(place, name string) error {
	if place == root {
		return nil
	}
	_, err := os.Stat(filepath.Join(place, "go.mod"))
	if err == nil || name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") {
		return filepath.SkipDir
	}
	return nil
}

// checker looks at all sources and returns what breaks its rule.
type checker func(sources []source) []string
