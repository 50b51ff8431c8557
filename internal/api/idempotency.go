package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
)

// replayable is an answer that is kept in another form than it is given.
type replayable interface {
	// forReplay returns the answer without what must not be kept.
	forReplay() any
}

// namesEnvironment is a request that says which environment it means.
type namesEnvironment interface {
	environment() posthorn.EnvironmentID
}

// maxIdempotencyKey is the longest Idempotency-Key, in bytes.
const maxIdempotencyKey = 255

// idempotencyKey reads the header; empty when it is not there.
func (c *call) idempotencyKey() (string, error) {
	given := c.request.Header["Idempotency-Key"]
	if len(given) == 0 || c.request.Method != http.MethodPost {
		return "", nil
	}
	key := given[0]
	unprintable := strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
	if len(given) > 1 || key == "" || len(key) > maxIdempotencyKey || unprintable {
		return "", malformed("", fmt.Sprintf("The Idempotency-Key must be one text of 1 to %d printable ASCII characters.", maxIdempotencyKey), "A random UUID is a good choice.")
	}
	return key, nil
}

// idempotencyScope keeps the keys of different askers, environments and routes
// apart.
func (c *call) idempotencyScope(environment posthorn.EnvironmentID) string {
	owner := "platform"
	if !c.principal.IsPlatform() {
		owner = c.principal.WorkspaceID.String()
	}
	return owner + " " + environment.String() + " " + c.route.pattern()
}

// fingerprint tells the same request from another one.
func (c *call) fingerprint() [sha256.Size]byte {
	hash := sha256.New()
	for _, part := range []string{c.request.Method, c.request.URL.EscapedPath(), c.request.URL.RawQuery} {
		hash.Write([]byte(part))
		hash.Write([]byte{'\n'})
	}
	hash.Write(c.body)
	return [sha256.Size]byte(hash.Sum(nil))
}

// once does what a request asks for, but under an idempotency key only the first
// time: the same request again is given the answer of the first. Only successes
// are kept, so that a request that failed may be tried again.
func (c *call) once(ctx context.Context, in any, do func() (any, error)) (reply, error) {
	given, err := c.idempotencyKey()
	if err != nil {
		return reply{}, err
	}
	if given == "" {
		out, err := do()
		if err != nil {
			return reply{}, err
		}
		return success(c.route.status, out)
	}
	var environment posthorn.EnvironmentID
	if names, does := in.(namesEnvironment); does {
		environment = names.environment()
	}
	key := store.IdempotencyKey{Scope: c.idempotencyScope(environment), Key: given}
	if !c.running.begin(key) {
		return reply{}, stillRunning()
	}
	defer c.running.end(key)
	answer, err := c.Answers.Answer(ctx, key)
	switch {
	case errors.Is(err, posthorn.ErrNotFound):
	case err != nil:
		return reply{}, fmt.Errorf("looking for an earlier answer: %w", err)
	case answer.CreatedAt.After(c.Now().Add(-intake.AnswerLifetime)):
		return c.replay(answer)
	}
	out, err := do()
	if err != nil {
		return reply{}, err
	}
	c.keepAnswer(ctx, key, out)
	return success(c.route.status, out)
}

// replay gives an earlier answer again, if it was to the same request.
func (c *call) replay(answer store.Answer) (reply, error) {
	if answer.Fingerprint != c.fingerprint() {
		return reply{}, &posthorn.Error{
			Code:    posthorn.CodeIdempotencyMismatch,
			Message: "This Idempotency-Key was used with another request.",
			Hint:    "Use a new key for a new request; repeat a key only with exactly the same one.",
		}
	}
	contentType := jsonType
	if answer.StatusCode >= http.StatusBadRequest {
		contentType = problemType
	}
	return reply{status: answer.StatusCode, body: answer.Body, contentType: contentType, replayed: true}, nil
}

// keepAnswer keeps a success. What was done is done: a failure to keep its
// answer is logged, and the answer given all the same.
func (c *call) keepAnswer(ctx context.Context, key store.IdempotencyKey, out any) {
	if other, is := out.(replayable); is {
		out = other.forReplay()
	}
	kept, err := success(c.route.status, out)
	if err == nil {
		err = c.Answers.KeepAnswer(context.WithoutCancel(ctx), key, store.Answer{
			Fingerprint: c.fingerprint(), StatusCode: kept.status, Body: kept.body, CreatedAt: c.Now(),
		})
	}
	if err != nil {
		c.Logger.Error("an answer could not be kept for its idempotency key", "requestId", c.requestID, "route", c.routeName(), "error", err)
	}
}

func stillRunning() error {
	return &posthorn.Error{
		Code:    posthorn.CodeIdempotencyRunning,
		Message: "The first request with this Idempotency-Key has not been answered yet.",
		Hint:    "Send it again in a moment.",
	}
}

// runningKeys are the idempotency keys whose first request is under way. Their
// number is bounded by that of the requests under way.
type runningKeys struct {
	mu   sync.Mutex
	keys map[store.IdempotencyKey]bool
}

func newRunningKeys() *runningKeys {
	return &runningKeys{keys: make(map[store.IdempotencyKey]bool)}
}

func (r *runningKeys) begin(key store.IdempotencyKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[key] {
		return false
	}
	r.keys[key] = true
	return true
}

func (r *runningKeys) end(key store.IdempotencyKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.keys, key)
}
