package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn/client"
)

func TestErrorTellsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	server := answering(answer{status: 422, body: `{"success":false,"title":"Invalid","status":422,"detail":"The URL is not absolute.","code":"invalid","hint":"For example: https://example.com","requestId":"req_1","errors":[{"pointer":"/url","detail":"The URL is not absolute.","hint":"h"}]}`})
	_, err := newClient(t, server).GetWebhook(t.Context(), "whc_1")
	var got *client.Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v", err)
	}
	want := &client.Error{
		Status: 422, Title: "Invalid", Code: "invalid", Detail: "The URL is not absolute.", Hint: "For example: https://example.com", RequestID: "req_1",
		Errors: []client.ErrorAtPlace{{Pointer: "/url", Detail: "The URL is not absolute.", Hint: "h"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err.Error() != "posthorn: 422 invalid: The URL is not absolute." {
		t.Errorf("says %q", err)
	}
}

// Invariant: an answer that is not Posthorn's is an error, whatever its status.
func TestForeignAnswersAreErrors(t *testing.T) {
	t.Parallel()
	for _, foreign := range []answer{
		{status: 200, body: `<html>hello</html>`},
		{status: 200, body: `{"data":{"id":"x"}}`},
		{status: 200, body: `{"success":true}`},
		{status: 200, body: `{"success":true,"data":"text"}`},
		{status: 404, body: `not here`},
		{status: 502, body: ``},
		{status: 302, body: `[]`},
	} {
		server := answering(foreign)
		_, err := newClient(t, server).GetWebhook(t.Context(), "whc_1")
		var problem *client.Error
		if !errors.As(err, &problem) || problem.Code != client.CodeUnexpectedAnswer || problem.Status != foreign.status || problem.Hint == "" {
			t.Errorf("%d %q: got %#v", foreign.status, foreign.body, err)
		}
	}
}

// Invariant: an answer without an end doesn't fill the memory.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	server := answering(answer{status: 200, body: strings.Repeat(" ", client.MaxAnswer+1)})
	_, err := newClient(t, server).GetWebhook(t.Context(), "whc_1")
	var problem *client.Error
	if !errors.As(err, &problem) || !strings.Contains(problem.Detail, "longer than") {
		t.Errorf("got %v", err)
	}
}

// Invariant: the key goes to the server it is for, and nowhere else.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sk_user_secret" {
			t.Errorf("Authorization is %q", r.Header.Get("Authorization"))
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	c, err := client.New(server.URL, "sk_user_secret")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.GetWebhook(t.Context(), "whc_1")
	var problem *client.Error
	if !errors.As(err, &problem) || problem.Status != http.StatusTemporaryRedirect {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ server, key string }{
		{"", "k"},
		{"localhost:8080", "k"},
		{"ftp://a", "k"},
		{"http://", "k"},
		{"http://user:hunter2@a", "k"},
		{"http://a?x=1", "k"},
		{"http://a\x7f", "k"},
		{"http://a", "hunter2\nX-Evil: 1"},
		{"http://a", "hunter2 "},
	} {
		_, err := client.New(tc.server, tc.key)
		if err == nil {
			t.Errorf("%q with key %q was taken", tc.server, tc.key)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}

// Invariant: no id can name another route.
func TestIdsStayInTheirPlace(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", ".", ".."} {
		server := answering(answer{status: 200, body: `{"success":true,"data":{}}`})
		if _, err := newClient(t, server).DeleteWebhook(t.Context(), id); err == nil || len(server.requests) != 0 {
			t.Errorf("id %q: %v, %d requests", id, err, len(server.requests))
		}
	}
	server := answering(answer{status: 200, body: `{"success":true,"data":{}}`})
	if _, err := newClient(t, server).GetWebhook(t.Context(), "a/../b?c#d"); err != nil {
		t.Fatal(err)
	}
	if got := server.requests[0].path; got != "/base/v1/webhooks/a%2F..%2Fb%3Fc%23d" {
		t.Errorf("asked for %s", got)
	}
}

// Invariant: JSON returns the object as it came.
func TestDocumentsKeepTheirText(t *testing.T) {
	t.Parallel()
	const text = `{ "id":"evt_1", "data":{"n": 1.000, "t":"<\u0000>"},"unknown":[ ] }`
	server := answering(answer{status: 200, body: `{"success":true,"data":` + text + `}`})
	event, err := newClient(t, server).GetEvent(t.Context(), "evt_1")
	if err != nil {
		t.Fatal(err)
	}
	if string(event.JSON()) != text || string(event.Data) != `{"n": 1.000, "t":"<\u0000>"}` {
		t.Errorf("kept %s and %s", event.JSON(), event.Data)
	}
}
