package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestNobodySleeps(t *testing.T) {
	t.Parallel()
	report(t, checkSleep, readModule(t))
}

func TestNothingRunsBeforeMain(t *testing.T) {
	t.Parallel()
	report(t, checkInit, readModule(t))
}

func TestOnlyEgressConnects(t *testing.T) {
	t.Parallel()
	report(t, checkConnections, readModule(t))
}

func TestNoCodeKnowsAFormatByName(t *testing.T) {
	t.Parallel()
	report(t, checkFormatNames, readModule(t))
}

// checkSleep refuses time.Sleep, in tests too: it can't be interrupted, and a test
// that sleeps is either slow or wrong.
func checkSleep(sources []source) []string {
	return checkSelected(sources, func(s source, imported, name string) string {
		if imported == "time" && name == "Sleep" {
			return "time.Sleep can't be interrupted; wait for an event, or for a timer and a context"
		}
		return ""
	})
}

// checkConnections keeps the means to open connections within egress. The client
// and the benchmark talk to our own server; tests to their own.
func checkConnections(sources []source) []string {
	forbidden := map[string][]string{
		"net/http": {"Client", "Transport", "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
		"net":      {"Dialer", "Dial", "DialTimeout", "DialTCP", "DialIP", "DialUDP", "DialUnix"},
	}
	return checkSelected(sources, func(s source, imported, name string) string {
		allowed := s.isTest() || !strings.HasPrefix(s.path, "internal/") || s.folder() == "internal/egress"
		if allowed || !slices.Contains(forbidden[imported], name) {
			return ""
		}
		return imported + "." + name + " opens connections past the egress policy; only internal/egress may"
	})
}

func checkSelected(sources []source, judge func(s source, imported, name string) string) []string {
	var complaints []string
	for _, s := range sources {
		imports := s.imports()
		ast.Inspect(s.file, func(node ast.Node) bool {
			if imported, name := s.selected(node, imports); imported != "" {
				if complaint := judge(s, imported, name); complaint != "" {
					complaints = append(complaints, s.complain(node.Pos(), "%s", complaint))
				}
			}
			return true
		})
	}
	return complaints
}

// checkInit refuses init functions: what a program does begins in main.
func checkInit(sources []source) []string {
	var complaints []string
	for _, s := range sources {
		for _, declaration := range s.file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if ok && function.Recv == nil && function.Name.Name == "init" {
				complaints = append(complaints, s.complain(function.Pos(), "init runs before anybody asked for it; build what is needed where it is needed"))
			}
		}
	}
	return complaints
}

// checkFormatNames refuses decisions by a built-in format's name: a format is
// data, and what the engine can do for one it can do for every other.
func checkFormatNames(sources []source) []string {
	var complaints []string
	for _, s := range sources {
		if s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			for _, operand := range compared(node) {
				if name, isName := formatName(operand); isName {
					complaints = append(complaints, s.complain(operand.Pos(), "code decides by the format name %q; say it as data of the format", name))
				}
			}
			return true
		})
	}
	return complaints
}

// compared returns the operands of a decision about equality.
func compared(node ast.Node) []ast.Expr {
	switch decision := node.(type) {
	case *ast.BinaryExpr:
		if decision.Op == token.EQL || decision.Op == token.NEQ {
			return []ast.Expr{decision.X, decision.Y}
		}
	case *ast.CaseClause:
		return decision.List
	case *ast.CallExpr:
		if selector, ok := decision.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"EqualFold", "HasPrefix", "HasSuffix", "Compare"}, selector.Sel.Name) {
			return decision.Args
		}
	}
	return nil
}

func formatName(operand ast.Expr) (string, bool) {
	literal, ok := operand.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	names := []string{"standard", "ascendkit", "ascend", "signature", "sendkit"}
	return text, err == nil && slices.Contains(names, text)
}
