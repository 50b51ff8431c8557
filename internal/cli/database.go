package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/config"
)

func (s *session) databaseCommand() *cobra.Command {
	command := s.noun("database", "Look after the database on this machine", s.databaseCheck())
	command.Aliases = []string{"db"}
	return command
}

// databaseFlags gives a command the settings that say where the database is.
func databaseFlags(command *cobra.Command, file *string) *pflag.FlagSet {
	own := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	for _, setting := range config.Settings() {
		if setting.Key == "data" || setting.Key == "database" {
			own.String(setting.Key, "", setting.Help+" ("+setting.Variable()+"; default "+setting.Default+")")
		}
	}
	command.Flags().AddFlagSet(own)
	command.Flags().StringVar(file, "config", "", "file with the server's settings (POSTHORN_CONFIG)")
	return own
}

func (s *session) databaseCheck() *cobra.Command {
	var file string
	command := &cobra.Command{
		Use: "check", Short: "Read the whole database and tell what is damaged", Args: needs(),
		Long: "Reads every page of the database and compares every index with its table. It changes nothing; the\n" +
			"server may be running. With --database it checks a backup as well. It ends with 1 if anything is damaged.",
		Example: "  posthorn database check --data /var/lib/posthorn\n  posthorn database check --database sqlite:/backup/posthorn.db",
	}
	flags := databaseFlags(command, &file)
	command.RunE = s.does(func(ctx context.Context, _ []string) error {
		settings, err := s.settings(command, file, given(flags))
		if err != nil {
			return err
		}
		findings, err := app.CheckDatabase(ctx, settings)
		if err != nil {
			return noDatabase(settings, given(flags), err)
		}
		return s.showFindings(settings, findings)
	})
	return command
}

// noDatabase says where the database may be instead: posthorn dev has one of its own.
func noDatabase(settings config.Config, chosen map[string]string, err error) error {
	_, missing := os.Stat(settings.SQLitePath()) // else it is something other that doesn't exist
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(missing, fs.ErrNotExist) {
		return err
	}
	told := &failure{code: exitNotFound, message: "there is no database at " + settings.SQLitePath(), hint: "Say where it is with --data DIR or --database sqlite:PATH."}
	ofDev := devDirectory(settings)
	if _, absent := os.Stat(filepath.Join(ofDev, filepath.Base(settings.SQLitePath()))); absent == nil && len(chosen) == 0 {
		told.hint = "That of posthorn dev is in " + ofDev + ": say --data " + quoteForShell(ofDev) + "."
	}
	return told
}

func (s *session) showFindings(settings config.Config, findings []string) error {
	path := settings.SQLitePath()
	if s.output != asTable {
		text, _ := json.Marshal(struct { // texts can always be written
			Database string   `json:"database"`
			Sound    bool     `json:"sound"`
			Findings []string `json:"findings"`
		}{path, len(findings) == 0, append([]string{}, findings...)})
		if err := s.writeJSON(text); err != nil {
			return err
		}
	} else if len(findings) > 0 {
		if err := s.write([]byte(escapeLines(strings.Join(findings, "\n")) + "\n")); err != nil {
			return err
		}
	}
	if len(findings) > 0 {
		return &failure{
			code: exitFailed, message: fmt.Sprintf("%s is damaged (%d findings)", path, len(findings)),
			hint: "Stop the server, keep a copy of the data directory, and put a backup in the database's place.",
		}
	}
	s.say("%s is sound", path)
	return nil
}

func (s *session) backupCommand() *cobra.Command {
	var file string
	command := &cobra.Command{
		Use: "backup FILE", Short: "Copy the database, also while the server runs", Args: needs("a file to write the copy to"),
		Long: "Writes the database as it is at one moment to a new file on this machine, and checks the copy. The server\n" +
			"goes on meanwhile. It overwrites nothing. The copy holds secrets: only its owner can read it.\n\n" +
			"To restore it: stop the server, move posthorn.db, posthorn.db-wal and posthorn.db-shm away, put the copy in\n" +
			"the place of posthorn.db, and start with --pause-deliveries true to look at what is pending before anything is sent again.",
		Example: "  posthorn backup /backup/posthorn.db\n  posthorn backup --data /var/lib/posthorn \"/backup/posthorn-$(date +%F).db\"",
	}
	flags := databaseFlags(command, &file)
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		settings, err := s.settings(command, file, given(flags))
		if err != nil {
			return err
		}
		made, err := app.BackUpDatabase(ctx, settings, args[0])
		switch {
		case errors.Is(err, fs.ErrExist):
			return &failure{code: exitConflict, message: err.Error(), hint: "Nothing was overwritten. Choose another name, or remove that file if nobody needs it."}
		case err != nil:
			return noDatabase(settings, given(flags), err)
		}
		return s.showBackup(args[0], made)
	})
	return command
}

func (s *session) showBackup(file string, made app.Backup) error {
	if s.output != asTable {
		text, err := json.Marshal(struct {
			File    string `json:"file"`
			Bytes   int64  `json:"bytes"`
			Pending int    `json:"pending"`
		}{file, made.Bytes, made.Pending})
		if err != nil {
			return fmt.Errorf("writing the output: %w", err)
		}
		return s.writeJSON(text)
	}
	s.say("%s: %d bytes, checked; %d deliveries are pending in it", file, made.Bytes, made.Pending)
	return nil
}
