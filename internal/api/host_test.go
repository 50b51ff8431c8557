package api

import (
	"net/http"
	"testing"
)

// Guards that a page in a browser whose name leads to this machine gets nothing, not
// even from routes that need no key, and that the server's own names still work.
func TestForeignHostsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(host, path string) int {
		return w.send(request{method: http.MethodGet, path: path, host: host}).status
	}
	paths := []string{"/docs", "/openapi.json", "/livez", "/v1/webhooks"}
	for _, path := range paths {
		if got := ask("evil.example:8080", path); got != http.StatusOK {
			t.Errorf("without names, %s: %d", path, got)
		}
	}
	w.server.Hosts = []string{"hooks.example.com"}
	for _, host := range []string{"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "evillocalhost", "hooks.example.com.evil.example"} {
		for _, path := range paths {
			if got := ask(host, path); got != http.StatusForbidden {
				t.Errorf("%s%s: %d", host, path, got)
			}
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST:8080", "localhost.:8080", "dev.localhost", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "192.168.1.5", "hooks.example.com", "Hooks.Example.com:443"} {
		for _, path := range paths {
			if got := ask(host, path); got != http.StatusOK {
				t.Errorf("%s%s: %d", host, path, got)
			}
		}
	}
}
