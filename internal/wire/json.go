package wire

import "unicode/utf8"

// appendJSONText writes text as the inside of a JSON string (RFC 8259, section
// 7), escaping no more than must be. What isn't UTF-8 becomes U+FFFD, because a
// JSON text must be UTF-8.
func appendJSONText[T []byte | string](dst []byte, text T) []byte {
	const digits = "0123456789abcdef"
	for at := 0; at < len(text); {
		c := text[at]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRune([]byte(text[at:min(at+utf8.UTFMax, len(text))]))
			dst = utf8.AppendRune(dst, r)
			at += size
			continue
		}
		at++
	}
	return dst
}

// isCleanJSON reports whether appendJSONText would change nothing, for plain
// ASCII at least.
func isCleanJSON(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
