package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (w *world) tryKey(key, from string) answer {
	w.t.Helper()
	return w.send(request{method: http.MethodGet, path: "/v1/webhooks", key: key, from: from})
}

// Guards that an address can't try keys faster than slowly, that a refusal tells
// nothing about the key, and that neither others nor those whose key was good before
// are held up.
func TestTryingKeysIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const attacker, other = "203.0.113.7:1", "203.0.113.8:1"
	used := w.post("/v1/keys", `{"name":"used"}`).is(201).data()["key"].(string)
	unused := w.post("/v1/keys", `{"name":"unused"}`).is(201).data()["key"].(string)
	w.tryKey(used, attacker).is(200)
	for i := range guessesFromAddress {
		w.tryKey(fmt.Sprintf("sk_%d", i), fmt.Sprintf("203.0.113.7:%d", i+2)).is(401)
	}
	wrong, right := w.tryKey("sk_wrong", attacker).is(429), w.tryKey(unused, attacker).is(429)
	if withoutRequestID(wrong) != withoutRequestID(right) || wrong.header.Get("Retry-After") == "" {
		t.Errorf("a wrong key: %s %v; a right one: %s", wrong.body, wrong.header, right.body)
	}
	for range 3 {
		w.clock.move(keyCacheAge) // it is looked up again each time
		w.tryKey("sk_wrong", attacker)
		w.tryKey("sk_wrong", attacker)
		w.tryKey("sk_wrong", attacker)
		w.tryKey(used, attacker).is(200)
	}
	w.tryKey("sk_wrong", attacker).is(429)
	third := w.post("/v1/keys", `{"name":"third"}`).is(201).data()["id"].(string)
	w.send(request{method: http.MethodDelete, path: "/v1/keys/" + third}).is(200)
	w.tryKey(used, attacker).is(200) // also after every key is looked up anew
	w.tryKey("sk_wrong", other).is(401)
	w.tryKey(unused, other).is(200)
	w.tryKey("", attacker).is(200) // the harness's own key, which was used
	w.clock.move(guessPause)
	w.tryKey(w.key+"x", attacker).is(401)
	if said := w.log.String(); strings.Count(said, "requests with unknown keys are refused") != 1 || strings.Contains(said, "sk_") {
		t.Errorf("the log: %s", said)
	}
}

// Guards that many addresses together can't try keys of one beginning either.
func TestTryingKeysOfOneBeginningIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range guessesOfStart {
		w.tryKey(fmt.Sprintf("sk_user_abcd%d", i), fmt.Sprintf("[2001:db8:%x::1]:1", i)).is(401)
	}
	w.tryKey("sk_user_abcdX", "[2001:db8:ffff::1]:1").is(429)
	w.tryKey("sk_user_efghX", "[2001:db8:ffff::1]:1").is(401)
}

// Guards that what is no key at all costs nobody a guess, that a revoked key is no
// longer one that was good, and that an IPv6 network counts as one address.
func TestWhatCountsAsTryingKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.post("/v1/keys", `{"name":"doomed"}`).is(201).data()
	key, from := created["key"].(string), "[2001:db8::1]:1"
	w.tryKey(key, from).is(200)
	w.send(request{method: http.MethodDelete, path: "/v1/keys/" + created["id"].(string)}).is(200)
	for range 2 * guessesFromAddress {
		w.tryKey("nonsense", from).is(401)
	}
	w.tryKey(key, from).is(401)
	for i := range guessesFromAddress {
		w.tryKey(fmt.Sprintf("sk_%d", i), fmt.Sprintf("[2001:db8::%x]:1", i))
	}
	w.tryKey(key, from).is(429)
}

// Guards that a key in the URL is refused, alone and beside one in a header, and
// repeated nowhere.
func TestKeysInTheURLAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, parameter := range []string{"apiKey", "api_key", "key", "X-Api-Key", "access_token"} {
		path := "/v1/webhooks?" + parameter + "=" + w.key
		for status, header := range map[int]map[string]string{401: {"X-Api-Key": ""}, 400: nil} {
			a := w.send(request{method: http.MethodGet, path: path, header: header}).is(status)
			if strings.Contains(string(a.body), w.key) {
				t.Errorf("the answer repeats the key: %s", a.body)
			}
		}
	}
	if strings.Contains(w.log.String(), w.key) {
		t.Error("the log has the key")
	}
}

// Guards that those who guess can't make the server remember without end.
func TestTalliesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 3 * maxTallies {
		if err := w.server.guesses.take(guess{fmt.Sprint("address ", i), fmt.Sprint("start ", i)}); err != nil {
			t.Fatal(err)
		}
		if kept := len(w.server.guesses.tallies); kept > maxTallies {
			t.Fatalf("%d tallies", kept)
		}
	}
	w.clock.move(time.Hour)
	if err := w.server.guesses.take(guess{"address", "start"}); err != nil || len(w.server.guesses.tallies) != 2 {
		t.Errorf("%v, %d tallies", err, len(w.server.guesses.tallies))
	}
}
