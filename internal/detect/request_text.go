package detect

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/posthorn/posthorn"
)

// readTextRequest reads the text of HTTP/1.1 (RFC 9112), or what curl -v shows.
func readTextRequest(text []byte) (Request, error) {
	r, target := Request{Method: "POST"}, ""
	isCurl, isFirst, ended := false, true, false
	for number := 1; len(text) > 0 && !ended; number++ {
		line, rest := cutLine(text)
		text = rest
		if isRemark(line) {
			continue
		}
		if shown, found := strings.CutPrefix(line, ">"); found {
			isCurl, line = true, strings.TrimPrefix(shown, " ")
		}
		method, asked, isRequestLine := requestLine(line)
		switch {
		case line == "":
			ended = true
		case isFirst && isRequestLine:
			r.Method, target = method, asked
		default:
			header, err := readHeader(line, number)
			if err != nil {
				return Request{}, err
			}
			r.Headers = append(r.Headers, header)
		}
		isFirst = false
	}
	if len(r.Headers) == 0 {
		return Request{}, malformedRequest("The request has no headers.")
	}
	r.Body = text
	if isCurl {
		r.Body = withoutRemarks(text)
	}
	r.trimBody()
	return r, r.finish(target)
}

// cutLine cuts off a line that ends in LF or CRLF.
func cutLine(text []byte) (string, []byte) {
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	return strings.TrimSuffix(string(line), "\r"), rest
}

// isRemark reports whether a line of curl -v is no part of the request.
func isRemark(line string) bool {
	for _, beginning := range []string{"* ", "< ", "{ [", "} ["} {
		if strings.HasPrefix(line, beginning) {
			return true
		}
	}
	return line == "*" || line == "<"
}

// withoutRemarks leaves out what curl says before the body, and the response
// behind it.
func withoutRemarks(text []byte) []byte {
	for len(text) > 0 {
		line, rest := cutLine(text)
		if !isRemark(line) {
			break
		}
		text = rest
	}
	if before, _, found := bytes.Cut(text, []byte("\n< HTTP/")); found {
		return bytes.TrimSuffix(before, []byte("\r"))
	}
	return text
}

// requestLine takes "POST /path HTTP/1.1" apart; a header's name has no spaces.
func requestLine(line string) (method, target string, isRequestLine bool) {
	words := strings.Fields(line)
	if len(words) < 2 || len(words) > 3 || strings.Contains(words[0], ":") || strings.ToUpper(words[0]) != words[0] {
		return "", "", false
	}
	return words[0], words[1], len(words) == 2 || strings.HasPrefix(words[2], "HTTP/")
}

func readHeader(line string, number int) (posthorn.Header, error) {
	name, value, found := strings.Cut(line, ":")
	if !found || name == "" || strings.ContainsAny(name, " \t\"{}") {
		return posthorn.Header{}, malformedRequest(fmt.Sprintf("Line %d of the request is no header.", number))
	}
	return posthorn.Header{Name: name, Value: strings.TrimSpace(value)}, nil
}

// trimBody joins chunks, and drops the line end that an editor put behind the
// body.
func (r *Request) trimBody() {
	if strings.EqualFold(r.value("Transfer-Encoding"), "chunked") {
		if joined, isChunked := joinChunks(r.Body); isChunked {
			r.Body = joined
		}
	}
	length, isSaid := r.saidLength()
	if isSaid && len(r.Body) > length && len(bytes.Trim(r.Body[length:], "\r\n")) == 0 {
		r.Body = r.Body[:length]
	}
}

// joinChunks reads a chunked body (RFC 9112, section 7.1).
func joinChunks(text []byte) ([]byte, bool) {
	var joined []byte
	for {
		line, rest := cutLine(text)
		size, _, _ := strings.Cut(line, ";")
		length, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil || int(length) > len(rest) {
			return nil, false
		}
		if length == 0 {
			return joined, true
		}
		joined, rest = append(joined, rest[:length]...), rest[length:]
		end, after := cutLine(rest)
		if end != "" {
			return nil, false
		}
		text = after
	}
}
