package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Document is an object of the API with the text it came as.
type Document struct{ text []byte }

// JSON returns the object byte for byte as the server sent it. The caller must
// not change it.
func (d Document) JSON() []byte { return d.text }

func (d *Document) keep(text []byte) { d.text = text }

// document is what a type that embeds Document gives through its pointer.
type document[T any] interface {
	*T
	keep(text []byte)
}

// envelope is what every good answer is wrapped in.
type envelope struct {
	Success    bool            `json:"success"`
	Data       json.RawMessage `json:"data"`
	Pagination pagination      `json:"pagination"`
	Accepted   int             `json:"accepted"`
	Rejected   int             `json:"rejected"`
}

type pagination struct {
	Limit      int     `json:"limit"`
	HasMore    bool    `json:"hasMore"`
	NextCursor *string `json:"nextCursor"`
}

func openEnvelope(body []byte) (envelope, error) {
	var answer envelope
	if err := json.Unmarshal(body, &answer); err != nil || !answer.Success || answer.Data == nil {
		return envelope{}, unexpected("The answer is not one of Posthorn's.")
	}
	return answer, nil
}

func readOne[T any, P document[T]](text []byte) (T, error) {
	var value T
	if err := json.Unmarshal(text, &value); err != nil {
		var none T
		return none, unexpected(fmt.Sprintf("The answer can't be read: %v.", err))
	}
	P(&value).keep(text)
	return value, nil
}

func readMany[T any, P document[T]](text []byte) ([]T, error) {
	var texts []json.RawMessage
	if err := json.Unmarshal(text, &texts); err != nil {
		return nil, unexpected(fmt.Sprintf("The answer can't be read: %v.", err))
	}
	values := make([]T, 0, len(texts))
	for _, one := range texts {
		value, err := readOne[T, P](one)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

func unexpected(detail string) *Error {
	return &Error{Status: http.StatusOK, Code: CodeUnexpectedAnswer, Detail: detail, Hint: "Check the server's address, and that client and server are of a similar age."}
}

// readProblem makes an Error of an answer that is not 2xx, whoever wrote it.
func readProblem(answer *http.Response, body []byte) *Error {
	var problem Error
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" && problem.Title == "" && problem.Detail == "" {
		problem = Error{
			Code:   CodeUnexpectedAnswer,
			Detail: fmt.Sprintf("The server answered %d %s and not in Posthorn's words.", answer.StatusCode, http.StatusText(answer.StatusCode)),
			Hint:   "Check the server's address: a proxy or another program may have answered.",
		}
		// net/http's servers answer so when TLS was expected.
		if answer.StatusCode == http.StatusBadRequest && bytes.Contains(body, []byte("HTTP request to an HTTPS server")) {
			problem.Detail, problem.Hint = "The server speaks https, not http.", "Write https:// in the server's address."
		}
	}
	problem.Status = answer.StatusCode
	if problem.RequestID == "" {
		problem.RequestID = answer.Header.Get("X-Request-Id")
	}
	problem.RetryAfter = retryAfter(answer.Header.Get("Retry-After"))
	return &problem
}

// retryAfter reads the header's seconds (RFC 9110, section 10.2.3); Posthorn
// never sends the form with a date.
func retryAfter(text string) time.Duration {
	const longest = 24 * 60 * 60
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, longest)) * time.Second
}
