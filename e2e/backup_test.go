package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run runs a command of the program and returns its exit code and what it said.
func run(t *testing.T, args ...string) (int, string) {
	t.Helper()
	output, err := command(t, "posthorn", nil, args...).CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	if ended != nil {
		return ended.ExitCode(), string(output)
	}
	return 0, string(output)
}

// Invariant: a copy that was taken while the server ran is started with
// deliveries paused: it sends nothing and accepts events; the next start without
// that sends everything.
func TestBackUpAndRestore(t *testing.T) {
	t.Parallel()
	receiver, arrived := counter(t, http.StatusInternalServerError)
	data := t.TempDir()
	s := serve(t, data)
	hook := s.createWebhook(receiver.URL, "standard", `, "retryAttempts": 1, "retrySchedule": [86400]`)
	s.publish("before", "1")
	eventually(t, "it is tried", func() bool { return s.webhook(hook.ID).Stats.Attempts == 1 })
	s.call("POST", "/v1/webhooks/"+hook.ID+"/pause", "")
	s.publish("waits", "1")

	restored := t.TempDir()
	copied := filepath.Join(restored, "posthorn.db")
	if code, said := run(t, "backup", "--data", data, copied); code != 0 || !strings.Contains(said, "2 deliveries are pending") {
		t.Fatalf("backup: %d %s", code, said)
	}
	if code, said := run(t, "backup", "--data", data, copied); code != 5 || !strings.Contains(said, "Nothing was overwritten") {
		t.Errorf("backup over a file: %d %s", code, said)
	}
	if code, said := run(t, "backup", "--data", data, filepath.Join(restored, "nowhere", "x.db")); code != 1 || strings.Contains(said, "there is no database") {
		t.Errorf("backup to where there is no directory: %d %s", code, said)
	}
	for _, database := range []string{filepath.Join(data, "posthorn.db"), copied} {
		if code, said := run(t, "db", "check", "--database", "sqlite:"+database); code != 0 || !strings.Contains(said, "is sound") {
			t.Errorf("check of %s: %d %s", database, code, said)
		}
	}
	s.kill()

	before := arrived.Load()
	s = serve(t, restored, "--pause-deliveries", "true")
	s.call("POST", "/v1/webhooks/"+hook.ID+"/resume", "")
	if code := s.publish("meanwhile", "1"); code != http.StatusAccepted {
		t.Errorf("an event while deliveries are paused: %d", code)
	}
	if !strings.Contains(s.said(), "deliveries are paused") {
		t.Errorf("it doesn't say so:\n%s", s.said())
	}
	if code, _ := s.call("GET", "/readyz", ""); code != http.StatusOK {
		t.Errorf("not ready: %d", code)
	}
	if err := s.terminate(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if arrived.Load() != before {
		t.Error("something was sent although deliveries are paused")
	}
	serve(t, restored)
	eventually(t, "what waited is sent", func() bool { return arrived.Load() == before+2 })
}

// Invariant: the check of a damaged database says so and fails, and the server
// doesn't start with it.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s := serve(t, directory)
	for range 20 {
		s.call("POST", "/v1/events", `{"type": "a", "data": "`+strings.Repeat("x", 3000)+`"}`)
	}
	if err := s.terminate(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "posthorn.db")
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt([]byte(strings.Repeat("?", 3*4096)), info.Size()-6*4096)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	if code, said := run(t, "db", "check", "--data", directory); code != 1 || !strings.Contains(said, "is damaged") {
		t.Errorf("check: %d %s", code, said)
	}
	if code, said := run(t, "backup", "--data", directory, filepath.Join(t.TempDir(), "b.db")); code != 1 {
		t.Errorf("backup: %d %s", code, said)
	}
	if code, said := run(t, "serve", "--data", directory, "--listen", "127.0.0.1:0"); code != 1 || !strings.Contains(said, "put a backup in its place") {
		t.Errorf("serve: %d %s", code, said)
	}
	if code, said := run(t, "db", "check", "--data", t.TempDir()); code != 3 || !strings.Contains(said, "there is no database") {
		t.Errorf("check of nothing: %d %s", code, said)
	}
}
