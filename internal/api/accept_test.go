package api

import (
	"net/http"
	"testing"
)

// Invariant: whoever can't read JSON is told so, in problem details all the same;
// nobody else is refused.
func TestAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for accept, status := range map[string]int{
		"":                                   200,
		"*/*":                                200,
		"application/json":                   200,
		"Application/JSON; q=0.5":            200,
		"application/*":                      200,
		"application/problem+json":           200,
		"text/html, */*;q=0.1":               200,
		"text/html,application/json":         200,
		"application/json;charset=utf-8;q=1": 200,
		`application/json;profile="a,b"`:     200,
		"text/html":                          406,
		"application/xml":                    406,
		"text/*":                             406,
		"*/*;q=0":                            406,
		"application/json;q=0.000, application/problem+json;q=0, */*": 406,
		"application/jsonx": 406,
		"json":              406,
		",;,":               406,
	} {
		got := w.send(request{method: http.MethodGet, path: "/v1/webhooks", header: map[string]string{"Accept": accept}})
		if got.status != status {
			t.Errorf("%q: status %d, want %d", accept, got.status, status)
		}
		if status == http.StatusNotAcceptable && (got.json()["code"] != "not_acceptable" || got.header.Get("Content-Type") != problemType) {
			t.Errorf("%q: answered with %s %s", accept, got.header.Get("Content-Type"), got.body)
		}
	}
	before := len(w.get("/v1/webhooks").items())
	w.send(request{method: http.MethodPost, path: "/v1/webhooks", body: webhookJSON, header: map[string]string{"Accept": "text/html"}}).is(http.StatusNotAcceptable)
	if after := len(w.get("/v1/webhooks").items()); after != before {
		t.Error("a refused request was carried out")
	}
	w.send(request{method: http.MethodGet, path: "/livez", header: map[string]string{"Accept": "text/plain"}}).is(http.StatusOK)
}
