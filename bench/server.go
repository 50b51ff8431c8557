package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/pprof"
	"strings"

	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/telemetry"
)

const benchKey = "sk_user_0123456789abcdefghijklmnopqrstuv"

// serve is the server's process: it prints its address and runs until its input
// ends.
func serve(ctx context.Context) error {
	settings, err := config.Load(config.Sources{Env: os.Getenv, Flags: map[string]string{
		"listen": "127.0.0.1:0", "environment": "development", "grace-period": "1s",
	}})
	if err != nil {
		return err
	}
	server, err := app.New(ctx, app.Options{Config: settings, Logger: telemetry.NewLogger(os.Stderr, slog.LevelError, "text")})
	if err != nil {
		return err
	}
	if err := server.Start(ctx); err != nil {
		return err
	}
	fmt.Println(server.Addr())
	stopProfile, err := startProfile(os.Getenv(profileVariable))
	if err != nil {
		return err
	}
	defer stopProfile()
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return fmt.Errorf("waiting for the end: %w", err)
	}
	return server.Stop(ctx)
}

// profileVariable names the file that the server's CPU profile is written to.
const profileVariable = "POSTHORN_BENCH_PROFILE"

func startProfile(path string) (func(), error) {
	if path == "" {
		return func() {}, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("profiling: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, fmt.Errorf("profiling: %w", err)
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close() // a profile that is cut short shows when it is read
	}, nil
}

// serverTarget starts a server with one webhook that gets everything.
func serverTarget(ctx context.Context, receiver string) (publisher, func() (usage, error), error) {
	directory, err := os.MkdirTemp("", "posthorn-bench-")
	if err != nil {
		return publisher{}, nil, fmt.Errorf("making a data directory: %w", err)
	}
	server, err := startChild(ctx, "server", "POSTHORN_DATA="+directory, "POSTHORN_BOOTSTRAP_KEY="+benchKey)
	if err != nil {
		return publisher{}, nil, err
	}
	p := publisher{server: server.address, url: "http://" + server.address + "/v1/events", key: benchKey, client: newClient(), body: asEvent}
	stop := func() (usage, error) {
		defer func() { _ = os.RemoveAll(directory) }() // a temporary folder
		if err := server.finish(nil); err != nil {
			return usage{}, err
		}
		return server.used(), nil
	}
	if err := register(ctx, server.address, "http://"+receiver+"/", "bench.*"); err != nil {
		server.kill()
		return publisher{}, nil, err
	}
	return p, stop, nil
}

func register(ctx context.Context, server, url, pattern string) error {
	body := strings.NewReader(`{"url": "` + url + `", "events": ["` + pattern + `"]}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+server+"/v1/webhooks", body)
	if err != nil {
		return fmt.Errorf("registering the receiver: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", benchKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("registering the receiver: %w", err)
	}
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
	_ = response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("registering the receiver: %s: %s", response.Status, answer)
	}
	return nil
}
