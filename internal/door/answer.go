package door

import (
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is an http.ResponseWriter that keeps an answer until it is whole. It is
// used again for the next one.
type answer struct {
	header http.Header
	status int
	body   []byte
	// names are those of the header, while they are put in order.
	names []string
	// message is the answer as it is sent.
	message []byte
	date    date
}

// maxKept is how much memory a connection keeps for its next answer, in bytes.
const maxKept = 16 << 10

func (a *answer) reset() {
	clear(a.header)
	a.status, a.body, a.message = 0, a.body[:0], a.message[:0]
}

// shrink forgets an answer that was large: the connection may be idle for long.
func (a *answer) shrink() {
	if cap(a.body)+cap(a.message) > maxKept {
		a.body, a.message = nil, nil
	}
}

// Header returns what will be sent as the answer's header; a Content-Length, a Date
// and a Transfer-Encoding are not.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sets the status; later calls change nothing.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// AvailableBuffer returns an empty slice for what the next Write is given, as that of a
// bytes.Buffer does, with a capacity that will do for most answers.
func (a *answer) AvailableBuffer() []byte {
	const usual = 512
	a.body = slices.Grow(a.body, usual)
	return a.body[len(a.body):]
}

// Write adds to the body. It never fails.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, p...)
	return len(p), nil
}

// closes reports whether the handler wants the connection closed.
func (a *answer) closes() bool { return a.header.Get("Connection") == "close" }

// write puts the message together, in net/http's order: the handler's fields by
// name, without line ends in them, and then the connection's.
func (a *answer) write(now time.Time, isClosing bool) []byte {
	a.WriteHeader(http.StatusOK)
	m, meaning := a.message, http.StatusText(a.status)
	if meaning == "" {
		meaning = "status code " + strconv.Itoa(a.status)
	}
	m = append(m, "HTTP/1.1 "...)
	m = strconv.AppendInt(m, int64(a.status), 10)
	m = append(append(append(m, ' '), meaning...), "\r\n"...)
	m = a.appendFields(m)
	m = append(append(m, "Date: "...), a.date.at(now)...)
	m = strconv.AppendInt(append(m, "\r\nContent-Length: "...), int64(len(a.body)), 10)
	if _, isTyped := a.header["Content-Type"]; !isTyped && len(a.body) > 0 {
		m = append(append(m, "\r\nContent-Type: "...), http.DetectContentType(a.body)...)
	}
	if isClosing && !a.closes() {
		m = append(m, "\r\nConnection: close"...)
	}
	a.message = append(append(m, "\r\n\r\n"...), a.body...)
	return a.message
}

// appendFields writes what http.Header.Write does, in 0.25 µs less: the fields in the
// order of their names, each value in one line.
func (a *answer) appendFields(m []byte) []byte {
	a.names = a.names[:0]
	for name := range a.header {
		if isToken(name) && !isOwn(name) {
			a.names = append(a.names, name)
		}
	}
	slices.Sort(a.names)
	for _, name := range a.names {
		for _, value := range a.header[name] {
			m = append(append(append(append(m, name...), ": "...), inOneLine(value)...), "\r\n"...)
		}
	}
	return m
}

// isOwn reports whether a field is the connection's to write.
func isOwn(name string) bool {
	return name == "Content-Length" || name == "Date" || name == "Transfer-Encoding"
}

// isToken reports whether a text may be a field's name (RFC 9110, 5.6.2).
func isToken(text string) bool {
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && strings.IndexByte("!#$%&'*+-.^_`|~", text[i]) < 0 {
			return false
		}
	}
	return text != ""
}

// inOneLine is a value without line ends in it or spaces around it.
func inOneLine(value string) string {
	if strings.IndexByte(value, '\r') >= 0 || strings.IndexByte(value, '\n') >= 0 {
		value = strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
	}
	return textproto.TrimString(value)
}

// date is a time as it was last written; it changes once a second.
type date struct {
	second int64
	text   []byte
}

func (d *date) at(now time.Time) []byte {
	if second := now.Unix(); d.text == nil || second != d.second {
		d.second, d.text = second, now.UTC().AppendFormat(d.text[:0], http.TimeFormat)
	}
	return d.text
}
