package app_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/config"
)

func settings(t *testing.T, flags map[string]string) config.Config {
	t.Helper()
	all := map[string]string{"listen": "127.0.0.1:0", "data": t.TempDir(), "environment": "development", "grace-period": "1s", "drain-delay": "0s"}
	for name, value := range flags {
		all[name] = value
	}
	c, err := config.Load(config.Sources{Env: func(string) string { return "" }, Flags: all})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func options(c config.Config) app.Options {
	return app.Options{Config: c, Logger: slog.New(slog.DiscardHandler), Version: "test"}
}

func start(t *testing.T, c config.Config) *app.App {
	t.Helper()
	a, err := app.New(t.Context(), options(c))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, a) })
	return a
}

func stop(t *testing.T, a *app.App) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, a *app.App, path, key string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.Addr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Api-Key", key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// Invariant: a started server answers, is ready, and describes itself.
func TestStarted(t *testing.T) {
	t.Parallel()
	a := start(t, settings(t, nil))
	for path, want := range map[string]string{"/livez": "", "/readyz": "", "/openapi.json": `"openapi"`, "/docs": "<html"} {
		if code, text := get(t, a, path, ""); code != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d %.200s", path, code, text)
		}
	}
}

// Invariant: the first start keeps its key where its owner alone can read it, and
// the key works; the next start makes no other.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	c := settings(t, nil)
	a := start(t, c)
	path := filepath.Join(c.DataDir, "credentials.json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var kept struct{ APIKey, EnvironmentID, Server string }
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if kept.APIKey != a.First().Key.Text.Reveal() || kept.EnvironmentID != a.First().Environment.ID.String() || kept.Server != "http://"+a.Addr() {
		t.Errorf("kept %+v", kept)
	}
	if code, text := get(t, a, "/v1/webhooks", kept.APIKey); code != http.StatusOK {
		t.Errorf("the key: %d %s", code, text)
	}
	stop(t, a)
	again := start(t, c)
	if again.First().Key != nil {
		t.Error("the second start made another key")
	}
	if code, _ := get(t, again, "/v1/webhooks", kept.APIKey); code != http.StatusOK {
		t.Error("the key is no longer good")
	}
}

// Invariant: a given bootstrap key is used as it is and written to no file.
func TestBootstrapKey(t *testing.T) {
	t.Parallel()
	const key = "sk_user_given0123456789abcdefghijklmnop"
	c := settings(t, nil)
	c.BootstrapKey = key
	a := start(t, c)
	if code, _ := get(t, a, "/v1/keys", key); code != http.StatusOK {
		t.Error("the key is not good")
	}
	if _, err := os.Stat(filepath.Join(c.DataDir, "credentials.json")); !os.IsNotExist(err) {
		t.Errorf("credentials were written: %v", err)
	}
}

// Invariant: a server that can't start says why and what to do, and lets go of
// what it took.
func TestCannotStart(t *testing.T) {
	t.Parallel()
	c := settings(t, nil)
	a := start(t, c)
	other := settings(t, map[string]string{"listen": a.Addr()})
	if _, err := app.New(t.Context(), options(other)); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("the port is taken: %v", err)
	}
	if _, err := app.New(t.Context(), options(c)); err == nil || !strings.Contains(err.Error(), "in use by process") {
		t.Errorf("the database is taken: %v", err)
	}
	other.Listen = "127.0.0.1:0"
	start(t, other)
}

// Invariant: after Stop nothing answers any more, and stopping twice does nothing.
func TestStop(t *testing.T) {
	t.Parallel()
	a := start(t, settings(t, nil))
	address := a.Addr()
	stop(t, a)
	stop(t, a)
	response, err := http.Get("http://" + address + "/livez")
	if err == nil {
		_ = response.Body.Close()
		t.Error("something still answers")
	}
}
