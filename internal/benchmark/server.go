package benchmark

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"runtime/pprof"

	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/telemetry"
)

// serverKey is the platform key of the servers that are measured.
const serverKey = "sk_user_0123456789abcdefghijklmnopqrstuv"

// serving is what the server is told at its start.
type serving struct {
	// Directory is where its data lie.
	Directory string `json:"directory"`
	// Database is the kind of database.
	Database string `json:"database"`
	// Authority is the certificate, in PEM, that receivers are checked against.
	Authority string `json:"authority"`
	// Settings are further ones, or others.
	Settings map[string]string `json:"settings"`
}

// settings are those of a server for development with the usual defaults, but
// without the limits of a tenant that a benchmark would run into.
func (s serving) settings() (config.Config, error) {
	flags := map[string]string{
		"listen": "127.0.0.1:0", "environment": "development", "data": s.Directory, "database": databaseURL(s.Database, s.Directory),
		"grace-period": "1s", "log-level": "error", "max-webhooks": "0", "max-requests": "0",
	}
	maps.Copy(flags, s.Settings)
	return config.Load(config.Sources{
		Env: func(name string) string {
			return map[string]string{"POSTHORN_BOOTSTRAP_KEY": serverKey}[name]
		},
		Flags: flags,
	})
}

// playServer is the server's process: the product as it is, in a process of its own.
func playServer(ctx context.Context, in io.Reader, out, talk io.Writer) error {
	var server *app.App
	var profile *os.File
	err := obey(ctx, in, out, func(ctx context.Context, o order) (any, error) {
		switch o.Do {
		case "start":
			told, err := read[serving](o)
			if err != nil {
				return nil, err
			}
			if server, err = startServer(ctx, told, talk); err != nil {
				return nil, err
			}
			return server.Addr(), nil
		case "profile":
			path, err := read[string](o)
			if err != nil {
				return nil, err
			}
			if profile, err = startProfile(path); err != nil {
				return nil, err
			}
			return "", nil
		default:
			return nil, unknown(o)
		}
	})
	if profile != nil {
		pprof.StopCPUProfile()
		_ = profile.Close() // a profile that is cut short shows when it is read
	}
	if server == nil {
		return err
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), server.StopTimeout())
	defer cancel()
	if stopped := server.Stop(stopping); err == nil {
		err = stopped
	}
	return err
}

func startServer(ctx context.Context, told serving, talk io.Writer) (*app.App, error) {
	settings, err := told.settings()
	if err != nil {
		return nil, err
	}
	options := app.Options{Config: settings, Logger: telemetry.NewLogger(talk, slog.LevelError, "text")}
	if told.Authority != "" {
		if options.RootCAs, err = authorities(told.Authority); err != nil {
			return nil, err
		}
	}
	server, err := app.New(ctx, options)
	if err != nil {
		return nil, err
	}
	return server, server.Start(ctx)
}

func startProfile(path string) (*os.File, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("profiling: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, fmt.Errorf("profiling: %w", err)
	}
	return file, nil
}
