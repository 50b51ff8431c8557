package egress

import (
	"bytes"
	"strconv"
)

// plainAnswer reads an answer that is there whole, of which only the status and the
// body are of interest, and reports whether it is one: within RFC 9112 to the letter,
// with a body whose length is told once and that is kept whole, in lines without anything
// that asks for more. Most answers are; without the http.Response that would be made of
// each, a request takes 1,100 bytes less. What isn't plain net/http reads, from its beginning;
// a connection shows no more of an answer here than came with its first read and fits into
// its reader's 4,096 bytes, so that larger answers are net/http's, whatever they say.
func plainAnswer(text []byte) (reply, bool) {
	rest, isHTTP11 := bytes.CutPrefix(text, []byte("HTTP/1.1 "))
	line, rest, isWhole := bytes.Cut(rest, []byte("\r\n"))
	if !isHTTP11 || !isWhole || len(line) < 3 || len(line) > 3 && line[3] != ' ' || !isPlainText(line) {
		return reply{}, false
	}
	status, length := plainNumber(line[:3], 599), -1
	if status < 200 || status/100 == 3 { // a hint before the answer, or a redirect, which points somewhere
		return reply{}, false
	}
	for {
		line, rest, isWhole = bytes.Cut(rest, []byte("\r\n"))
		if !isWhole {
			return reply{}, false
		}
		if len(line) == 0 {
			break
		}
		if !isPlainField(line, &length) {
			return reply{}, false
		}
	}
	hasNoBody := status == 204
	if hasNoBody && length < 0 {
		length = 0
	}
	if len(rest) != length || hasNoBody && length > 0 {
		return reply{}, false
	}
	if length == 0 {
		rest = nil
	}
	return reply{status: status, body: bytes.Clone(rest)}, true
}

// isPlainField reports whether a line of the headers is nothing to think about, and
// takes the body's length out of the one that tells it.
func isPlainField(line []byte, length *int) bool {
	name, value, isField := bytes.Cut(line, []byte(":"))
	if !isField || !isPlainName(name) || !isPlainText(value) {
		return false
	}
	value = bytes.Trim(value, " \t")
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		isFirst := *length < 0
		*length = plainNumber(value, MaxResponseBody)
		return isFirst && *length >= 0
	case bytes.EqualFold(name, []byte("Connection")):
		return bytes.EqualFold(value, []byte("keep-alive"))
	case bytes.EqualFold(name, []byte("Retry-After")), bytes.EqualFold(name, []byte("Transfer-Encoding")),
		bytes.EqualFold(name, []byte("Trailer")), bytes.EqualFold(name, []byte("Upgrade")):
		return false
	default:
		return true
	}
}

// plainNumber reads digits that can be read in one way alone; -1 for others, and for
// more than the limit.
func plainNumber(text []byte, limit int) int {
	if len(text) > 1 && text[0] == '0' {
		return -1
	}
	number, err := strconv.ParseUint(string(text), 10, 32)
	if err != nil || int(number) > limit {
		return -1
	}
	return int(number)
}

// isPlainName allows less than RFC 9110, 5.1 does: what names are made of in practice.
func isPlainName(text []byte) bool {
	for _, c := range text {
		if isLetter := 'a' <= c|0x20 && c|0x20 <= 'z'; !isLetter && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(text) > 0
}

// isPlainText allows printable ASCII, spaces and tabs.
func isPlainText(text []byte) bool {
	for _, c := range text {
		if (c < ' ' || c > '~') && c != '\t' {
			return false
		}
	}
	return true
}
