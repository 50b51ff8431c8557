package egress

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: a request of another method than POST goes out as that, without a
// body, under the same policy; of the response's headers the outcome holds those
// that are wanted and no others, shortened.
func TestAnotherMethod(t *testing.T) {
	t.Parallel()
	arrived := make(chan *http.Request, 4)
	receiver := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- r
		w.Header()["Webhook-Allowed-Origin"] = []string{"a", "b"}
		w.Header().Set("Set-Cookie", "c=d")
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
	})
	request := posthorn.Request{
		Method: http.MethodOptions, URL: receiver.URL + "/in?a=b", Headers: []posthorn.Header{{Name: "WebHook-Request-Origin", Value: "example.com"}},
		Wanted: []string{"WebHook-Allowed-Origin", "WebHook-Allowed-Rate"}, Timeout: 10 * time.Second, EnvironmentKind: posthorn.Development,
	}
	outcome := newSender(t, Options{Development: PolicyAny}).Send(t.Context(), request)
	if want := []posthorn.Header{{Name: "WebHook-Allowed-Origin", Value: "a, b"}}; outcome.StatusCode != http.StatusFound || !slices.Equal(outcome.Headers, want) {
		t.Errorf("the outcome is %+v", outcome)
	}
	got := <-arrived
	if got.Method != http.MethodOptions || got.RequestURI != "/in?a=b" || got.ContentLength != 0 || got.Header.Get("WebHook-Request-Origin") != "example.com" || len(arrived) != 0 {
		t.Errorf("%s %s of %d bytes with %v arrived, and %d more", got.Method, got.RequestURI, got.ContentLength, got.Header, len(arrived))
	}
	refused := newSender(t, Options{Development: PolicyPublic}).Send(t.Context(), request)
	if refused.Reason != posthorn.ReasonAddressForbidden || len(arrived) != 0 {
		t.Errorf("under a policy that forbids it: %+v", refused)
	}
}
