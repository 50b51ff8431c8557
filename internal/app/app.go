// Package app builds the server out of its parts and runs it.
package app

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/egress"
	"github.com/posthorn/posthorn/internal/manage"
	"github.com/posthorn/posthorn/internal/store"
)

// Options are what a server is made of.
type Options struct {
	Config config.Config
	Logger *slog.Logger
	// Version is shown in the API's description and to receivers.
	Version string
	// Observer hears of every attempt besides the log; may be nil.
	Observer deliver.Observer
}

// App is a server that has been built. Call Start, then Stop.
type App struct {
	options  Options
	store    store.Store
	engine   *deliver.Engine
	manager  *manage.Manager
	upkeep   *upkeep
	sender   *egress.Sender
	server   *http.Server
	listener net.Listener
	first    manage.Bootstrapped
	failed   chan error

	running    sync.WaitGroup
	stopEngine context.CancelFunc
	isReady    readiness
}

// New opens the database, takes the port and builds everything; nothing runs
// yet. It returns an error that says what to do when the database or the port
// can't be had.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{options: o, failed: make(chan error, 1)}
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
	a.running.Go(func() { a.engine.Run(engineContext) })
	a.running.Go(func() { a.upkeep.run(engineContext) })
	a.running.Go(a.serve)
	a.isReady.set(true)
	return nil
}

func (a *App) serve() {
	if err := a.server.Serve(a.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		a.failed <- fmt.Errorf("serving: %w", err)
	}
}

// Failed receives the error that ended serving before Stop was called.
func (a *App) Failed() <-chan error { return a.failed }

// Addr is where the API listens: host and port.
func (a *App) Addr() string { return a.listener.Addr().String() }

// First tells what the first start of this database made; its Key is nil when
// the database had been used before.
func (a *App) First() manage.Bootstrapped { return a.first }

// Stop ends the server: it says that it isn't ready, stops claiming and gives
// back what has not been sent; then the API's requests and the deliveries under
// way have the grace period to end, side by side; what has not ended then is cut
// off, and given back uncounted. The database is closed in any case. Stopping
// twice does nothing.
func (a *App) Stop(ctx context.Context) error {
	a.isReady.set(false)
	a.options.Logger.Info("stopping", "grace", a.options.Config.GracePeriod)
	if a.stopEngine != nil {
		a.stopEngine()
	}
	err := a.finishRequests(ctx)
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
	return errors.Join(err, a.close())
}

// finishRequests lets the API's requests end within the grace period, and cuts
// off the rest: their effects are durable or have not happened.
func (a *App) finishRequests(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.options.Config.GracePeriod)
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
	var failures []error
	if a.sender != nil {
		a.sender.Close()
	}
	if a.listener != nil {
		if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			failures = append(failures, fmt.Errorf("closing the port: %w", err))
		}
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			failures = append(failures, fmt.Errorf("closing the database: %w", err))
		}
	}
	return errors.Join(failures...)
}

// shutdownMargin is how long Stop may take beyond the grace period.
const shutdownMargin = 10 * time.Second

// StopTimeout is how long to allow for Stop.
func (a *App) StopTimeout() time.Duration { return a.options.Config.GracePeriod + shutdownMargin }
