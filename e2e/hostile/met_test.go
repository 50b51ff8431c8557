package hostile

import (
	"strings"
	"testing"

	"github.com/posthorn/posthorn/internal/hostile"
)

// Invariant: every behaviour is met by a test.
func TestEveryBehaviourIsMet(t *testing.T) {
	t.Parallel()
	met := map[string]bool{"ok": true} // the healthy webhooks meet it
	for _, expected := range expectations() {
		name, _, _ := strings.Cut(expected.chaos, "=")
		met[name] = true
	}
	for _, behaviour := range hostile.Behaviours() {
		if !met[behaviour.Name] {
			t.Errorf("nothing says what comes of %s", behaviour.Name)
		}
	}
}
