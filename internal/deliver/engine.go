// Package deliver is the engine: it takes deliveries that are due, has each one
// rendered and sent, and records what came back. It is fair between webhooks,
// holds a bounded number of deliveries in memory, and knows neither HTTP nor
// SQL.
package deliver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/pace"
	"github.com/posthorn/posthorn/internal/record"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/workers"
)

// Sender sends one request.
type Sender interface {
	// Send sends the request and tells what came back. It never fails: everything
	// is an outcome. A response of any status has posthorn.ReasonSuccess; the
	// engine judges the status by the webhook's format. When ctx ends first, the
	// outcome is posthorn.ReasonInterrupted.
	Send(ctx context.Context, request posthorn.Request) posthorn.Outcome
}

// Directories finds an environment's directory in memory.
type Directories interface {
	// Environment returns the newest known directory, or posthorn.ErrNotFound.
	Environment(ctx context.Context, id posthorn.EnvironmentID) (*snapshot.Environment, error)
	// Forget makes the next Environment call read the directory again.
	Forget(id posthorn.EnvironmentID)
}

// Observer hears of every attempt; it must return quickly.
type Observer interface {
	// Attempted tells of an attempt, what follows from it, and the error of
	// recording it, if any.
	Attempted(job store.Job, attempt posthorn.Attempt, next posthorn.Next, err error)
}

// Options are what an Engine is made of. Fields without a default are needed.
type Options struct {
	Queue       store.Queue
	Directories Directories
	Dialects    *dialects.Library
	Sender      Sender
	Observer    Observer
	Logger      *slog.Logger
	Now         func() time.Time
	Random      posthorn.Randomness
	// Grace is how long requests under way may go on when the engine stops.
	Grace time.Duration
	// MaxSending bounds the requests under way at once. Default 2048.
	MaxSending int
	// MaxHeldJobs and MaxHeldBytes bound the deliveries held in memory, and their
	// data, for a workspace that is alone; all together may hold twice as much (see
	// pace.Room). Defaults 16384 and DefaultMaxHeldBytes.
	MaxHeldJobs  int
	MaxHeldBytes int
	// SweepEvery is how often the database is asked for due deliveries that
	// nobody told the engine about. Default 30 s.
	SweepEvery time.Duration
	// Written is a moment at which an earlier process wrote something, or zero: when the
	// clock is before it, it was put back while none ran.
	Written time.Time
	// MaxWait is how long a delivery may be due without being tried (its webhook
	// is paused) before it expires. Default 30 days.
	MaxWait time.Duration
}

// DefaultMaxHeldBytes is what MaxHeldBytes is when it is left out: 32 MiB.
const DefaultMaxHeldBytes = 32 << 20

func (o Options) withDefaults() Options {
	setDefault(&o.MaxSending, 2048)
	setDefault(&o.MaxHeldJobs, 16384)
	setDefault(&o.MaxHeldBytes, DefaultMaxHeldBytes)
	setDefault(&o.SweepEvery, 30*time.Second)
	setDefault(&o.MaxWait, 30*24*time.Hour)
	return o
}

func setDefault[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

// Engine delivers. Its methods are safe for concurrent use.
type Engine struct {
	Options
	node posthorn.NodeID
	// kick wakes the claiming loop; settled wakes whoever waits for the engine to
	// become empty.
	kick    chan struct{}
	settled chan struct{}
	// rested wakes the loop that gives lanes their turn again.
	rested   chan struct{}
	recorder record.Recorder
	// work is everything that Run waits for.
	work *workers.Workers

	mu sync.Mutex
	// background starts work that Run waits for, with a context that ends when
	// requests under way must be given up; nil until Run.
	background func(work func(ctx context.Context))
	stopping   bool
	lanes      map[posthorn.WebhookID]*lane
	sending    int
	uplink     pace.Uplink
	heldJobs   pace.Room[posthorn.WorkspaceID]
	heldBytes  pace.Room[posthorn.WorkspaceID]
	// turns are the lanes that have something to send; resting are those whose rate
	// allows it only later, and nil while the uplink allows more only later.
	turns   pace.Turns[posthorn.WorkspaceID, *lane]
	resting pace.Timetable[*lane]
	// timetable says when lanes claim; due are those whose time has come, and patient
	// those of them that rest for the sake of others.
	timetable    pace.Timetable[*lane]
	due, patient pace.Turns[posthorn.WorkspaceID, *lane]
	courtesy     pace.Courtesy
}

// New makes an engine that works under a node id of its own.
func New(o Options) *Engine {
	o = o.withDefaults()
	e := &Engine{
		Options:   o,
		node:      posthorn.NewID[posthorn.NodeID](o.Now(), o.Random),
		kick:      make(chan struct{}, 1),
		settled:   make(chan struct{}, 1),
		rested:    make(chan struct{}, 1),
		work:      workers.New(),
		lanes:     map[posthorn.WebhookID]*lane{},
		heldJobs:  pace.NewRoom[posthorn.WorkspaceID](o.MaxHeldJobs),
		heldBytes: pace.NewRoom[posthorn.WorkspaceID](o.MaxHeldBytes),
	}
	e.recorder.Queue, e.recorder.Logger = o.Queue, o.Logger
	return e
}

// NodeID is what the engine's leases are held under.
func (e *Engine) NodeID() posthorn.NodeID { return e.node }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
