package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/config"
)

func readPage(t *testing.T, place string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, place))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Invariant: docs/states.md draws exactly the moves that a delivery may make.
func TestStatesPageDrawsEveryMove(t *testing.T) {
	t.Parallel()
	for _, difference := range compareMoves(movesDrawn(readPage(t, "docs/states.md"), "## Delivery"), mayMove) {
		t.Error(difference)
	}
}

// Invariant: the comparison notices a move that is missing and one that is too
// many.
func TestStatesPageCanBeWrong(t *testing.T) {
	t.Parallel()
	drawn := movesDrawn(readPage(t, "docs/states.md"), "## Delivery")
	delete(drawn, "pending --> leased")
	drawn["succeeded --> expired"] = true
	if differences := compareMoves(drawn, mayMove); len(differences) != 2 {
		t.Errorf("%d differences were found instead of 2: %q", len(differences), differences)
	}
}

func mayMove(from, to posthorn.DeliveryStatus) bool { return from.MayMoveTo(to) }

func compareMoves(drawn map[string]bool, may func(from, to posthorn.DeliveryStatus) bool) []string {
	var differences []string
	known := map[string]bool{}
	for _, from := range posthorn.DeliveryStatuses() {
		for _, to := range posthorn.DeliveryStatuses() {
			move := string(from) + " --> " + string(to)
			known[move] = true
			if drawn[move] != may(from, to) {
				differences = append(differences, fmt.Sprintf("%s: drawn %t, allowed %t", move, drawn[move], may(from, to)))
			}
		}
	}
	for move := range drawn {
		if !known[move] {
			differences = append(differences, move+" is between statuses that don't exist")
		}
	}
	return differences
}

// movesDrawn reads the first Mermaid drawing after a heading; the moves from and to
// [*] are left out.
func movesDrawn(page, heading string) map[string]bool {
	_, section, _ := strings.Cut(page, heading)
	_, drawing, _ := strings.Cut(section, "```mermaid")
	drawing, _, _ = strings.Cut(drawing, "```")
	moves := map[string]bool{}
	for line := range strings.Lines(drawing) {
		move, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		if strings.Contains(move, "-->") && !strings.Contains(move, "[*]") {
			moves[strings.TrimSpace(move)] = true
		}
	}
	return moves
}

// Invariant: docs/states.md speaks of every status of a webhook and of no other.
func TestStatesPageDrawsEveryWebhookStatus(t *testing.T) {
	t.Parallel()
	var drawn []string
	for move := range movesDrawn(readPage(t, "docs/states.md"), "## Webhook") {
		from, to, _ := strings.Cut(move, " --> ")
		drawn = append(drawn, from, to)
	}
	slices.Sort(drawn)
	want := slices.Sorted(slices.Values(constants(t, "webhook.go", "WebhookStatus")))
	if drawn = slices.Compact(drawn); !slices.Equal(drawn, want) {
		t.Errorf("drawn are %q, there are %q", drawn, want)
	}
}

// Invariant: docs/retries.md explains every reason.
func TestRetriesPageExplainsEveryReason(t *testing.T) {
	t.Parallel()
	explained := firstCells(readPage(t, "docs/retries.md"), "## Reasons")
	want := append(constants(t, "attempt.go", "Reason"), "status_…")
	slices.Sort(explained)
	slices.Sort(want)
	if !slices.Equal(explained, want) {
		t.Errorf("explained are\n%q\nthere are\n%q", explained, want)
	}
}

// Invariant: docs/api.md explains every code of a mistake.
func TestAPIPageExplainsEveryCode(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/api.md")
	for _, code := range constants(t, "error.go", "Code") {
		if !strings.Contains(page, "`"+code+"`") {
			t.Errorf("docs/api.md doesn't explain the code %s", code)
		}
	}
}

// Invariant: docs/operations.md lists every setting with its variable and default.
func TestOperationsPageListsEverySetting(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/operations.md")
	var want []string
	for _, setting := range config.Settings() {
		want = append(want, setting.Key)
		row := fmt.Sprintf("| `%s` | `%s` | %s |", setting.Key, setting.Variable(), setting.Default)
		if !strings.Contains(page, row) {
			t.Errorf("docs/operations.md lacks the row that begins with\n%s", row)
		}
	}
	if listed := firstCells(page, "## Settings"); !slices.Equal(listed, want) {
		t.Errorf("listed are\n%q\nthere are\n%q", listed, want)
	}
}

// Invariant: docs/formats.md shows each built-in dialect as it is sent.
func TestFormatsPageShowsWhatIsSent(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/formats.md")
	sent, err := filepath.Glob(filepath.Join(root, "internal/wire/testdata/golden/*.http"))
	if err != nil || len(sent) < 5 {
		t.Fatalf("%d requests were found (%v)", len(sent), err)
	}
	for _, place := range sent {
		text, err := os.ReadFile(place)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page, strings.TrimSpace(string(text))) {
			t.Errorf("docs/formats.md doesn't show what %s holds", filepath.Base(place))
		}
	}
}

// Invariant: a link to a file of the repository leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	decisions, err2 := filepath.Glob(filepath.Join(root, "docs", "decisions", "*.md"))
	top, err3 := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil || err2 != nil || err3 != nil {
		t.Fatal(err, err2, err3)
	}
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	for _, page := range slices.Concat(pages, decisions, top) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), found[1])); err != nil {
				t.Errorf("%s has a link to %s, which isn't there", page, found[1])
			}
		}
	}
}

// constants returns the texts of a type's constants in a file of the root package.
func constants(t *testing.T, file, typeName string) []string {
	t.Helper()
	parsed, err := parse(file, readPage(t, file))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	ast.Inspect(parsed.file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		kind, isNamed := spec.Type.(*ast.Ident)
		if !isNamed || kind.Name != typeName || len(spec.Values) != 1 {
			return true
		}
		literal, isLiteral := spec.Values[0].(*ast.BasicLit)
		if !isLiteral || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
		return true
	})
	if len(texts) == 0 {
		t.Fatalf("%s has no constants of type %s", file, typeName)
	}
	return texts
}

// firstCells returns what stands in code letters in the first cell of each row of the
// tables between a heading and the next of its level.
func firstCells(page, heading string) []string {
	_, section, _ := strings.Cut(page, heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var cells []string
	for line := range strings.Lines(section) {
		rest, isRow := strings.CutPrefix(line, "| `")
		if cell, _, closed := strings.Cut(rest, "`"); isRow && closed {
			cells = append(cells, cell)
		}
	}
	return cells
}
