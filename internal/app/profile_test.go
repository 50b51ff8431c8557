package app_test

import (
	"net/http"
	"testing"
)

// Invariant: profiles are given where it was asked for, to those who ask by
// address, and never by the API.
func TestProfilesHaveTheirOwnListener(t *testing.T) {
	t.Parallel()
	server := start(t, settings(t, map[string]string{"profile-listen": "127.0.0.1:0"}))
	address := server.ProfileAddr()
	for _, c := range []struct {
		address, host string
		want          int
	}{
		{address, "", http.StatusOK},
		{address, "localhost:6060", http.StatusOK},
		{address, "attacker.example", http.StatusForbidden},
		{server.Addr(), "", http.StatusNotFound},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.address+"/debug/pprof/goroutine?debug=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = c.host
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("%s for %q: %d, want %d", c.address, c.host, response.StatusCode, c.want)
		}
	}
}
