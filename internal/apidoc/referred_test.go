package apidoc

import (
	"strings"
	"testing"
)

// Guards that following a reference counts as much as it has names, and once only
// for each spelling, in the document and in the schema that is bundled.
func TestReferencesAreCounted(t *testing.T) {
	t.Parallel()
	var deepest any = map[string]any{"type": "integer"}
	const names = 150
	for range names {
		deepest = map[string]any{"a": deepest}
	}
	root, _ := deepest.(map[string]any)
	r := &reader{root: root, document: newReferred(root), steps: maxSteps, bytes: maxMade}
	target := "#" + strings.Repeat("/a", names)
	for i, want := range []int{names + 1, 1, 1} {
		before := r.steps
		found := r.at(r.document, target)
		if object, isObject := found.value.(map[string]any); found.err != nil || !isObject || object["type"] != "integer" || found.name != "a" {
			t.Fatalf("%+v", found)
		}
		if counted := before - r.steps; counted != want {
			t.Errorf("time %d: %d values were counted, want %d", i, counted, want)
		}
	}
	other, inside := "#"+strings.Repeat("/%61", names), "#/"+strings.Repeat("b", names)
	refs := []any{}
	for range 10 {
		refs = append(refs, map[string]any{"$ref": other}, map[string]any{"$ref": inside})
	}
	before := r.steps
	if _, err := r.bundle(map[string]any{"oneOf": refs, strings.Repeat("b", names): map[string]any{}}); err != nil {
		t.Fatal(err)
	}
	if counted := before - r.steps; counted < names || counted > 2*names {
		t.Errorf("%d values were counted for a schema whose reference has %d names", counted, names)
	}
	r.steps = names
	if found := r.at(newReferred(root), target); found.err == nil || !r.isSpent() {
		t.Errorf("%+v beyond the bound", found)
	}
}
