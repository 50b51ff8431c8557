package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/telemetry"
)

func (s *session) serveCommand() *cobra.Command {
	var file string
	command := &cobra.Command{
		Use: "serve", Short: "Run the server", Args: needs(),
		Long: "Runs the server until it gets SIGTERM or SIGINT. It then finishes what is under way within the grace\n" +
			"period; a second signal ends it at once.\n\n" +
			"Every flag can also be given as a variable (POSTHORN_LISTEN) and in the file named by --config (listen:).\n" +
			"The first start on an empty database makes a workspace, an environment and a platform key, which is\n" +
			"printed once and kept in credentials.json in the data directory. POSTHORN_BOOTSTRAP_KEY sets that key.",
		Example: "  posthorn serve\n  posthorn serve --listen 0.0.0.0:8080 --data /var/lib/posthorn\n  POSTHORN_BOOTSTRAP_KEY_FILE=/run/secrets/posthorn posthorn serve --config /etc/posthorn.yaml",
	}
	flags := settingFlags(command, &file, nil)
	command.RunE = s.does(func(ctx context.Context, _ []string) error {
		settings, err := s.settings(command, file, given(flags))
		if err != nil {
			return err
		}
		return s.run(ctx, settings, s.welcome, "")
	})
	return command
}

// settingFlags gives a command a flag for every setting; a secret one names a
// file. Other defaults than the usual ones are given by key.
func settingFlags(command *cobra.Command, file *string, defaults map[string]string) *pflag.FlagSet {
	own := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	for _, setting := range config.Settings() {
		if setting.Secret {
			own.String(setting.Key+"-file", "", "file that holds the "+setting.Help+" ("+setting.Variable()+"_FILE)")
			continue
		}
		help := setting.Help + " (" + setting.Variable()
		if usual := first(defaults[setting.Key], setting.Default); usual != "" {
			help += "; default " + usual
		}
		own.String(setting.Key, "", help+")")
	}
	command.Flags().AddFlagSet(own)
	command.Flags().StringVar(file, "config", "", "file with settings (POSTHORN_CONFIG)")
	return own
}

// given returns the settings that were given as flags.
func given(flags *pflag.FlagSet) map[string]string {
	found := map[string]string{}
	// Visit would find nothing: the flags were parsed as part of the command's set.
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed {
			found[flag.Name] = flag.Value.String()
		}
	})
	return found
}

// settings are those of a command that is given some of them as flags.
func (s *session) settings(command *cobra.Command, file string, flags map[string]string) (config.Config, error) {
	settings, err := config.Load(config.Sources{File: first(file, s.env("POSTHORN_CONFIG")), Env: s.env, Flags: flags})
	if err != nil {
		return config.Config{}, usage(err.Error(), below(command)+"--help")
	}
	return settings, nil
}

// run runs a server until ctx ends or it fails. The farewell, if any, is said
// when it is asked to stop.
func (s *session) run(ctx context.Context, settings config.Config, greet func(server *app.App, settings config.Config) error, farewell string) error {
	defer s.writeInBackground(settings.LogFormat)()
	logger := telemetry.NewLogger(s.stderr, settings.LogLevel, settings.LogFormat)
	for _, misspelt := range config.FindMisspelt(s.variables) {
		logger.Warn(misspelt.Variable + " is not a setting; did you mean " + misspelt.Meant + "?")
	}
	restore := routeStandardLog(logger)
	defer restore()
	server, err := app.New(ctx, app.Options{Config: settings, Logger: logger, Version: version()})
	if err != nil {
		return err
	}
	err = server.Start(ctx)
	if err == nil {
		err = greet(server, settings)
	}
	if err == nil {
		select {
		case <-ctx.Done():
			if farewell != "" {
				s.say("%s", farewell)
			}
		case err = <-server.Failed():
		}
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), server.StopTimeout())
	defer cancel()
	if err := errors.Join(err, server.Stop(stopping)); err != nil {
		return &failure{code: exitFailed, message: err.Error()}
	}
	logger.Info("stopped")
	return nil
}

// writeInBackground lets nothing that a server says hold it up or end it: not a
// pipe that nobody reads, nor one that is closed. The function that it returns
// writes what is left, and gives up on a log that takes nothing.
func (s *session) writeInBackground(format string) (end func()) {
	const patience = time.Second
	signal.Ignore(syscall.SIGPIPE)
	before := s.stderr
	lines := telemetry.NewLogWriter(before, format)
	s.stderr, s.screen = lines, before
	return func() {
		if lines.Close(patience) {
			s.stderr, s.screen = before, nil
		}
	}
}

// routeStandardLog sends what libraries write to the standard logger (net/http
// does, about receivers that misbehave) to ours, for debugging only.
func routeStandardLog(logger *slog.Logger) func() {
	before := slog.Default()
	slog.SetDefault(logger)
	slog.SetLogLoggerLevel(slog.LevelDebug)
	return func() { slog.SetDefault(before) }
}

// welcome tells where the server listens and, once, the first key.
func (s *session) welcome(server *app.App, settings config.Config) error {
	s.say("%s %s listens on http://%s (API under /v1, its description at /docs)", s.program, version(), server.Addr())
	key := server.First().Key
	if key == nil {
		return nil
	}
	if settings.BootstrapKey != "" {
		s.say("First start: the key that was given with the settings is the platform key.")
		return nil
	}
	text := fmt.Sprintf("First start: made the platform key %s\n", key.Text.Reveal())
	if _, err := fmt.Fprint(s.stdout, text); err != nil {
		s.say("First start: the platform key could not be printed (%v).", err)
	}
	s.say("It is not shown again; it is kept in %s, readable by you only.", server.CredentialsPath())
	return nil
}
