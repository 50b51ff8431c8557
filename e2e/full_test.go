package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// serveOnSmallDisk starts a server whose data directory is a file system of its own,
// of so many MiB, and returns where that can be seen from outside. It needs no rights
// beyond those of making a namespace.
func serveOnSmallDisk(t *testing.T, size int) (*server, string) {
	t.Helper()
	if err := exec.Command("unshare", "-Urm", "sh", "-c", "mount -t tmpfs none /mnt").Run(); err != nil {
		t.Skipf("skipped: nobody may mount a small file system here: %v", err)
	}
	directory := t.TempDir()
	program := command(t, "posthorn", nil, "serve", "--listen", "127.0.0.1:0", "--data", directory, "--environment", "development")
	mounting := fmt.Sprintf(`mount -t tmpfs -o size=%dm none "$0" && exec "$@"`, size)
	process := exec.Command("unshare", append([]string{"-Urm", "sh", "-c", mounting, directory, program.Path}, program.Args[1:]...)...)
	process.Env = program.Env
	s, isListening := start(t, process)
	if !isListening {
		t.Fatalf("the server ended: %v\n%s", s.wait(), s.said())
	}
	return s, filepath.Join("/proc", fmt.Sprint(process.Process.Pid), "root", directory)
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for length := 1 << 20; length > 0; {
		if _, err := file.Write(make([]byte, length)); err != nil {
			length /= 2
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// Invariant: on a file system that is full the server lives on, refuses with 507 what
// it can't keep, keeps nothing of that, says that it isn't ready, and loses nothing
// that it has acknowledged; when there is room again it goes on by itself.
func TestFullFileSystem(t *testing.T) {
	t.Parallel()
	l := &ledger{accepted: map[string]bool{}, arrived: map[string]int{}}
	isFull := make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-isFull // so that outcomes come when they can't be kept
		l.ServeHTTP(w, r)
	}))
	defer receiver.Close()
	s, disk := serveOnSmallDisk(t, 24)
	s.createWebhook(receiver.URL, "standard", "")
	accept := func(id string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.accepted[id] = true
	}
	for n := range 20 {
		id := fmt.Sprint("before-", n)
		if code := s.publish(id, "1"); code != http.StatusAccepted {
			t.Fatalf("status %d", code)
		}
		accept(id)
	}
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)

	text, err := json.Marshal(strings.Repeat("full", 16<<10))
	if err != nil {
		t.Fatal(err)
	}
	var refused string
	for n := 0; refused == ""; n++ {
		const most = 2000 // more than the disk could hold
		id := fmt.Sprint("full-", n)
		switch code := s.publish(id, string(text)); {
		case code == http.StatusAccepted && n < most:
			accept(id)
		case code == http.StatusInsufficientStorage:
			refused = id
		default:
			t.Fatalf("event %d was answered with %d", n, code)
		}
	}
	eventually(t, "it isn't ready", func() bool { // each question writes a little, for which there may be room
		code, _ := s.call("GET", "/readyz", "")
		return code == http.StatusServiceUnavailable
	})
	close(isFull)
	eventually(t, "what was under way arrives", func() bool { return len(l.missing()) == 0 })
	for path, want := range map[string]int{"/livez": http.StatusOK, "/v1/events/" + refused: http.StatusNotFound} {
		if code, text := s.call("GET", path, ""); code != want {
			t.Errorf("%s while the disk is full: %d, want %d: %s", path, code, want, text)
		}
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server is ready again", func() bool {
		code, _, err := s.try("GET", "/readyz", "")
		return err == nil && code == http.StatusOK
	})
	if code := s.publish(refused, `"again"`); code != http.StatusAccepted {
		t.Errorf("what was refused is sent again: %d", code)
	}
	accept(refused)
	eventually(t, "everything that was acknowledged arrives", func() bool { return len(l.missing()) == 0 })
	eventually(t, "every outcome is kept", func() bool { return list(t, s, "pending") == 0 && list(t, s, "leased") == 0 })
	for id := range l.accepted {
		s.wantKept([]string{id})
		if l.arrived[id] != 1 {
			t.Errorf("%s arrived %d times", id, l.arrived[id])
		}
	}
	if err := s.terminate(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, s.said())
	}
}
