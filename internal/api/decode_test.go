package api

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Guards that brackets count towards the depth of a text where they stand outside of
// strings, however quotes and backslashes follow each other.
func TestDepthIsCountedOutsideOfStrings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		drawn := rapid.StringOfN(rapid.RuneFrom([]rune(`[}"\\`)), 0, 20, -1).Draw(r, "text")
		text := strings.Repeat("[{", maxDepth/2) + `"` + drawn
		want, inString := -1, false
		for i, depth := 0, 0; i < len(text) && want < 0; i++ {
			switch c := text[i]; {
			case c == '"':
				inString = !inString
			case inString && c == '\\':
				i++
			case !inString && strings.IndexByte("[{", c) >= 0:
				if depth++; depth > maxDepth {
					want = i
				}
			case !inString && strings.IndexByte("]}", c) >= 0:
				depth--
			}
		}
		if got := tooDeepAt([]byte(text)); got != want {
			r.Fatalf("%q becomes too deep at %d, want %d", drawn, got, want)
		}
	})
}
