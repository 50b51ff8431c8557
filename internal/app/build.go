package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/api"
	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/door"
	"github.com/posthorn/posthorn/internal/egress"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/manage"
	"github.com/posthorn/posthorn/internal/replay"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/starved"
	"github.com/posthorn/posthorn/internal/store/sqlite"
	"github.com/posthorn/posthorn/internal/telemetry"
	"github.com/posthorn/posthorn/internal/wire"
)

func (a *App) build(ctx context.Context) error {
	c := a.options.Config
	var err error
	if a.listener, err = listen(ctx, c.Listen, c.MaxConnections); err != nil {
		return err
	}
	if a.profiles, err = newProfiles(ctx, c.ProfileListen); err != nil {
		return err
	}
	opened, err := sqlite.Open(ctx, c.SQLitePath())
	if err != nil {
		return err
	}
	a.store, a.broken = opened, opened.Broken()
	a.log = &logWatch{length: func() int64 { return lengthOf(c.SQLitePath() + "-wal") }, logger: a.options.Logger}
	if torn := opened.TornTail(); torn > 0 {
		a.options.Logger.Warn("the end of the database's log was not valid and is left out: the process or the machine ended while it was written", "bytes", torn)
	}
	formats, err := wire.BuiltIn()
	if err != nil {
		return fmt.Errorf("reading the built-in formats: %w", err)
	}
	builtIn, err := wire.NewSet(formats)
	if err != nil {
		return fmt.Errorf("reading the built-in formats: %w", err)
	}
	sender, err := a.newSender()
	if err != nil {
		return err
	}
	a.sender, a.meter = sender, starved.NewMeter(time.Now)
	directories, library := snapshot.NewCache(a.store), dialects.New(builtIn, a.store)
	memory := sharesOf(obeyMemoryLimit(os.Getenv("GOMEMLIMIT"), groupMemory), c.MaxBodyBytes)
	written, err := lastWritten(ctx, a.store)
	if err != nil {
		return err
	}
	a.engine = deliver.New(deliver.Options{
		Queue: a.store, Directories: directories, Dialects: library, Sender: starved.Sender{Sender: sender, Late: a.meter.Late, Now: time.Now},
		Observer: a.observer(), Logger: a.options.Logger, Now: time.Now, Random: random,
		Grace: c.GracePeriod, MaxSending: c.Concurrency, MaxHeldBytes: int(memory.held), Written: written,
	})
	a.replays = replay.New(replay.Options{Queue: a.store, Logger: a.options.Logger, Now: time.Now, Due: a.engine.Wake, Publishing: a.engine.Publishing})
	a.manager = manage.New(manage.Options{
		Store: a.store, Formats: library, Sender: sender, Notifier: notifier{directories, a.engine, a.replays},
		CheckURL: sender.CheckURL, Egress: a.egress, Message: sender.Message, Now: time.Now, Random: random, DefaultKind: c.Environment, Origin: c.HandshakeOrigin, KeyOverlap: c.SigningKeyOverlap, Limits: c.Limits,
	})
	a.upkeep = &upkeep{store: a.store, logger: a.options.Logger, now: time.Now}
	accepting := intake.New(intake.Options{Store: a.store, Directories: directories, Dispatcher: a.engine, Now: time.Now, Random: random})
	if err := a.bootstrap(ctx); err != nil {
		return err
	}
	return a.buildServer(accepting, memory.bodies)
}

func listen(ctx context.Context, address string, connections int) (*door.Limited, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w; is another server running there? Choose another address with --listen", address, err)
	}
	refusal, err := api.Overloaded()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing to refuse connections: %w", err), listener.Close())
	}
	return door.NewLimited(door.Limit{Listener: listener, Most: connections, Refusal: refusal, Now: time.Now}), nil
}

func (a *App) newSender() (*egress.Sender, error) {
	options := egressOptions(a.options.Config)
	options.Logger, options.Version, options.RootCAs = a.options.Logger, a.options.Version, a.options.RootCAs
	if own, err := netip.ParseAddrPort(a.listener.Addr().String()); err == nil {
		options.OwnAddresses = []netip.AddrPort{own}
	}
	sender, err := egress.New(options)
	if err != nil {
		return nil, fmt.Errorf("preparing to send: %w", err)
	}
	return sender, nil
}

// egressOptions hands on what the settings say. On a server for production the
// policy holds for development environments too: a tenant may make one, and must
// not reach this network through it.
func egressOptions(c config.Config) egress.Options {
	options := egress.Options{
		Allow: c.EgressAllow, Ports: c.EgressPorts, Strict: c.EgressStrict,
		Proxy: c.EgressProxy, ProxyCredentials: egress.ProxyCredentials(c.EgressProxyCredentials.Reveal()),
		Development: egress.Policy(c.Egress),
	}
	if c.Environment == posthorn.Production {
		options.Production = egress.Policy(c.Egress)
	}
	return options
}

func (a *App) buildServer(publisher api.Publisher, bodyMemory int64) error {
	cursorKey, err := loadCursorKey(filepath.Join(a.options.Config.DataDir, "cursor.key"))
	if err != nil {
		return err
	}
	handler, err := api.New(api.Options{
		Manager: a.manager, Publisher: publisher, Answers: a.store, Ready: a.ready, Logger: a.options.Logger,
		Now: time.Now, Random: random, CursorKey: cursorKey, MaxBody: a.options.Config.MaxBodyBytes, MaxBodyMemory: bodyMemory,
		Hosts: a.options.Config.Hosts, Admission: intake.NewAdmission(a.options.Config.Limits, time.Now), Version: a.options.Version,
	})
	if err != nil {
		return fmt.Errorf("building the API: %w", err)
	}
	a.server, err = newServer(handler, handler.Publishing(), a.options.Logger)
	if err != nil {
		return fmt.Errorf("preparing to serve: %w", err)
	}
	return nil
}

// newServer bounds how long a client may take. Most requests are events.
func newServer(handler http.Handler, publishing map[string]http.Handler, logger *slog.Logger) (*door.Server, error) {
	ordinary := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      90 * time.Second, // a test of a webhook may take its whole timeout
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	return door.New(door.Options{Routes: publishing, Ordinary: ordinary, Logger: logger, Now: time.Now})
}

// bootstrap makes an empty database usable, and keeps a random first key where
// its owner can find it.
func (a *App) bootstrap(ctx context.Context) error {
	first, err := a.manager.Bootstrap(ctx, a.options.Config.BootstrapKey.Reveal(), a.writeCredentials)
	if err != nil {
		return fmt.Errorf("preparing the first start: %w", err)
	}
	a.first = first
	return nil
}

func (a *App) observer() deliver.Observer {
	log := telemetry.NewAttemptLog(a.options.Logger)
	if a.options.Observer == nil {
		return log
	}
	return observers{log, a.options.Observer}
}
