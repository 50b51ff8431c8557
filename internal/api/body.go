package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/posthorn/posthorn"
)

// readBody reads a route's body, never more of it than is allowed and never more
// of all bodies together than there is memory set aside.
func (c *call) readBody() error {
	if c.route.input == nil {
		return nil
	}
	length := c.request.ContentLength
	if length > c.MaxBody {
		c.writer.Header()["Connection"] = []string{"close"}
		return tooLarge(c.MaxBody)
	}
	if length != 0 {
		if err := c.checkContentType(); err != nil {
			return err
		}
	}
	if err := c.reserve(length); err != nil {
		return err
	}
	body, err := c.receive(length)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		if !c.route.bodyOptional {
			return malformed("", "The request has no body.", "Send a JSON value with Content-Type: application/json.")
		}
		body = []byte("{}")
	}
	c.body = body
	return nil
}

// receive reads a body, and waits for it outside: whoever sends slowly takes no place
// from those whose requests are there.
func (c *call) receive(length int64) ([]byte, error) {
	hadCome := c.hasCome
	c.goOut()
	body, err := c.readAll(length)
	if err != nil {
		return nil, c.explainRead(err)
	}
	if hadCome {
		err = c.come()
	}
	return body, err
}

func (c *call) readAll(length int64) ([]byte, error) {
	if length < 0 {
		return io.ReadAll(http.MaxBytesReader(c.writer, c.request.Body, c.MaxBody))
	}
	body := make([]byte, length)
	_, err := io.ReadFull(c.request.Body, body)
	return body, err
}

// reserve takes room for a body of the given length, or of the greatest length
// when it is unknown.
func (c *call) reserve(length int64) error {
	if length < 0 {
		length = c.MaxBody
	}
	if err := c.bodyShares.take(c.owner(), length); err != nil {
		return err
	}
	c.reserved = length
	return nil
}

// release gives the room back, once.
func (c *call) release() {
	c.bodyShares.give(c.owner(), c.reserved)
	c.reserved = 0
}

func (c *call) explainRead(err error) error {
	var over *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &over):
		return tooLarge(c.MaxBody)
	case errors.As(err, &network) && network.Timeout():
		return requestTimeout()
	default:
		return malformed("", "The body ended early.", "Send as many bytes as Content-Length says.")
	}
}

func tooLarge(limit int64) error {
	return &posthorn.Error{
		Code:    posthorn.CodeTooLarge,
		Message: fmt.Sprintf("The body is larger than %d bytes.", limit),
		Hint:    "Send less at once; put large things somewhere else and send a link.",
	}
}

func malformed(pointer, message, hint string) *posthorn.Error {
	return &posthorn.Error{Code: posthorn.CodeMalformed, Pointer: pointer, Message: message, Hint: hint}
}

const (
	linesType = "application/x-ndjson"
	yamlType  = "application/yaml" // RFC 9512
)

// isYAML also knows the names that were in use before there was one.
func isYAML(mediaType string) bool {
	return mediaType == yamlType || mediaType == "application/x-yaml" || mediaType == "text/yaml" || mediaType == "text/x-yaml"
}

func (c *call) checkContentType() error {
	if encoding := c.request.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return unsupportedMedia("The body is encoded with "+clip(encoding)+".", "Send it without Content-Encoding.")
	}
	given := c.request.Header["Content-Type"]
	if len(given) == 1 && given[0] == jsonType {
		return nil
	}
	wanted := jsonType
	if c.route.inputList {
		wanted += " or " + linesType
	}
	if c.route.takesYAML {
		wanted += " or " + yamlType
	}
	if len(given) != 1 {
		return unsupportedMedia("The request has no Content-Type.", "Send Content-Type: "+wanted+".")
	}
	mediaType, parameters, err := mime.ParseMediaType(given[0])
	charset := parameters["charset"]
	isUTF8 := charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
	if err == nil && isUTF8 && (mediaType == jsonType || c.route.inputList && mediaType == linesType || c.route.takesYAML && isYAML(mediaType)) {
		return nil
	}
	return unsupportedMedia("The Content-Type "+clip(given[0])+" can't be read here.", "Send Content-Type: "+wanted+".")
}

// isLines reports whether the body is one JSON value a line.
func (c *call) isLines() bool {
	return strings.HasPrefix(strings.ToLower(c.request.Header.Get("Content-Type")), linesType)
}

// clip shortens what a user gave for use in a message.
func clip(text string) string {
	const shown = 100
	if len(text) > shown {
		text = text[:shown] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
