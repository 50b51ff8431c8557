package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/manage"
	"github.com/posthorn/posthorn/internal/store"
)

// Publisher accepts events; *intake.Intake is one.
type Publisher interface {
	// Welcome returns why a workspace can't publish now, or nil.
	Welcome(workspace posthorn.WorkspaceID) error
	Publish(ctx context.Context, p intake.Publication) (intake.Receipt, error)
}

// Answers keeps answers under idempotency keys; a store.Store is one.
type Answers interface {
	Answer(ctx context.Context, key store.IdempotencyKey) (store.Answer, error)
	KeepAnswer(ctx context.Context, key store.IdempotencyKey, answer store.Answer) error
}

// Options is what a Server is made of. All fields are needed unless said
// otherwise.
type Options struct {
	Manager   *manage.Manager
	Publisher Publisher
	Answers   Answers
	// Ready reports why the server can't work now, or nil.
	Ready  func(ctx context.Context) error
	Logger *slog.Logger
	Now    func() time.Time
	Random posthorn.Randomness
	// CursorKey signs the cursors of lists. Nodes that serve the same clients share
	// it; at least 16 bytes.
	CursorKey []byte
	// Hosts are the names by which the server may be asked, besides localhost and
	// addresses; empty for any.
	Hosts []string
	// MaxBody is the largest request body in bytes; DefaultMaxBody when zero.
	MaxBody int64
	// MaxBodyMemory bounds the bodies of all requests under way, in bytes;
	// DefaultMaxBodyMemory when zero.
	MaxBodyMemory int64
	// Admission bounds what one workspace may ask for at once; nil for no bounds.
	Admission *intake.Admission
	// Version is shown in the OpenAPI document; may be empty.
	Version string
}

// Defaults of Options, in bytes.
const (
	DefaultMaxBody       = 1 << 20
	DefaultMaxBodyMemory = 128 << 20
)

// Server serves the API. It is an http.Handler.
type Server struct {
	Options
	mux        *http.ServeMux
	table      []route
	publishing map[string]http.Handler
	// always is part of every answer.
	always  []field
	keys    *keyCache
	guesses *guesses
	// strangers holds a place for each look-up of a key that wasn't good before.
	strangers  chan struct{}
	running    *runningKeys
	bodyShares *bodyShares
	openAPI    []byte
	docsPage   []byte
}

// New makes a Server. It returns an error if an option is missing or the table
// of routes can't be described.
func New(o Options) (*Server, error) {
	const minCursorKey = 16
	if o.Manager == nil || o.Publisher == nil || o.Answers == nil || o.Ready == nil || o.Logger == nil || o.Now == nil || o.Random == nil {
		return nil, errors.New("api: an option is missing")
	}
	if len(o.CursorKey) < minCursorKey {
		return nil, errors.New("api: the cursor key is too short")
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxBodyMemory == 0 {
		o.MaxBodyMemory = max(DefaultMaxBodyMemory, o.MaxBody)
	}
	if o.Admission == nil {
		o.Admission = intake.NewAdmission(posthorn.Limits{}, o.Now)
	}
	s := &Server{Options: o, mux: http.NewServeMux(), publishing: map[string]http.Handler{}, always: everyAnswer(), keys: newKeyCache(o.Now), guesses: newGuesses(o.Now, o.Logger), strangers: make(chan struct{}, maxStrangers), running: newRunningKeys(), bodyShares: newBodyShares(o.MaxBodyMemory, o.MaxBody)}
	s.table = s.routes()
	if err := s.describe(); err != nil {
		return nil, err
	}
	for i := range s.table {
		handle := s.serve(&s.table[i])
		s.mux.HandleFunc(s.table[i].pattern(), handle)
		if s.table[i].publishes {
			s.publishing[s.table[i].path] = handle
		}
	}
	s.mux.HandleFunc("/", s.serveUnknown)
	return s, nil
}

// ServeHTTP answers one request. What must hold for all of them belongs into serve:
// the handlers of Publishing are not asked through here.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Publishing returns the handlers of the routes that take events, by the path of
// their POST: for a server that finds them without asking a mux. ServeHTTP answers
// for them, too.
func (s *Server) Publishing() map[string]http.Handler { return s.publishing }

// serve wraps a route with what all routes share.
func (s *Server) serve(rt *route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Server: s, route: rt, writer: w, request: r, requestID: s.newRequestID()}
		defer c.recover()
		c.setHeaders()
		reply, err := c.answer()
		if err != nil {
			c.hold(err)
			c.fail(err)
			return
		}
		c.write(reply)
	}
}

// answer runs the call while it counts as being in progress.
func (c *call) answer() (reply, error) {
	if !c.route.open {
		if err := c.come(); err != nil {
			return reply{}, err
		}
		defer c.goOut()
	}
	defer c.leave()
	answer, err := c.run()
	c.release()
	c.showQuota()
	return answer, err
}

func (s *Server) newRequestID() string {
	const hexadecimal, length = 16, 20
	id := append(make([]byte, 0, length), "req_"...)
	return string(strconv.AppendUint(id, s.Random()|1<<63, hexadecimal))
}

// serveUnknown answers for paths and methods that are in no route.
func (s *Server) serveUnknown(w http.ResponseWriter, r *http.Request) {
	c := &call{Server: s, writer: w, request: r, requestID: s.newRequestID()}
	c.setHeaders()
	allowed := s.allowedMethods(r.URL.Path)
	if len(allowed) == 0 {
		c.fail(&posthorn.Error{Code: posthorn.CodeNotFound, Message: "There is no such route.", Hint: "All routes are listed at /docs and /openapi.json."})
		return
	}
	w.Header()["Allow"] = allowed
	c.fail(methodNotAllowed(r.Method, allowed))
}

// call is one request on its way through a route.
type call struct {
	*Server
	route     *route
	writer    http.ResponseWriter
	request   *http.Request
	requestID string
	principal manage.Principal
	query     map[string]string
	body      []byte
	// reserved is what the body takes of the memory for bodies.
	reserved int64
	// workspace is whose share the request takes; pass is nil while it takes none.
	workspace posthorn.WorkspaceID
	pass      *intake.Pass
	// isPlatform reports that it takes a platform key's share.
	isPlatform bool
	// hasCome reports that it has one of the places that all requests share.
	hasCome bool
}

// reply is an answer that is ready to be written.
type reply struct {
	status int
	body   []byte
	// contentType is empty for JSON.
	contentType string
	replayed    bool
}

func (c *call) run() (reply, error) {
	if err := c.checkHost(); err != nil {
		return reply{}, err
	}
	if !c.route.open {
		if err := c.authenticate(); err != nil {
			return reply{}, err
		}
		if err := c.checkAccept(); err != nil {
			return reply{}, err
		}
		if err := c.enterOwn(); err != nil {
			return reply{}, err
		}
	}
	if err := c.readQuery(); err != nil {
		return reply{}, err
	}
	if err := c.readBody(); err != nil {
		return reply{}, err
	}
	return c.route.handle(c.request.Context(), c)
}

// everyAnswer is what every answer carries, unless it says otherwise: browsers must neither guess its type nor
// keep it, nor show it within a page of somebody else.
func everyAnswer() []field {
	return []field{
		{"Content-Type", []string{jsonType}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Cache-Control", []string{"no-store"}},
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
	}
}

// field is a field of a header. Its values are not changed.
type field struct {
	name   string
	values []string
}

func (c *call) setHeaders() {
	h := c.writer.Header()
	for _, f := range c.always {
		h[f.name] = f.values
	}
	h["X-Request-Id"] = []string{c.requestID}
}

const jsonType = "application/json"

func (c *call) write(r reply) {
	h := c.writer.Header()
	if r.contentType != "" {
		h["Content-Type"] = []string{r.contentType}
	}
	if r.replayed {
		h["Idempotent-Replayed"] = []string{"true"}
	}
	c.writer.WriteHeader(r.status)
	if _, err := c.writer.Write(r.body); err != nil {
		c.Logger.Debug("the client left before its answer", "requestId", c.requestID, "error", err)
	}
}

// room is where the body of the answer may be written before it is given to write: what
// the writer itself has for it, if it has some.
func (c *call) room() []byte {
	if w, has := c.writer.(interface{ AvailableBuffer() []byte }); has {
		return w.AvailableBuffer()
	}
	return make([]byte, 0, usualAnswer)
}

// usualAnswer is how long most answers are at most, in bytes.
const usualAnswer = 256

// recover turns a panic into a 500, so that one request's mistake is not
// everybody's.
func (c *call) recover() {
	cause := recover()
	if cause == nil {
		return
	}
	c.release()
	if err, isError := cause.(error); isError && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	c.Logger.Error("a request panicked", "requestId", c.requestID, "route", c.routeName(), "panic", cause, "stack", string(debug.Stack()))
	c.writeProblem(internalProblem(), "")
}

func (c *call) routeName() string {
	if c.route == nil {
		return ""
	}
	return c.route.pattern()
}
