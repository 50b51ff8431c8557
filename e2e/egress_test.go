package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Invariant: on a server for production no tenant reaches this machine or its
// network, not through a development environment of its own either.
func TestTenantCannotReachInside(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 10)
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- struct{}{} }))
	defer inside.Close()
	s := serveKind(t, t.TempDir(), "production")
	code, text := s.call("POST", "/v1/workspaces", `{"name": "Tenant"}`)
	tenant := data[struct{ ID string }](t, code, text, http.StatusCreated)
	code, text = s.call("POST", "/v1/keys", `{"name": "k", "workspaceId": "`+tenant.ID+`"}`)
	tenantKey := data[struct{ Key string }](t, code, text, http.StatusCreated).Key

	code, text = s.callAs(tenantKey, "POST", "/v1/environments", `{"name": "dev", "kind": "development"}`)
	environment := data[struct{ ID string }](t, code, text, http.StatusCreated)
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"} {
		code, text = s.callAs(tenantKey, "POST", "/v1/webhooks", `{"url": "http://`+host+port+`", "events": ["*"], "environmentId": "`+environment.ID+`"}`)
		if code != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d: %s", host, code, text)
		}
	}
	select {
	case <-reached:
		t.Error("the tenant reached this machine")
	default:
	}
}
