package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/config"
)

// devContext is the context that dev writes.
const devContext = "dev"

func (s *session) devCommand() *cobra.Command {
	var file string
	command := &cobra.Command{
		Use: "dev", Short: "Run the server on a laptop", Args: needs(),
		Long: "Runs the server for development: http:// and loopback receivers are allowed, its data lies in a\n" +
			"directory of its own, and the context \"dev\" is written and used, so that the next command needs no flag.\n\n" +
			"The first start makes an environment of kind development and an API key, which is printed and kept in\n" +
			"credentials.json in the data directory. Ctrl-C stops the server when the requests under way are done;\n" +
			"a second one stops it at once.",
		Example: "  posthorn dev\n  posthorn dev --listen 127.0.0.1:9000 --data ./posthorn-dev",
	}
	flags := settingFlags(command, &file, map[string]string{
		"data": "$XDG_DATA_HOME/posthorn/dev or ~/.local/share/posthorn/dev", "egress": "any", "log-level": "warn",
	})
	flags.Lookup("environment").Hidden = true // it is refused, with the reason
	command.RunE = s.does(func(ctx context.Context, _ []string) error {
		settings, err := s.devSettings(command, file, given(flags))
		if err != nil {
			return err
		}
		farewell := fmt.Sprintf("stopping: waiting up to %g s for requests under way; Ctrl-C again to leave at once", settings.GracePeriod.Seconds())
		return s.run(ctx, settings, s.startDeveloping, farewell)
	})
	return command
}

// devSettings are the settings with the defaults of development.
func (s *session) devSettings(command *cobra.Command, file string, chosen map[string]string) (config.Config, error) {
	if _, isSet := chosen["environment"]; isSet {
		return config.Config{}, usage("dev is always for development; --environment belongs to serve", "serve --help")
	}
	chosen["environment"] = "development"
	if _, isSet := chosen["log-level"]; !isSet && s.env("POSTHORN_LOG_LEVEL") == "" {
		chosen["log-level"] = "warn"
	}
	settings, err := s.settings(command, file, chosen)
	if err != nil {
		return config.Config{}, err
	}
	if _, isSet := chosen["data"]; isSet || s.env("POSTHORN_DATA") != "" {
		return settings, nil
	}
	chosen["data"] = devDirectory(settings)
	return s.settings(command, file, chosen)
}

// devDirectory is where dev keeps its data unless it is told otherwise.
func devDirectory(settings config.Config) string { return filepath.Join(settings.DataDir, "dev") }

// startDeveloping writes the context and says what to do next.
func (s *session) startDeveloping(server *app.App, settings config.Config) error {
	contexts, path, err := s.contexts()
	if err != nil {
		return err
	}
	entry, err := devContextOf(server, settings)
	if err != nil {
		s.say("%s %s for development on %s", s.program, version(), entry.Server)
		s.sayKeyIsGone(server, entry)
		return nil
	}
	contexts.Current = devContext
	contexts.Contexts[devContext] = entry
	if err := contexts.Save(path); err != nil {
		return fmt.Errorf("writing the context: %w", err)
	}
	if key := server.First().Key; key != nil && settings.BootstrapKey == "" {
		if _, err := fmt.Fprintf(s.stdout, "API key %s\n", key.Text.Reveal()); err != nil {
			s.say("the key could not be printed (%v)", err)
		}
	}
	s.say(`%s %s for development on %s
  data     %s
  key      %s
  context  %q is in use now (%s)
  API      %s/docs

Try, in another terminal:
  %[1]s webhook create --url http://127.0.0.1:3000/webhooks --events 'user.*'
  %[1]s event send user.created --data '{"userId":"usr_1"}'
  %[1]s delivery list

Ctrl-C stops it.`, s.program, version(), entry.Server, settings.DataDir, first(entry.KeyFile, "the one given with the settings"), devContext, path, entry.Server)
	return nil
}

// devContextOf makes the context. Its error says that there is no key to put
// into it; the rest of the context is whole then.
func devContextOf(server *app.App, settings config.Config) (config.Context, error) {
	entry := config.Context{Server: "http://" + server.Addr(), EnvironmentID: server.First().Environment.ID.String()}
	isFirst := server.First().Key != nil
	_, err := config.ReadKeyFile(server.CredentialsPath())
	// A first start writes no file for a key that it was given; later starts are
	// trusted to be given the same one.
	if settings.BootstrapKey != "" && (isFirst || err != nil) {
		entry.Key = settings.BootstrapKey.Reveal()
		return entry, nil
	}
	if err != nil {
		return entry, fmt.Errorf("reading the key: %w", err)
	}
	entry.KeyFile = server.CredentialsPath()
	return entry, nil
}

// sayKeyIsGone says how to go on when an earlier start's key was lost: the
// server keeps only its hash.
func (s *session) sayKeyIsGone(server *app.App, entry config.Context) {
	s.say(`  data     %[3]s

%[5]s the key file %[2]s is gone or can't be read, so the context %[6]q stays as it was.
The server runs and still takes the key, but keeps only its hash. To go on, either
- write a key that you saved to a file: %[1]s context set %[6]s --server %[4]s --api-key-file FILE
- or start over with empty data: %[1]s dev --data DIR

Ctrl-C stops it.`, s.program, server.CredentialsPath(), filepath.Dir(server.CredentialsPath()), entry.Server, s.bold("warning:"), devContext)
}
