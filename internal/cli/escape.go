package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape makes text harmless and visible on one line: whatever could move the
// cursor, change colours or reverse the direction of writing is shown as its
// code, and so are bytes that are no UTF-8.
func escape(text string) string {
	if isPlain(text) {
		return text
	}
	var safe strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&safe, `\x%02x`, text[i])
		case strconv.IsPrint(r):
			safe.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			safe.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return safe.String()
}

func isPlain(text string) bool {
	for _, r := range text {
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}

// escapeLines is escape that keeps line ends.
func escapeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = escape(line)
	}
	return strings.Join(lines, "\n")
}

// escapeJSON keeps the meaning of JSON and makes it harmless on a screen. What
// is dangerous stands only inside JSON's strings, where \u says the same.
func escapeJSON(text []byte) []byte {
	safe := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r < utf8.RuneSelf && r != 0x7f, strconv.IsPrint(r) && r != utf8.RuneError:
			safe = append(safe, text[i:i+size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			safe = fmt.Appendf(safe, `\u%04x\u%04x`, high, low)
		default:
			safe = fmt.Appendf(safe, `\u%04x`, r)
		}
		i += size
	}
	return safe
}
