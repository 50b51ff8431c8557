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
	host   string
	length int64
	fields http.Header
	// lines are those of this head, and until it has been read those of the one before:
	// most are the same, and aren't read again, which would take four times as long.
	lines []line
}

// line is a line of a head that was found good, and what it says.
type line struct {
	text  string
	name  string
	value [1]string
}

// parse reads a whole head, up to its empty line, and reports whether it is plain:
// within RFC 9112 to the letter, with a body whose length is told once, and without
// anything that asks for more than an answer. What it says of one that isn't means
// nothing.
func (h *head) parse(text []byte, targets map[string]target) bool {
	const lineEnd = "\r\n"
	h.host, h.length = "", -1
	clear(h.fields)
	begin, rest, _ := bytes.Cut(text, []byte(lineEnd))
	begin, isPost := bytes.CutPrefix(begin, []byte("POST "))
	path, isHTTP11 := bytes.CutSuffix(begin, []byte(" HTTP/1.1"))
	wanted, isKnown := targets[string(path)]
	if !isPost || !isHTTP11 || !isKnown {
		return false
	}
	h.target = wanted
	for count := range maxFields {
		var next []byte
		if next, rest, _ = bytes.Cut(rest, []byte(lineEnd)); len(next) == 0 {
			h.forget(count)
			return h.host != "" && h.length > 0
		}
		if count == len(h.lines) {
			h.lines = append(h.lines, line{})
		}
		current := &h.lines[count]
		if string(next) != current.text && !current.read(string(next)) || !h.add(current) {
			return false
		}
	}
	return false
}

// forget forgets the lines of the head before that stood behind so many.
func (h *head) forget(count int) {
	clear(h.lines[count:])
	h.lines = h.lines[:count]
}

// read reads a line, and reports whether it is plain. If it isn't nothing changes.
func (l *line) read(text string) bool {
	name, value, isField := strings.Cut(text, ":")
	if !isField || !isName(name) || !isValue(value) {
		return false
	}
	*l = line{text: text, name: textproto.CanonicalMIMEHeaderKey(name), value: [1]string{textproto.TrimString(value)}}
	return true
}

// add adds a line to what the head says, and reports whether it is plain there.
func (h *head) add(l *line) bool {
	value := l.value[0]
	switch l.name {
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
	h.fields[l.name] = l.value[:]
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
