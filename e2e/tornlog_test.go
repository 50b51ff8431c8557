package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Invariant: a server that finds the end of its log torn starts, with everything that
// was acknowledged, and says in one line how much it left out.
func TestTornLogIsTold(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s := serve(t, directory)
	code, _ := s.call("POST", "/v1/events", `{"type": "a", "id": "kept", "data": {}}`)
	if code != http.StatusAccepted {
		t.Fatalf("status %d", code)
	}
	s.kill()
	log, err := os.OpenFile(filepath.Join(directory, "posthorn.db-wal"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Write([]byte(strings.Repeat("torn", 250))); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	s = serve(t, directory)
	if said := s.said(); strings.Count(said, "log was not valid") != 1 || !strings.Contains(said, "1000") {
		t.Errorf("it isn't told:\n%s", said)
	}
	if code, text := s.call("GET", "/v1/events/kept", ""); code != http.StatusOK {
		t.Errorf("status %d: %s", code, text)
	}
}
