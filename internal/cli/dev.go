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
			"directory of its own, and the context \"dev\" is written and used, so that the next command needs no flag.",
		Example: "  posthorn dev\n  posthorn dev --listen 127.0.0.1:9000 --data ./posthorn-dev",
	}
	flags := settingFlags(command, &file)
	command.RunE = s.does(func(ctx context.Context, _ []string) error {
		chosen := given(flags)
		if _, isSet := chosen["environment"]; isSet {
			return usage("dev is always for development; --environment belongs to serve", "serve --help")
		}
		chosen["environment"] = "development"
		if _, isSet := chosen["log-level"]; !isSet && s.env("POSTHORN_LOG_LEVEL") == "" {
			chosen["log-level"] = "warn"
		}
		settings, err := s.settings(file, chosen)
		if err != nil {
			return err
		}
		if _, isSet := chosen["data"]; !isSet && s.env("POSTHORN_DATA") == "" {
			chosen["data"] = filepath.Join(settings.DataDir, "dev")
			if settings, err = s.settings(file, chosen); err != nil {
				return err
			}
		}
		return s.run(ctx, settings, s.startDeveloping)
	})
	return command
}

// startDeveloping writes the context and says what to do next.
func (s *session) startDeveloping(server *app.App) error {
	contexts, path, err := s.contexts()
	if err != nil {
		return err
	}
	address := "http://" + server.Addr()
	entry := config.Context{Server: address, KeyFile: server.CredentialsPath(), EnvironmentID: server.First().Environment.ID.String()}
	if s.env("POSTHORN_BOOTSTRAP_KEY") != "" {
		entry.KeyFile, entry.Key = "", s.env("POSTHORN_BOOTSTRAP_KEY")
	}
	contexts.Current = devContext
	contexts.Contexts[devContext] = entry
	if err := contexts.Save(path); err != nil {
		return fmt.Errorf("writing the context: %w", err)
	}
	if key := server.First().Key; key != nil {
		if _, err := fmt.Fprintf(s.stdout, "API key %s\n", key.Text.Reveal()); err != nil {
			return fmt.Errorf("printing the key: %w", err)
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

Ctrl-C stops it.`, s.program, version(), address, filepath.Dir(server.CredentialsPath()), server.CredentialsPath(), devContext, path, address)
	return nil
}
