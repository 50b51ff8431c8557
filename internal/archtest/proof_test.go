package archtest

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestEveryRuleCanFail gives each checker a small module that breaks its rule,
// and one that doesn't.
func TestEveryRuleCanFail(t *testing.T) {
	t.Parallel()
	imports := checkImports(map[string]rule{
		"a": {why: "a is pure", may: []string{"b"}, modules: []string{"example.org/good"}, never: []string{"net/http"}},
		"b": {why: "b is free", may: []string{anything}},
	})
	const b = "// Package b is.\npackage b\n"
	cases := map[string]struct {
		check checker
		files map[string]string
		// want is part of the complaint; empty when there must be none.
		want string
	}{
		"allowed imports":          {imports, files("a/a.go", "package a\nimport (\n_ \"fmt\"\n_ \""+module+"/b\"\n_ \"example.org/good/part\"\n)\n", "b/b.go", b), ""},
		"a package of ours":        {imports, files("a/a.go", "package a\nimport _ \""+module+"/c\"\n", "b/b.go", b), "a/a.go:2: a may not import " + module + "/c: a is pure"},
		"the root":                 {imports, files("a/a.go", "package a\nimport _ \""+module+"\"\n", "b/b.go", b), "a may not import " + module + ": "},
		"the standard library":     {imports, files("a/a.go", "package a\nimport _ \"net/http\"\n", "b/b.go", b), "a may not import net/http"},
		"a third party":            {imports, files("a/a.go", "package a\nimport _ \"example.org/goodness\"\n", "b/b.go", b), "a may not import example.org/goodness"},
		"tests import freely":      {imports, files("a/a.go", "package a\n", "a/a_test.go", "package a\nimport _ \"net/http\"\n", "b/b.go", b), ""},
		"no rule":                  {imports, files("a/a.go", "package a\n", "b/b.go", b, "c/c.go", "package c\n"), "the package \"c\" has no rule"},
		"a stale rule":             {imports, files("a/a.go", "package a\n"), "a rule for \"b\", which no longer exists"},
		"no reason":                {checkImports(map[string]rule{"a": {}}), files("a/a.go", "package a\n"), "no reason for the rule of \"a\""},
		"an empty name":            {checkNames, files("internal/util/x.go", "package util\n"), "says nothing"},
		"an empty folder name":     {checkNames, files("internal/common/x.go", "package words\n"), "says nothing"},
		"a good name":              {checkNames, files("internal/intake/x.go", "package intake\n"), ""},
		"no package comment":       {checkComments, files("a/a.go", "package a\n", "a/b.go", "package a\n"), "a has 0 package comments"},
		"two package comments":     {checkComments, files("a/a.go", "// Package a is.\npackage a\n", "a/b.go", "// Package a was.\npackage a\n"), "a has 2 package comments"},
		"one package comment":      {checkComments, files("a/a.go", "// Package a is.\npackage a\n", "a/a_test.go", "package a\n"), ""},
		"a long file":              {checkSizes, files("a/a_test.go", "package a\n"+strings.Repeat("\n", maxFileLines)), "the file has 501 lines"},
		"a full file":              {checkSizes, files("a/a.go", "package a\n"+strings.Repeat("\n", maxFileLines-1)), ""},
		"a long function":          {checkSizes, files("a/a.go", functionOf(maxFunctionLines+1)), "a/a.go:2: f has 81 lines"},
		"a full function":          {checkSizes, files("a/a.go", functionOf(maxFunctionLines)), ""},
		"a long function of tests": {checkSizes, files("a/a_test.go", functionOf(maxFunctionLines+1)), ""},
		"over budget":              {checkBudgets(map[string]budget{"a": {2, "it is small"}}), files("a/a.go", "package a\n\n", "a/b.go", "package a\n"), "a has 3 lines, more than 2: it is small"},
		"within budget":            {checkBudgets(map[string]budget{"a": {2, "it is small"}}), files("a/a.go", "package a\n\n", "a/b_test.go", "package a\n"), ""},
		"a stale budget":           {checkBudgets(map[string]budget{"a": {2, "it is small"}}), files("b/b.go", b), "a budget for \"a\", which no longer exists"},
		"sleep":                    {checkSleep, files("a/a_test.go", "package a\nimport \"time\"\nfunc f() { time.Sleep(1) }\n"), "a/a_test.go:3: time.Sleep"},
		"sleep by another name":    {checkSleep, files("a/a.go", "package a\nimport clock \"time\"\nvar f = clock.Sleep\n"), "time.Sleep"},
		"somebody else's sleep":    {checkSleep, files("a/a.go", "package a\nimport \"time\"\nvar d time.Duration\nfunc f(x cat) { x.Sleep(d) }\n"), ""},
		"init":                     {checkInit, files("a/a.go", "package a\nfunc init() {}\n"), "init runs before"},
		"a method called init":     {checkInit, files("a/a.go", "package a\nfunc (x cat) init() {}\n"), ""},
		"a client":                 {checkConnections, files("internal/a/a.go", "package a\nimport \"net/http\"\nvar c = &http.Client{}\n"), "net/http.Client opens connections"},
		"a new transport":          {checkConnections, files("internal/a/a.go", "package a\nimport \"net/http\"\nvar c = new(http.Transport)\n"), "net/http.Transport opens connections"},
		"the default client":       {checkConnections, files("internal/a/a.go", "package a\nimport \"net/http\"\nvar _, _ = http.Get(\"\")\n"), "net/http.Get opens connections"},
		"a dialler":                {checkConnections, files("internal/a/a.go", "package a\nimport \"net\"\nvar d net.Dialer\n"), "net.Dialer opens connections"},
		"a client in a struct":     {checkConnections, files("internal/a/a.go", "package a\nimport \"net/http\"\ntype b struct{ c http.Client }\n"), "net/http.Client opens connections"},
		"a renamed import":         {checkConnections, files("internal/a/a.go", "package a\nimport web \"net/http\"\nvar c = web.DefaultClient\n"), "net/http.DefaultClient opens connections"},
		"a dot import":             {checkConnections, files("internal/a/a.go", "package a\nimport . \"net/http\"\nvar c = Client{}\n"), "a dot import of net/http"},
		"a reverse proxy":          {checkConnections, files("internal/a/a.go", "package a\nimport \"net/http/httputil\"\nvar c httputil.ReverseProxy\n"), "httputil.ReverseProxy opens connections"},
		"a TLS dialler":            {checkConnections, files("internal/a/a.go", "package a\nimport \"crypto/tls\"\nvar d tls.Dialer\n"), "crypto/tls.Dialer opens connections"},
		"one sender":               {checkOneSender, files("internal/app/a.go", "package app\nimport \""+module+"/internal/egress\"\nvar s = egress.New()\n"), ""},
		"a sender elsewhere":       {checkOneSender, files("internal/a/a.go", "package a\nimport \""+module+"/internal/egress\"\nvar s = egress.New()\n"), "exactly one"},
		"two senders":              {checkOneSender, files("internal/app/a.go", "package app\nimport \""+module+"/internal/egress\"\nvar s, t = egress.New(), egress.New()\n"), "exactly one"},
		"no sender":                {checkOneSender, files("internal/app/a.go", "package app\n"), "no sender"},
		"a server":                 {checkConnections, files("internal/a/a.go", "package a\nimport \"net/http\"\nvar s http.Server\n"), ""},
		"egress":                   {checkConnections, files("internal/egress/a.go", "package egress\nimport \"net/http\"\nvar c http.Client\n"), ""},
		"the client package":       {checkConnections, files("client/a.go", "package client\nimport \"net/http\"\nvar c http.Client\n"), ""},
		"a comparison with a name": {checkFormatNames, files("a/a.go", "package a\nvar x = f == \"ascendkit\"\n"), "the format name \"ascendkit\""},
		"a difference from a name": {checkFormatNames, files("a/a.go", "package a\nvar x = \"sendkit\" != f\n"), "the format name \"sendkit\""},
		"a case of a name":         {checkFormatNames, files("a/a.go", "package a\nfunc f(x string) { switch x { case \"b\", \"signature\": } }\n"), "the format name \"signature\""},
		"a folded comparison":      {checkFormatNames, files("a/a.go", "package a\nvar x = strings.EqualFold(f, \"ascend\")\n"), "the format name \"ascend\""},
		"a name in the program":    {checkFormatLiterals, files("internal/a/a.go", "package a\nvar x = []string{\"sendkit\"}\n"), "the format \"sendkit\" is named"},
		"a name in such a test":    {checkFormatLiterals, files("internal/a/a_test.go", "package a\nvar x = \"sendkit\"\n"), ""},
		"the default's name":       {checkFormatLiterals, files("format.go", "package posthorn\nconst DefaultFormat = \"standard\"\n"), ""},
		"a name as data":           {checkFormatNames, files("a/a.go", "package a\nvar x = []string{\"standard\"}\n"), ""},
		"a name in a test":         {checkFormatNames, files("a/a_test.go", "package a\nvar x = f == \"standard\"\n"), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := c.check(parseAll(t, c.files))
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("there are complaints where none should be: %q", found)
			case c.want != "" && !slices.ContainsFunc(found, func(text string) bool { return strings.Contains(text, c.want) }):
				t.Errorf("the complaints %q don't say %q", found, c.want)
			}
		})
	}
}

// files pairs paths and texts.
func files(pairs ...string) map[string]string {
	texts := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		texts[pair[0]] = pair[1]
	}
	return texts
}

func functionOf(lines int) string {
	return "package a\nfunc f() {\n" + strings.Repeat("\n", lines-2) + "}\n"
}

func parseAll(t *testing.T, texts map[string]string) []source {
	t.Helper()
	var sources []source
	for _, place := range slices.Sorted(maps.Keys(texts)) {
		parsed, err := parse(place, texts[place])
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, parsed)
	}
	return sources
}
