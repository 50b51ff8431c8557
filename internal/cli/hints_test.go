package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Guards that no hint of a server sends those who sit at a command line to a route
// or a member of a body: each that speaks of one is told in commands and flags.
func TestHintsSpeakOfFlags(t *testing.T) {
	t.Parallel()
	ofAPI := regexp.MustCompile(`(GET|POST|PUT|PATCH|DELETE) /v1/|"[a-zA-Z]+": (true|false|null|[0-9])|\?appliesTo`)
	found := 0
	for _, folder := range []string{"../manage", "../api", "../intake", "../wire", "../filter", "../schema", "../apidoc", "../.."} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if _, isType := n.(*ast.StructType); isType {
					return false // its tags describe the API
				}
				literal, isLiteral := n.(*ast.BasicLit)
				if !isLiteral || literal.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				if ofAPI.MatchString(text) {
					found++
					if told := inFlags(text); ofAPI.MatchString(told) {
						t.Errorf("%s: %q is told as %q", path, text, told)
					}
				}
				return true
			})
		}
	}
	if found < 8 {
		t.Errorf("%d hints were looked at", found)
	}
}
