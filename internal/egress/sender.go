// Package egress sends one HTTP request to an address that nobody trusts and
// says what came of it.
//
// Where a request may go is decided on the very address that is dialled (see
// Policy); what comes back is bounded in time and size, whatever the receiver
// does; and every way to fail has one word, a posthorn.Reason. No other package
// may open connections to receivers.
package egress

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// errDeadline is the cause when the request's own timeout has passed.
var errDeadline = errors.New("the attempt's deadline has passed")

// Sender sends requests. It is safe for concurrent use.
type Sender struct {
	production  *lane
	development *lane
	proxy       *proxyHealth
	settings    posthorn.Egress
	userAgent   string
	now         func() time.Time
	targets     *targets
	buffers     sync.Pool // of *[]byte, to read responses into
	messages    sync.Pool // of *[]byte, to write requests into
}

// New makes a Sender. It returns an error when an option makes no sense.
func New(o Options) (*Sender, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	own, err := spread(o.OwnAddresses)
	if err != nil {
		return nil, err
	}
	health := &proxyHealth{logger: o.Logger, now: o.Now}
	s := &Sender{
		production:  newLane(o.Production, own, o, health),
		development: newLane(o.Development, ownFor(o.Development, own), o, health),
		proxy:       health,
		settings:    o.settings(),
		userAgent:   "Posthorn/" + strings.Trim(o.Version, "()") + " (+https://github.com/posthorn/posthorn)", // a version is a token (RFC 9110, 10.1.5), and (devel) none
		now:         o.Now,
		targets:     &targets{known: map[string]*target{}},
	}
	s.buffers.New = func() any {
		buffer := make([]byte, MaxResponseBody+1)
		return &buffer
	}
	s.messages.New = func() any { return new([]byte) }
	return s, nil
}

// ownFor leaves this program's own addresses open where everything is.
func ownFor(policy Policy, own []netip.AddrPort) []netip.AddrPort {
	if policy == PolicyAny {
		return nil
	}
	return own
}

// Close closes the connections that are kept for later. Requests under way are
// not touched; those belong to the contexts of Send.
func (s *Sender) Close() {
	s.production.closeIdle()
	s.development.closeIdle()
}

// Send makes one attempt: it sends the request and reports what came of it,
// never an error.
//
// The reason posthorn.ReasonSuccess here means only that a response arrived,
// with any status from 200 to 599 in StatusCode: which of them count as success
// is a rule of the format, so that the caller judges the status. Every other
// reason means that no proper response arrived. Redirects are never followed.
//
// The request's timeout covers everything up to the end of the response's
// headers; there the outcome is fixed. The beginning of the body is then read
// for at most two seconds more, so that Send may take the timeout and two
// seconds. When ctx ends before the headers have arrived
// the reason is posthorn.ReasonInterrupted. The request's Body may be read
// until a little after Send has returned, so it must not be changed.
//
// A reused connection that dies before the first byte of a response usually was
// closed by the receiver while it was idle. Then the request is sent once more
// on a new connection, within the same attempt and timeout. The receiver may
// have read the first one: at least once is what is promised, and both carry
// the same id.
func (s *Sender) Send(ctx context.Context, r posthorn.Request) posthorn.Outcome {
	p := &progress{started: s.now(), now: s.now}
	p.deadline = p.started.Add(posthorn.DefaultTimeout)
	if r.Timeout > 0 {
		p.deadline = p.started.Add(r.Timeout)
	}
	target, err := s.targets.of(r.URL)
	if err != nil {
		return s.failed(ctx, err, p)
	}
	lane := s.lane(r.EnvironmentKind)
	if !lane.direct.takes(r, target) {
		return s.sendWatched(ctx, r, p, func(ctx context.Context) (reply, error) { return s.roundTrip(ctx, lane, r, p) })
	}
	return s.sendDirectly(ctx, lane, r, target, p)
}

// sendDirectly tries a connection that is kept and free, whose own deadline
// suffices: the contexts, hooks and timer of all else cost 860 bytes and 14 allocations.
func (s *Sender) sendDirectly(ctx context.Context, lane *lane, r posthorn.Request, target *target, p *progress) posthorn.Outcome {
	buffer := s.messages.Get().(*[]byte)
	defer s.messages.Put(buffer)
	message, err := s.appendMessage((*buffer)[:0], r, target)
	if err != nil {
		return s.failed(ctx, err, p)
	}
	*buffer = message
	answered, err := lane.direct.exchangeKept(ctx, target, message, p)
	switch {
	case err == nil:
		return s.receive(answered, r, p)
	case !errors.Is(err, errNoneKept):
		return s.failed(ctx, err, p)
	}
	return s.sendWatched(ctx, r, p, func(ctx context.Context) (reply, error) {
		answered, err := lane.direct.exchange(ctx, target, message, p)
		if errors.Is(err, errSpeaksHTTP2) {
			return s.roundTrip(ctx, lane, r, p)
		}
		return answered, err
	})
}

// sendWatched sends by exchange, which returns the answer when its headers have
// arrived, in a context that ends with the request's timeout.
func (s *Sender) sendWatched(ctx context.Context, r posthorn.Request, p *progress, exchange func(context.Context) (reply, error)) posthorn.Outcome {
	attempt, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deadline := time.AfterFunc(p.deadline.Sub(s.now()), func() { cancel(errDeadline) })
	defer deadline.Stop()
	answered, err := exchange(p.watch(attempt))
	if err != nil {
		return s.failed(attempt, err, p)
	}
	deadline.Reset(bodyTimeout)
	return s.receive(answered, r, p)
}

// failed is the outcome of an attempt that got no answer.
func (s *Sender) failed(attempt context.Context, failure error, p *progress) posthorn.Outcome {
	outcome := s.explain(attempt, failure, p)
	p.abandon()
	outcome.ConnectionReused, outcome.Timings = p.reused.Load(), p.timings()
	return outcome
}

// roundTrip has net/http send the request, once more if a kept connection turns out
// dead.
func (s *Sender) roundTrip(ctx context.Context, lane *lane, r posthorn.Request, p *progress) (reply, error) {
	if p.sent.Load() > 0 { // directly, on a kept connection that turned out dead
		return s.roundTripOver(ctx, lane.fresh, r, p)
	}
	answered, err := s.roundTripOver(ctx, lane.pooled, r, p)
	if err == nil || ctx.Err() != nil || !p.reused.Load() || p.answered() || refusedByPeer(err) || p.sentEnough() {
		return answered, err
	}
	p.phase.Store(int32(phaseWaiting))
	return s.roundTripOver(ctx, lane.fresh, r, p)
}

func (s *Sender) roundTripOver(ctx context.Context, transport *http.Transport, r posthorn.Request, p *progress) (reply, error) {
	request, err := s.build(ctx, r, p)
	if err != nil {
		return reply{}, err
	}
	response, err := transport.RoundTrip(request) //nolint:bodyclose // receive does
	return reply{response: response}, err
}

// lane is the strict one for a kind that is not known.
func (s *Sender) lane(kind posthorn.EnvironmentKind) *lane {
	if kind == posthorn.Development {
		return s.development
	}
	return s.production
}
