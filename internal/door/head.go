package door

import (
	"bytes"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// bufferSize bounds the head of a request that is served here, in bytes.
const bufferSize = 8 << 10

// maxFields bounds the header fields of a request that is served here.
const maxFields = 64

// maxBody is the largest body of a request that is served here, in bytes. So much
// of a body that a handler has left is read away; beyond that a connection must be
// closed with care, which net/http does.
const maxBody = 256 << 10

// headEnd finds where a head ends, with its empty line; 0 when that hasn't come. It
// reports that the head is odd when a line in it ends without a carriage return or
// it begins with an empty one: then nobody should wait for more.
func headEnd(text []byte) (int, bool) {
	for begin := 0; ; {
		length := bytes.IndexByte(text[begin:], '\n')
		if length < 0 {
			return 0, false
		}
		if length == 0 || text[begin+length-1] != '\r' {
			return 0, true
		}
		if length == 1 {
			return begin + length + 1, begin == 0
		}
		begin += length + 1
	}
}

// head is what the head of a request says. It is used again for the next one.
type head struct {
	target
	path   string
	host   string
	length int64
	fields http.Header
	// values holds the values of fields, one each.
	values [maxFields]string
}

// parse reads a whole head, up to its empty line, and reports whether it is plain:
// within RFC 9112 to the letter, with a body whose length is told once, and without
// anything that asks for more than an answer. What it says of one that isn't means
// nothing.
func (h *head) parse(text string, targets map[string]target) bool {
	h.host, h.length = "", -1
	clear(h.fields)
	line, rest, _ := strings.Cut(text, "\r\n")
	line, isPost := strings.CutPrefix(line, "POST ")
	path, isHTTP11 := strings.CutSuffix(line, " HTTP/1.1")
	wanted, isKnown := targets[path]
	if !isPost || !isHTTP11 || !isKnown {
		return false
	}
	h.target, h.path = wanted, path
	for count := range maxFields {
		if line, rest, _ = strings.Cut(rest, "\r\n"); line == "" {
			return h.host != "" && h.length > 0
		}
		if !h.addField(line, h.values[count:count+1:count+1]) {
			return false
		}
	}
	return false
}

// addField adds a line of the head, with room for its value, and reports whether it
// is plain.
func (h *head) addField(line string, room []string) bool {
	name, value, isField := strings.Cut(line, ":")
	if !isField || !isName(name) || !isValue(value) {
		return false
	}
	name, value = textproto.CanonicalMIMEHeaderKey(name), textproto.TrimString(value)
	switch name {
	case "Host":
		if h.host != "" || !isHost(value) {
			return false
		}
		h.host = value
		return true // as net/http does, it is no field
	case "Content-Length":
		h.length = bodyLength(value)
		if h.length < 0 {
			return false
		}
	case "Connection":
		if !strings.EqualFold(value, "keep-alive") {
			return false
		}
	case "Expect", "Pragma", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return false
	}
	before := len(h.fields)
	room[0] = value
	h.fields[name] = room
	return len(h.fields) > before // else the name is there twice
}

// isName allows less than RFC 9110, 5.1 does: what names are made of in practice.
func isName(text string) bool {
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && text[i] != '-' {
			return false
		}
	}
	return text != ""
}

// isValue allows printable ASCII, spaces and tabs.
func isValue(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < ' ' || c > '~') && c != '\t' {
			return false
		}
	}
	return true
}

// isHost allows names and addresses, with a port or without one.
func isHost(text string) bool {
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && !strings.ContainsRune("-.:[]_", rune(text[i])) {
			return false
		}
	}
	return text != ""
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// bodyLength reads a Content-Length that can be read in one way alone; -1 for
// others.
func bodyLength(text string) int64 {
	length, err := strconv.ParseUint(text, 10, 32)
	if err != nil || text[0] == '0' || length > maxBody {
		return -1
	}
	return int64(length)
}
