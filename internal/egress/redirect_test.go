package egress

import (
	"net/http"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: the place that a redirect points to is shown, without what could be
// a secret, short and printable, and no request goes there.
func TestRedirectIsShown(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"https://new.example/hooks":                   `It points to "https://new.example/hooks".`,
		"https://user:pass@new.example/hooks?token=s": `It points to "https://new.example/hooks?...".`,
		"//new.example:8443/hooks#part":               `It points to "http://new.example:8443/hooks".`,
		"http://169.254.169.254/latest/meta-data/":    `It points to "http://169.254.169.254/latest/meta-data/".`,
		"file:///etc/passwd":                          `It points to "file:///etc/passwd".`,
		"javascript:alert(document.cookie)":           `It points to a URL of the kind "javascript:".`,
		"https://new.example/\u202ea b":               `It points to "https://new.example/%E2%80%AEa%20b".`,
		"https://new.example/a\tb":                    "Where it points to can't be read.",
		"http://[::1":                                 "Where it points to can't be read.",
		"":                                            "",
	} {
		url := newRawReceiver(t, answering("HTTP/1.1 302 Found\r\nLocation: "+location+"\r\nContent-Length: 0\r\n\r\n"))
		outcome := newSender(t, Options{}).Send(t.Context(), requestTo(url))
		wantReason(t, outcome, posthorn.ReasonSuccess)
		if outcome.Detail != want {
			t.Errorf("%s: told %q, want %q", location, outcome.Detail, want)
		}
	}
	long := newRawReceiver(t, answering("HTTP/1.1 308 Moved\r\nLocation: https://new.example/"+strings.Repeat("x", 5000)+"\r\nContent-Length: 0\r\n\r\n"))
	if outcome := newSender(t, Options{}).Send(t.Context(), requestTo(long)); len(outcome.Detail) > 2*maxShownText {
		t.Errorf("%d bytes are told", len(outcome.Detail))
	}
	same := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", "/elsewhere") })
	if outcome := newSender(t, Options{}).Send(t.Context(), requestTo(same.URL)); outcome.Detail != "" {
		t.Errorf("a success has the detail %q", outcome.Detail)
	}
}
