package cli

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func everyCommand(t *testing.T) []*cobra.Command {
	t.Helper()
	s := &session{program: "posthorn", env: func(string) string { return "" }}
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(command *cobra.Command) {
		all = append(all, command)
		for _, child := range command.Commands() {
			walk(child)
		}
	}
	walk(s.rootCommand())
	return all
}

// Invariant: every command says what it does and shows how.
func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, command := range everyCommand(t) {
		if command.Short == "" || strings.HasSuffix(command.Short, ".") {
			t.Errorf("%s: its Short is %q", command.CommandPath(), command.Short)
		}
		if !command.HasSubCommands() && command.Runnable() && !strings.Contains(command.Example, command.CommandPath()) {
			t.Errorf("%s: its example doesn't show it: %q", command.CommandPath(), command.Example)
		}
	}
}

// Invariant: no secret is the value of a flag: those end up in shell histories
// and process lists.
func TestNoFlagTakesASecret(t *testing.T) {
	t.Parallel()
	for _, command := range everyCommand(t) {
		command.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			name := flag.Name
			if (strings.Contains(name, "secret") || strings.Contains(name, "key") || strings.Contains(name, "token")) &&
				flag.Value.Type() != "bool" && !strings.HasPrefix(name, "max-") && !strings.HasSuffix(name, "-file") && !strings.HasSuffix(name, "-overlap") {
				t.Errorf("%s --%s takes a secret", command.CommandPath(), name)
			}
		})
	}
}

// Invariant: an interrupted command ends with 130, whatever it was waiting for.
func TestInterruption(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		interrupt()
		<-r.Context().Done()
	}))
	defer server.Close()
	env := map[string]string{"POSTHORN_SERVER": server.URL, "POSTHORN_API_KEY": "sk_1", "POSTHORN_CONFIG_HOME": t.TempDir()}
	var stdout, stderr bytes.Buffer
	code := Run(ctx, []string{"posthorn", "webhook", "list"}, strings.NewReader(""), &stdout, &stderr, func(name string) string { return env[name] })
	if code != exitInterrupted || stderr.String() != "error: interrupted\n" || stdout.Len() > 0 {
		t.Errorf("code %d, stderr %q, stdout %q", code, stderr.String(), stdout.String())
	}
}

// Invariant: output that can't be written is a failure.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	code := Run(t.Context(), []string{"posthorn", "version"}, strings.NewReader(""), fullDisk{}, &stderr, func(string) string { return "" })
	if code != exitFailed || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("code %d, stderr %q", code, stderr.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errNoSpace }

var errNoSpace = errors.New("no space left")

func TestNamesOfTheProgram(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"/usr/bin/ascendkit": "ascendkit", "./posthorn.exe": "posthorn", "": "posthorn", "a b": "posthorn", "\x1b[2J": "posthorn"} {
		if got := programName([]string{given}); got != want {
			t.Errorf("%q is called %q, want %q", given, got, want)
		}
	}
	if got := programName(nil); got != "posthorn" {
		t.Errorf("without a name it is called %q", got)
	}
}
