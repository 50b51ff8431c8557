package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/internal/config"
)

// readSettings reads a command line with the flags of a server.
func readSettings(t *testing.T, env map[string]string, args ...string) (config.Config, error) {
	t.Helper()
	s := &session{env: func(name string) string { return env[name] }}
	command := &cobra.Command{Use: "serve"}
	var file string
	flags := settingFlags(command, &file, nil)
	if err := command.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return s.settings(command, file, given(flags))
}

// Invariant: flags win over variables, variables over the file, and only flags
// that were given count.
func TestSettingsOfAServer(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "posthorn.yaml")
	if err := os.WriteFile(file, []byte("listen: ':1'\nconcurrency: 7\nlog-level: debug\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HOME": "/h", "POSTHORN_CONFIG": file, "POSTHORN_LISTEN": ":2", "POSTHORN_LOG_LEVEL": "warn"}
	got, err := readSettings(t, env, "--listen", ":3", "--data", "/d")
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != ":3" || got.LogLevel.String() != "WARN" || got.Concurrency != 7 || got.DataDir != "/d" {
		t.Errorf("got %+v", got)
	}
}

// Invariant: all mistakes are told at once, as mistakes in the command line.
func TestMistakesInSettings(t *testing.T) {
	t.Parallel()
	_, err := readSettings(t, map[string]string{"HOME": "/h", "POSTHORN_EGRESS": "some"}, "--concurrency", "many")
	var told *failure
	if !errors.As(err, &told) || told.code != exitUsage || !strings.Contains(told.message, "--concurrency") || !strings.Contains(told.message, "POSTHORN_EGRESS") {
		t.Errorf("got %v", err)
	}
}
