package door

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// answer is an http.ResponseWriter that keeps an answer until it is whole. It is
// used again for the next one.
type answer struct {
	header http.Header
	status int
	body   []byte
	// message is the answer as it is sent.
	message bytes.Buffer
	date    date
}

// maxKept is how much memory a connection keeps for its next answer, in bytes.
const maxKept = 16 << 10

func (a *answer) reset() {
	clear(a.header)
	a.status, a.body = 0, a.body[:0]
	a.message.Reset()
}

// shrink forgets an answer that was large: the connection may be idle for long.
func (a *answer) shrink() {
	if cap(a.body)+a.message.Cap() > maxKept {
		a.body, a.message = nil, bytes.Buffer{}
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
	wasClosing := a.closes()
	for _, own := range [...]string{"Content-Length", "Date", "Transfer-Encoding"} {
		delete(a.header, own)
	}
	m, meaning := &a.message, http.StatusText(a.status)
	if meaning == "" {
		meaning = "status code " + strconv.Itoa(a.status)
	}
	m.WriteString("HTTP/1.1 ")
	m.Write(strconv.AppendInt(m.AvailableBuffer(), int64(a.status), 10))
	m.WriteByte(' ')
	m.WriteString(meaning)
	m.WriteString("\r\n")
	_ = a.header.Write(m) // a buffer takes everything
	m.WriteString("Date: ")
	m.Write(a.date.at(now))
	m.WriteString("\r\nContent-Length: ")
	m.Write(strconv.AppendInt(m.AvailableBuffer(), int64(len(a.body)), 10))
	if _, isTyped := a.header["Content-Type"]; !isTyped && len(a.body) > 0 {
		m.WriteString("\r\nContent-Type: ")
		m.WriteString(http.DetectContentType(a.body))
	}
	if isClosing && !wasClosing {
		m.WriteString("\r\nConnection: close")
	}
	m.WriteString("\r\n\r\n")
	m.Write(a.body)
	return m.Bytes()
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
