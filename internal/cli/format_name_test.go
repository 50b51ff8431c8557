package cli

import "testing"

// Invariant: a format that is saved under a name that is given has that name, whatever its file says, and is else as it was.
func TestGivenNameOfFormatHolds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"name":"standard","scheme":{"name":"x"}}`:                  `{"name":"mine","scheme":{"name":"x"}}`,
		"since: 1\nname: standard # as it was\nscheme:\n  name: x\n": "since: 1\nname: \"mine\"\nscheme:\n  name: x\n",
		`{"name":"mine", "a": 1}`:                                    `{"name":"mine", "a": 1}`,
		`{"a":1}`:                                                    `{"a":1}`,
	} {
		if got := string(withName([]byte(text), nameOfFormat([]byte(text)), "mine")); got != want {
			t.Errorf("%s became %s", text, got)
		}
	}
}
