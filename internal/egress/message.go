package egress

import (
	"strconv"
	"strings"

	"github.com/posthorn/posthorn"
)

// Message returns a request as it is written to a receiver that speaks HTTP/1.1. It
// returns an error if it can't be sent as it is.
func (s *Sender) Message(r posthorn.Request) ([]byte, error) {
	target, err := s.targets.of(r.URL)
	if err != nil {
		return nil, err
	}
	return s.appendMessage(nil, r, target)
}

// appendMessage writes a request as HTTP/1.1 has it (RFC 9112, section 2.1).
func (s *Sender) appendMessage(message []byte, r posthorn.Request, target *target) ([]byte, error) {
	message = append(message, target.head...)
	message = strconv.AppendInt(message, int64(len(r.Body)), 10)
	message = append(message, "\r\nAccept-Encoding: identity\r\n"...)
	hasUserAgent := false
	for _, header := range r.Headers {
		if err := checkHeader(header); err != nil {
			return nil, err
		}
		hasUserAgent = hasUserAgent || strings.EqualFold(header.Name, "User-Agent")
		message = appendHeader(message, header.Name, header.Value)
	}
	if !hasUserAgent {
		message = appendHeader(message, "User-Agent", s.userAgent)
	}
	message = append(message, "\r\n"...)
	return append(message, r.Body...), nil
}

func appendHeader(message []byte, name, value string) []byte {
	message = appendName(message, name)
	message = append(message, ": "...)
	message = append(message, strings.Trim(value, " \t")...)
	return append(message, "\r\n"...)
}

// appendName writes the name of a header, which is a token, in the canonical form of net/http.
func appendName(message []byte, name string) []byte {
	isFirst := true
	for _, c := range []byte(name) {
		switch {
		case isFirst && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case !isFirst && 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		message = append(message, c)
		isFirst = c == '-'
	}
	return message
}
