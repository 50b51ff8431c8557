package archtest

import "testing"

// Invariant: the library for Python, which can't read outside its package, has the
// schemes that this module verifies with, and the places of what it verified.
func TestCopiesOfSchemesAreEqual(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"schemes.json", "places.json"} {
		original, duplicate := "signature/"+name, "sdk/python/src/posthorn/"+name
		if readPage(t, original) != readPage(t, duplicate) {
			t.Errorf("the two differ: cp %s %s", original, duplicate)
		}
	}
}
