package app_test

import (
	"net/http"
	"strings"
	"testing"
)

// Invariant: a server for development on a loopback address is asked by its own names
// alone, on the way in of events too; one for production, and one that is told so, by
// any.
func TestForeignHostsAreRefusedInDevelopment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags map[string]string
		want  int
	}{
		"development":           {nil, http.StatusForbidden},
		"development, any name": {map[string]string{"hosts": "*"}, 0},
		"production":            {map[string]string{"environment": "production"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, settings(t, c.flags))
			for _, host := range []string{"page.example", "localhost"} {
				for target, usual := range map[string]int{"GET /docs": http.StatusOK, "POST /v1/events": http.StatusUnauthorized} {
					method, path, _ := strings.Cut(target, " ")
					request, err := http.NewRequestWithContext(t.Context(), method, "http://"+a.Addr()+path, http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					request.Host = host
					response, err := http.DefaultClient.Do(request)
					if err != nil {
						t.Fatal(err)
					}
					_ = response.Body.Close()
					want := usual
					if host == "page.example" && c.want != 0 {
						want = c.want
					}
					if response.StatusCode != want {
						t.Errorf("%s by the name %s: %d, want %d", target, host, response.StatusCode, want)
					}
				}
			}
		})
	}
}
