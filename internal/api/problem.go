package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/posthorn/posthorn"
)

// problem is an answer that tells of a mistake: problem details (RFC 9457) with
// this API's own members.
type problem struct {
	Success   bool           `json:"success"`
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Code      string         `json:"code"`
	Hint      string         `json:"hint"`
	RequestID string         `json:"requestId"`
	Errors    []problemPlace `json:"errors"`
}

// problemPlace is one of the mistakes and where it stands in the body.
type problemPlace struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
	Hint    string `json:"hint"`
}

// httpError is a mistake that only HTTP knows of.
type httpError struct {
	status        int
	code          string
	message, hint string
}

func (e *httpError) Error() string { return e.message }

func unsupportedMedia(message, hint string) error {
	return &httpError{http.StatusUnsupportedMediaType, "unsupported_media_type", message, hint}
}

func requestTimeout() error {
	return &httpError{http.StatusRequestTimeout, "request_timeout", "The body took too long to arrive.", "Send it again."}
}

func notAcceptable(accepted string) error {
	return &httpError{http.StatusNotAcceptable, "not_acceptable", "This API answers in JSON, which the request doesn't accept: " + clip(accepted) + ".", "Send Accept: application/json, or leave it out."}
}

func methodNotAllowed(method string, allowed []string) error {
	return &httpError{http.StatusMethodNotAllowed, "method_not_allowed", "This route doesn't know the method " + clip(method) + ".", "It knows " + strings.Join(allowed, ", ") + "."}
}

// statusOf is the one table of codes and statuses.
func statusOf(code posthorn.Code) int {
	switch code {
	case posthorn.CodeMalformed:
		return http.StatusBadRequest
	case posthorn.CodeInvalid, posthorn.CodeIdempotencyMismatch:
		return http.StatusUnprocessableEntity
	case posthorn.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case posthorn.CodeUnauthenticated:
		return http.StatusUnauthorized
	case posthorn.CodeForbidden:
		return http.StatusForbidden
	case posthorn.CodeNotFound:
		return http.StatusNotFound
	case posthorn.CodeConflict, posthorn.CodeLimitReached, posthorn.CodeIdempotencyRunning:
		return http.StatusConflict
	case posthorn.CodeRateLimited:
		return http.StatusTooManyRequests
	case posthorn.CodeBusy, posthorn.CodeUnavailable:
		return http.StatusServiceUnavailable
	case posthorn.CodeStorageFull:
		return http.StatusInsufficientStorage
	default:
		return http.StatusInternalServerError
	}
}

// fail answers with an error; what isn't meant for users is logged and told as a
// 500 without details.
func (c *call) fail(err error) {
	p, known := problemOf(err)
	switch {
	case !known:
		c.Logger.Error("a request failed", "requestId", c.requestID, "route", c.routeName(), "error", err)
	case isForOperator(err):
		c.Logger.Warn("a request was refused", "requestId", c.requestID, "route", c.routeName(), "error", err)
	}
	c.writeProblem(p, retryAfter(err))
}

// isForOperator reports whether an error that users may know of has a cause that
// whoever runs the server should see.
func isForOperator(err error) bool {
	return errors.Is(err, &posthorn.Error{Code: posthorn.CodeStorageFull}) || errors.Is(err, &posthorn.Error{Code: posthorn.CodeUnavailable})
}

// problemOf turns an error into a problem, and reports whether it is one that
// users may know of; it is not when it is our fault.
func problemOf(err error) (problem, bool) {
	var forUser *posthorn.Error
	var ofHTTP *httpError
	switch {
	case errors.As(err, &forUser):
		return newProblem(statusOf(forUser.Code), string(forUser.Code), forUser), true
	case errors.As(err, &ofHTTP):
		return newProblem(ofHTTP.status, ofHTTP.code, &posthorn.Error{Message: ofHTTP.message, Hint: ofHTTP.hint}), true
	case isInterrupted(err):
		return newProblem(http.StatusServiceUnavailable, string(posthorn.CodeUnavailable), &posthorn.Error{Message: "The request was interrupted before its end.", Hint: "Send the same request again in a moment."}), true
	default:
		return internalProblem(), false
	}
}

func newProblem(status int, code string, e *posthorn.Error) problem {
	p := problem{
		Type: "urn:posthorn:error:" + code, Title: titleOf(code), Status: status,
		Detail: e.Message, Code: code, Hint: e.Hint, Errors: []problemPlace{},
	}
	for _, place := range append([]*posthorn.Error{e}, e.Others...) {
		if place.Pointer != "" {
			p.Errors = append(p.Errors, problemPlace{Pointer: place.Pointer, Detail: place.Message, Hint: place.Hint})
		}
	}
	return p
}

// Overloaded returns the problem (RFC 9457) that whoever comes is told for whom there is
// no place, before anything of it is known.
func Overloaded() ([]byte, error) {
	return marshal(newProblem(http.StatusServiceUnavailable, string(posthorn.CodeBusy), posthorn.ErrBusy))
}

// titleOf makes a title of a code: "not_found" becomes "Not found".
func titleOf(code string) string {
	words := strings.ReplaceAll(code, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

func internalProblem() problem {
	return newProblem(http.StatusInternalServerError, "internal", &posthorn.Error{
		Message: "Internal error: this is our mistake, not yours.",
		Hint:    "Try again; if it stays, give the requestId to whoever runs this server.",
	})
}

// retryAfter says in seconds when the same request may succeed; empty when time
// alone doesn't help.
func retryAfter(err error) string {
	var told *posthorn.Error
	if errors.As(err, &told) && told.RetryAfter > 0 {
		return strconv.FormatInt(wholeSeconds(told.RetryAfter), 10)
	}
	busy := errors.Is(err, posthorn.ErrBusy)
	running := errors.Is(err, &posthorn.Error{Code: posthorn.CodeIdempotencyRunning})
	unavailable := errors.Is(err, &posthorn.Error{Code: posthorn.CodeUnavailable}) || isInterrupted(err)
	if busy || running || unavailable {
		return "1"
	}
	return ""
}

// isInterrupted reports that the client left, or that the database took too long.
func isInterrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

const problemType = "application/problem+json"

func (c *call) writeProblem(p problem, retryAfter string) {
	p.RequestID = c.requestID
	body, err := marshal(p)
	if err != nil {
		c.Logger.Error("a problem can't be written", "requestId", c.requestID, "error", fmt.Errorf("encoding: %w", err))
		body = []byte(`{"success":false,"status":500}`)
	}
	h := c.writer.Header()
	if retryAfter != "" {
		h["Retry-After"] = []string{retryAfter}
	}
	if p.Status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{`Bearer realm="posthorn"`}
	}
	c.write(reply{status: p.Status, body: body, contentType: problemType})
}
