package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/posthorn/posthorn/internal/config"
)

// running is a server of one command line, run until it says that Ctrl-C stops
// it.
type running struct {
	mu             sync.Mutex
	stdout, stderr bytes.Buffer
	code           int
}

// watched stops the server when a text was written.
type watched struct {
	r    *running
	text string
	stop func()
}

// Write keeps what is said.
func (w watched) Write(p []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	w.r.stderr.Write(p)
	if strings.Contains(w.r.stderr.String(), w.text) {
		w.stop()
	}
	return len(p), nil
}

func runUntil(t *testing.T, text string, env map[string]string, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := &running{}
	r.code = Run(ctx, append([]string{"posthorn"}, args...), strings.NewReader(""), &r.stdout, watched{r, text, stop}, func(name string) string { return env[name] })
	return r
}

func (r *running) mustSay(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stderr.String(), text) {
			t.Errorf("it doesn't say %q:\n%s", text, r.stderr.String())
		}
	}
}

const lastWordOfDev = "Ctrl-C stops it."

// Invariant: dev makes a context that works, and never replaces a good one by
// one whose key is gone.
func TestDevKeepsItsContext(t *testing.T) {
	t.Parallel()
	home, data := t.TempDir(), t.TempDir()
	env := map[string]string{"HOME": home, "POSTHORN_CONFIG_HOME": home}
	args := []string{"dev", "--listen", "127.0.0.1:0", "--data", data, "--grace-period", "5s"}
	made := runUntil(t, lastWordOfDev, env, args...)
	made.mustSay(t, `"dev" is in use now`, "stopping: waiting up to 5 s", "Ctrl-C again")
	if made.code != 0 || !strings.Contains(made.stdout.String(), "API key sk_user_") {
		t.Fatalf("code %d, stdout %q", made.code, made.stdout.String())
	}
	path := filepath.Join(home, "contexts.yaml")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(data, "credentials.json")); err != nil {
		t.Fatal(err)
	}
	without := runUntil(t, lastWordOfDev, env, args...)
	without.mustSay(t, "credentials.json is gone", "context set dev --server http://127.0.0.1:", "dev --data DIR")
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) || without.stdout.Len() > 0 {
		t.Errorf("the contexts were\n%s\nand are\n%s (%v); stdout %q", before, after, err, without.stdout.String())
	}
}

// Invariant: a key that was given is kept for the commands and never printed.
func TestDevWithAGivenKey(t *testing.T) {
	t.Parallel()
	const key = "sk_user_0123456789abcdef0123456789abcdef"
	home := t.TempDir()
	file := filepath.Join(home, "key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HOME": home, "POSTHORN_CONFIG_HOME": home, "POSTHORN_BOOTSTRAP_KEY_FILE": file}
	given := runUntil(t, lastWordOfDev, env, "dev", "--listen", "127.0.0.1:0")
	contexts, err := config.LoadContexts(filepath.Join(home, "contexts.yaml"))
	if err != nil || contexts.Contexts["dev"].Key != key || contexts.Current != "dev" {
		t.Errorf("the contexts are %+v (%v)", contexts, err)
	}
	if given.code != 0 || strings.Contains(given.stdout.String()+given.stderr.String(), key) {
		t.Errorf("code %d; said\n%s%s", given.code, given.stdout.String(), given.stderr.String())
	}
	if _, err := os.Stat(filepath.Join(home, ".local/share/posthorn/dev/posthorn.db")); err != nil {
		t.Errorf("the data isn't where help says: %v", err)
	}
}

// Invariant: the first key is told in words that hold for it.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	env := map[string]string{"HOME": home}
	random := runUntil(t, "readable by you only", env, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(home, "random"))
	if !strings.Contains(random.stdout.String(), "platform key sk_user_") {
		t.Errorf("stdout %q", random.stdout.String())
	}
	env["POSTHORN_BOOTSTRAP_KEY"] = "sk_user_0123456789abcdef0123456789abcdef"
	given := runUntil(t, "First start", env, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(home, "given"))
	if given.code != 0 || given.stdout.Len() > 0 || strings.Contains(given.stderr.String(), env["POSTHORN_BOOTSTRAP_KEY"]) || strings.Contains(given.stderr.String(), "credentials.json") {
		t.Errorf("code %d; said\n%s%s", given.code, given.stdout.String(), given.stderr.String())
	}
}
