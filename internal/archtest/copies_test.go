package archtest

import "testing"

// Invariant: the library for Python, which can't read outside its package, has the
// schemes that this module verifies with.
func TestCopyOfSchemesIsEqual(t *testing.T) {
	t.Parallel()
	const original, duplicate = "signature/schemes.json", "sdk/python/src/posthorn/schemes.json"
	if readPage(t, original) != readPage(t, duplicate) {
		t.Errorf("the two differ: cp %s %s", original, duplicate)
	}
}
