package client_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posthorn/posthorn/client"
)

// Invariant: the address may be the server's or that of its API; both mean the same.
func TestServerMayEndInItsAPI(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"http://a.test": "http://a.test", "http://a.test/v1": "http://a.test", "http://a.test/base/v1/": "http://a.test/base", "http://a.test/v10": "http://a.test/v10",
	} {
		c, err := client.New(given, "")
		if err != nil || c.Server() != want {
			t.Errorf("%s is used as %q (%v), want %q", given, c.Server(), err, want)
		}
	}
	for _, bad := range []string{"127.0.0.1:8080", "localhost:8080"} {
		if _, err := client.New(bad, ""); err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:8080") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// Invariant: http to a server that speaks https is explained.
func TestHTTPToAServerOfHTTPS(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Client sent an HTTP request to an HTTPS server.", http.StatusBadRequest)
	}))
	defer server.Close()
	c, err := client.New(server.URL, "sk_1", client.WithRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetWebhook(t.Context(), "whc_1"); err == nil || !strings.Contains(err.Error(), "speaks https") {
		t.Errorf("got %v", err)
	}
}
