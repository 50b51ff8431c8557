package archtest

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
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

func TestThereIsOneSender(t *testing.T) {
	t.Parallel()
	report(t, checkOneSender, readModule(t))
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
		"net/http":          {"Client", "Transport", "DefaultClient", "DefaultTransport", "RoundTripper", "NewFileTransport", "Get", "Head", "Post", "PostForm"},
		"net/http/httputil": {"ReverseProxy", "NewSingleHostReverseProxy", "ClientConn", "NewClientConn", "NewProxyClientConn"},
		"net":               {"Dialer", "Dial", "DialTimeout", "DialTCP", "DialIP", "DialUDP", "DialUnix"},
		"crypto/tls":        {"Dialer", "Dial", "DialWithDialer"},
		"net/smtp":          {"Dial", "SendMail"},
		"net/rpc":           {"Dial", "DialHTTP", "DialHTTPPath"},
		"syscall":           {"Connect"},
	}
	mayConnect := func(s source) bool {
		return s.isTest() || !strings.HasPrefix(s.path, "internal/") || slices.Contains([]string{"internal/egress", "internal/benchmark"}, s.folder())
	}
	complaints := checkSelected(sources, func(s source, imported, name string) string {
		if mayConnect(s) || !slices.Contains(forbidden[imported], name) {
			return ""
		}
		return imported + "." + name + " opens connections past the egress policy; only internal/egress may"
	})
	// Behind a dot import none of these names would be seen.
	for _, s := range sources {
		if imported := s.imports()["."]; !mayConnect(s) && forbidden[imported] != nil {
			complaints = append(complaints, s.complain(s.file.Package, "a dot import of %s hides what opens connections", imported))
		}
	}
	return complaints
}

// checkOneSender wants the one sender that the server has to be made in one place:
// deliveries and tests of webhooks go through the same guard.
func checkOneSender(sources []source) []string {
	var places []string
	for _, s := range sources {
		if s.isTest() || s.folder() == "internal/egress" {
			continue
		}
		imports := s.imports()
		ast.Inspect(s.file, func(node ast.Node) bool {
			imported, name := s.selected(node, imports)
			if imported == module+"/internal/egress" && name == "New" {
				places = append(places, s.complain(node.Pos(), "a sender is made here; there must be exactly one, in internal/app"))
			}
			return true
		})
	}
	if len(places) == 1 && strings.HasPrefix(places[0], "internal/app/") {
		return nil
	}
	if len(places) == 0 {
		return []string{"no sender is made in internal/app"}
	}
	return places
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
	return text, err == nil && slices.Contains(builtInNames(), text)
}

// builtInNames are the names of the files that the built-in formats are.
func builtInNames() []string {
	files, _ := filepath.Glob(filepath.Join(root, "internal/wire/formats/*.yaml")) // the pattern is good
	names := make([]string, 0, len(files))
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	return names
}

// The server and its clients hold a format's name in one place alone, the
// default, and everywhere else it is data.
func TestFormatNamesAreData(t *testing.T) {
	t.Parallel()
	if names := builtInNames(); len(names) < 12 || !slices.Contains(names, posthorn.DefaultFormat) {
		t.Fatalf("the built-in formats are %q", names)
	}
	report(t, checkFormatLiterals, readModule(t))
}

// checkFormatLiterals refuses a format's name as a text in the program. The demo
// and the crash tests choose formats as users do, the conformance suite makes up
// webhooks, and "signature" is a word of the vocabulary, too.
func checkFormatLiterals(sources []source) []string {
	var complaints []string
	for _, s := range sources {
		isUser := strings.HasPrefix(s.path, "e2e/") || strings.HasPrefix(s.path, "bench/") || slices.Contains([]string{"internal/demo", "internal/store/storetest"}, s.folder())
		if s.isTest() || isUser || s.path == "format.go" {
			continue
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			operand, ok := node.(ast.Expr)
			if !ok {
				return true
			}
			if name, isName := formatName(operand); isName && name != "signature" && !isPreset(s, name) {
				complaints = append(complaints, s.complain(node.Pos(), "the format %q is named in code; say it as data of the format", name))
			}
			return true
		})
	}
	return complaints
}

// isPreset: a catalogue of event types has the name of a format.
func isPreset(s source, name string) bool {
	return s.path == "internal/cli/event_type_import.go" && name == "ascendkit"
}
