package app_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: a delivery that is cancelled while it waits in memory is not sent;
// those around it are.
func TestCancelReachesTheEngine(t *testing.T) {
	t.Parallel()
	r := receive(t)
	o := operate(t, start(t, settings(t, nil)))
	o.webhook(r.URL, "a.b")
	first := o.publish("a.b")
	if got := r.next(t); got != first {
		t.Fatalf("event %s arrived first", got)
	}
	cancelled, last := o.publish("a.b"), o.publish("a.b")
	for _, d := range o.deliveries(posthorn.DeliveryLeased) {
		if d.EventPublicID == cancelled {
			o.post("/v1/deliveries/"+d.ID.String()+"/cancel", object{})
		}
	}
	if found := o.deliveries(posthorn.DeliveryCancelled); len(found) != 1 {
		t.Fatalf("%d cancelled: it did not wait in memory", len(found))
	}
	r.answer(t, http.StatusOK)
	if got := r.next(t); got != last {
		t.Errorf("event %s was sent; want %s, behind the cancelled one", got, last)
	}
	r.answer(t, http.StatusOK)
}

// Invariant: a retry by hand is sent now, not when the engine next looks around.
func TestRetryWakesTheEngine(t *testing.T) {
	t.Parallel()
	r := receive(t)
	o := operate(t, start(t, settings(t, nil)))
	o.webhook(r.URL, "a.b")
	event := o.publish("a.b")
	r.next(t)
	r.answer(t, http.StatusInternalServerError)
	eventually(t, "the delivery is exhausted", func() bool { return len(o.deliveries(posthorn.DeliveryExhausted)) == 1 })
	o.post("/v1/deliveries/"+o.deliveries("")[0].ID.String()+"/retry", object{})
	if got := r.within(t, soon); got != event {
		t.Errorf("event %s was sent, want %s", got, event)
	}
	r.answer(t, http.StatusOK)
	eventually(t, "it is delivered", func() bool { return len(o.deliveries(posthorn.DeliverySucceeded)) == 1 })
}

// Invariant: what waited for a paused webhook is sent as soon as it is resumed.
func TestResumeWakesTheEngine(t *testing.T) {
	t.Parallel()
	r := receive(t)
	o := operate(t, start(t, settings(t, nil)))
	webhook := o.webhook(r.URL, "a.b")
	o.post("/v1/webhooks/"+webhook+"/pause", object{})
	event := o.publish("a.b")
	if len(r.arrived) != 0 || len(o.deliveries(posthorn.DeliveryPending)) != 1 {
		t.Fatalf("not waiting: %+v", o.deliveries(""))
	}
	o.post("/v1/webhooks/"+webhook+"/resume", object{})
	if got := r.within(t, soon); got != event {
		t.Errorf("event %s was sent, want %s", got, event)
	}
	r.answer(t, http.StatusOK)
}

// Invariant: on a server for production no webhook reaches the server itself,
// not even when the operator opened the network it listens in; other servers
// there are reached.
func TestOwnAddressIsRefused(t *testing.T) {
	t.Parallel()
	r := receive(t)
	o := operate(t, start(t, settings(t, map[string]string{"environment": "production", "egress-allow": "127.0.0.0/8"})))
	development := o.post("/v1/environments", object{"name": "d", "kind": "development"})["id"]
	_, ownPort, err := net.SplitHostPort(o.Addr())
	if err != nil {
		t.Fatal(err)
	}
	test := func(url string) object {
		made := o.post("/v1/webhooks", object{"url": url, "events": []string{"a.b"}, "format": "standard", "environmentId": development})
		return o.post("/v1/webhooks/"+made["id"].(string)+"/test", object{})
	}
	for _, host := range []string{"127.0.0.1:", "localhost:"} {
		if result := test("http://" + host + ownPort + "/livez"); result["reason"] != string(posthorn.ReasonAddressForbidden) {
			t.Errorf("%s and the server's own port: %v", host, result)
		}
	}
	go func() {
		r.next(t)
		r.answer(t, http.StatusOK)
	}()
	if result := test(r.URL); result["delivered"] != true {
		t.Errorf("another port: %v", result)
	}
}

// Invariant: while this machine's own network is taken to have failed, an operator who
// asks where requests may go is told so, and since when.
func TestFailingNetworkIsShown(t *testing.T) {
	t.Parallel()
	o := operate(t, start(t, settings(t, nil)))
	failingSince := func() any {
		code, egress, err := o.try(http.MethodGet, "/v1/meta/egress", nil)
		if err != nil || code != http.StatusOK {
			t.Fatalf("status %d: %v", code, err)
		}
		return egress["networkFailingSince"]
	}
	const hosts, webhooksEach = 3, 7
	var receivers []*httptest.Server
	for range hosts {
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer receiver.Close()
		receivers = append(receivers, receiver)
		for range webhooksEach {
			o.webhook(receiver.URL, "a.b")
		}
	}
	o.publish("a.b")
	eventually(t, "all receivers were reached", func() bool { return len(o.deliveries(posthorn.DeliverySucceeded)) == hosts*webhooksEach })
	if since := failingSince(); since != nil {
		t.Errorf("it is said to fail since %v", since)
	}
	for _, receiver := range receivers {
		receiver.Close()
	}
	eventually(t, "it is shown", func() bool {
		o.publish("a.b")
		return failingSince() != nil
	})
}
