// Package app builds the server out of its parts and runs it.
package app

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/door"
	"github.com/posthorn/posthorn/internal/egress"
	"github.com/posthorn/posthorn/internal/manage"
	"github.com/posthorn/posthorn/internal/replay"
	"github.com/posthorn/posthorn/internal/starved"
	"github.com/posthorn/posthorn/internal/store"
)

// Options are what a server is made of.
type Options struct {
	Config config.Config
	Logger *slog.Logger
	// Version is shown in the API's description and to receivers.
	Version string
	// RootCAs are the authorities that receivers' certificates are checked against;
	// nil means the system's. No setting gives others: the benchmark does.
	RootCAs *x509.CertPool
	// Observer hears of every attempt besides the log; may be nil.
	Observer deliver.Observer
}

// App is a server that has been built. Call Start, then Stop.
type App struct {
	options  Options
	store    store.Store
	engine   *deliver.Engine
	manager  *manage.Manager
	replays  *replay.Runner
	upkeep   *upkeep
	log      *logWatch
	sender   *egress.Sender
	meter    *starved.Meter
	server   *door.Server
	listener *door.Limited
	profiles *profiles
	first    manage.Bootstrapped
	failed   chan error
	// broken receives an error when the database has failed for good.
	broken   <-chan error
	isBroken atomic.Bool

	running    sync.WaitGroup
	stopEngine context.CancelFunc
	isReady    readiness
}

// New opens the database, takes the port and builds everything; nothing runs
// yet. It returns an error that says what to do when the database or the port
// can't be had.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{options: o, failed: make(chan error, 1), isReady: newReadiness(time.Now)}
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// random is a posthorn.Randomness that nobody can guess.
func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return binary.LittleEndian.Uint64(b[:])
}

// Start takes over what an earlier process left, starts delivering, and answers
// requests. It returns when the server is ready.
func (a *App) Start(ctx context.Context) error {
	if err := a.engine.Join(ctx); err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	// The engine outlives the caller's context: Stop ends it in the right order.
	engineContext, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stopEngine = stop
	if a.options.Config.PauseDeliveries {
		a.sayPaused(ctx)
	} else {
		a.running.Go(func() { a.engine.Run(engineContext) })
		a.running.Go(func() { a.replays.Run(engineContext) })
	}
	a.running.Go(func() { a.upkeep.run(engineContext) })
	a.running.Go(func() { a.log.run(engineContext) })
	a.running.Go(func() { a.meter.Run(engineContext) })
	a.running.Go(a.serve)
	a.profiles.serve()
	a.running.Go(func() { a.watchStorage(engineContext) })
	collecting := newCollector()
	collecting.settle()
	a.running.Go(func() { collecting.run(engineContext) })
	a.isReady.set(true)
	return nil
}

func (a *App) serve() {
	if err := a.server.Serve(a.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		a.fail(fmt.Errorf("serving: %w", err))
	}
}

// sayPaused tells that an engine that doesn't run accepts events as pending, and
// how many deliveries wait for a start with another setting.
func (a *App) sayPaused(ctx context.Context) {
	books, err := a.store.Conservation(ctx)
	if err != nil {
		a.options.Logger.Warn("deliveries are paused: nothing is sent until a start without pause-deliveries", "error", err)
		return
	}
	a.options.Logger.Warn("deliveries are paused: nothing is sent until a start without pause-deliveries", "pending", books.Pending)
}

// fail tells of an error that ends the server; the first one is enough.
func (a *App) fail(err error) {
	select {
	case a.failed <- err:
	default:
	}
}

// watchStorage makes a failed database the end of the server: only a new process
// reads again what the disk really holds.
func (a *App) watchStorage(ctx context.Context) {
	select {
	case err := <-a.broken:
		a.fail(a.storageFailed(err))
	case <-ctx.Done():
	}
}

func (a *App) storageFailed(err error) error {
	a.isBroken.Store(true)
	a.isReady.set(false)
	a.options.Logger.Error("the server ends because its storage failed", "error", err)
	return err
}

// Failed receives the error after which the server must be stopped: serving has
// ended, or the database has failed.
func (a *App) Failed() <-chan error { return a.failed }

// Addr is where the API listens: host and port.
func (a *App) Addr() string { return a.listener.Addr().String() }

// First tells what the first start of this database made; its Key is nil when
// the database had been used before.
func (a *App) First() manage.Bootstrapped { return a.first }

// Stop ends the server: it says that it isn't ready, stops claiming and gives
// back what has not been sent. For the drain delay it goes on answering, so that
// whoever spreads requests can notice. Then the API's requests have the grace
// period to end, as have the deliveries under way from the beginning; what has
// not ended then is cut off, and given back uncounted. The database is closed in any case. Stopping
// twice does nothing.
//
// When the database has failed nothing can be given back or recorded any more:
// then Stop takes a moment alone, and the next start takes over what was under
// way.
func (a *App) Stop(ctx context.Context) error {
	wasReady := a.isReady.value.Swap(false)
	grace := a.options.Config.GracePeriod
	if a.isBroken.Load() {
		const moment = time.Second
		grace = min(grace, moment)
	}
	a.options.Logger.Info("stopping", "drainDelay", a.options.Config.DrainDelay, "grace", grace)
	if a.stopEngine != nil {
		a.stopEngine()
	}
	var err error
	if wasReady {
		err = a.drain(ctx)
	}
	err = errors.Join(err, a.finishRequests(ctx, grace))
	if a.isBroken.Load() {
		return errors.Join(err, a.close())
	}
	done := make(chan struct{})
	go func() {
		a.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("stopping: %w", ctx.Err()))
	}
	select {
	case failure := <-a.broken:
		err = errors.Join(err, a.storageFailed(failure))
	default:
	}
	return errors.Join(err, a.close())
}

// drain goes on answering for the drain delay. It returns the error of a database
// that fails meanwhile.
func (a *App) drain(ctx context.Context) error {
	timer := time.NewTimer(a.options.Config.DrainDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case err := <-a.broken:
		return a.storageFailed(err)
	case <-ctx.Done():
	}
	return nil
}

// finishRequests lets the API's requests end within the grace period, and cuts
// off the rest: their effects are durable or have not happened.
func (a *App) finishRequests(ctx context.Context, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := a.server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	a.options.Logger.Warn("requests were cut off at the end of the grace period", "error", err)
	if err := a.server.Close(); err != nil {
		return fmt.Errorf("closing the API: %w", err)
	}
	return nil
}

func (a *App) close() error {
	failures := []error{a.profiles.close()}
	if a.sender != nil {
		a.sender.Close()
	}
	if a.listener != nil {
		if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			failures = append(failures, fmt.Errorf("closing the port: %w", err))
		}
		a.listener.Wait()
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			failures = append(failures, fmt.Errorf("closing the database: %w", err))
		}
	}
	return errors.Join(failures...)
}

// shutdownMargin is how long Stop may take beyond the drain delay and the grace
// period.
const shutdownMargin = 10 * time.Second

// StopTimeout is how long to allow for Stop.
func (a *App) StopTimeout() time.Duration {
	return a.options.Config.DrainDelay + a.options.Config.GracePeriod + shutdownMargin
}
