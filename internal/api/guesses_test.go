package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func (w *world) tryKey(key, from string) answer {
	w.t.Helper()
	return w.send(request{method: http.MethodGet, path: "/v1/webhooks", key: key, from: from})
}

// Guards that who tries keys is slowed down, and told to the operator once, while a good
// key works from the same address at once: one that nobody used before, too, as all are
// after a restart, and with one address for all behind a proxy.
func TestTryingKeysIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const attacker, other = "203.0.113.7:1", "203.0.113.8:1"
	unused := w.post("/v1/keys", `{"name":"unused"}`).is(201).data()["key"].(string)
	for i := range guessesFromAddress {
		w.tryKey(fmt.Sprintf("sk_%d", i), fmt.Sprintf("203.0.113.7:%d", i+2)).is(401)
	}
	refused := w.tryKey("sk_wrong", attacker).is(429)
	if refused.header.Get("Retry-After") == "" || !strings.Contains(string(refused.body), "a valid one works at once") {
		t.Errorf("%s %v", refused.body, refused.header)
	}
	w.tryKey(unused, attacker).is(200)
	w.tryKey("sk_wrong", attacker).is(429) // a good key lets no more be tried
	w.tryKey("sk_wrong", other).is(401)
	w.clock.move(guessPause)
	w.tryKey(w.key+"x", attacker).is(401)
	w.tryKey(w.key+"x", attacker).is(429)
	if said := w.log.String(); strings.Count(said, "requests with unknown keys are refused") != 1 || strings.Contains(said, "sk_") {
		t.Errorf("the log: %s", said)
	}
}

// Guards that those who try keys have only a part of the database's readers, however
// many they are, and that a key that was good before doesn't wait with them.
func TestStrangersWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.tryKey(w.key, "203.0.113.8:1").is(200)
		w.clock.move(keyCacheAge) // it is looked up again
		goOn := make(chan struct{})
		var lookingUp atomic.Int32
		w.keys.onLookUp = func() {
			lookingUp.Add(1)
			<-goOn
		}
		var tried sync.WaitGroup
		for i := range 3 * maxStrangers {
			tried.Go(func() {
				if got := w.tryKey(fmt.Sprintf("sk_%d", i), "203.0.113.7:1").status; got != http.StatusUnauthorized {
					t.Errorf("an unknown key is answered with %d", got)
				}
			})
		}
		synctest.Wait()
		if got := lookingUp.Load(); got != maxStrangers {
			t.Errorf("%d keys are looked up at once, want %d", got, maxStrangers)
		}
		tried.Go(func() {
			if got := w.tryKey(w.key, "203.0.113.8:1").status; got != http.StatusOK {
				t.Errorf("a good key is answered with %d", got)
			}
		})
		synctest.Wait()
		if got := lookingUp.Load(); got != maxStrangers+1 {
			t.Errorf("%d keys are looked up at once; one that was good before is to be so beside %d others", got, maxStrangers)
		}
		close(goOn)
		tried.Wait()
	})
}

// Guards that nobody waits without end for a database that is stuck, and that the answer
// says nothing of the key.
func TestStrangersAreToldThatTheDatabaseIsStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		goOn := make(chan struct{})
		w.keys.onLookUp = func() { <-goOn }
		var tried sync.WaitGroup
		for i := range maxStrangers {
			tried.Go(func() { w.tryKey(fmt.Sprintf("sk_%d", i), "203.0.113.7:1") })
		}
		synctest.Wait()
		began := time.Now()
		w.tryKey(w.key, "203.0.113.8:1").is(http.StatusServiceUnavailable)
		if waited := time.Since(began); waited != longestAsStranger {
			t.Errorf("waited for %v", waited)
		}
		close(goOn)
		tried.Wait()
		w.tryKey(w.key, "203.0.113.8:1").is(http.StatusOK)
	})
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

// Guards that what is no key at all costs nobody a guess, that a revoked key is like one
// that never was, and that an IPv6 network counts as one address.
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
		if err := w.server.guesses.fail(guess{fmt.Sprint("address ", i), fmt.Sprint("start ", i)}); !errors.Is(err, unauthenticated()) {
			t.Fatal(err)
		}
		if kept := len(w.server.guesses.tallies); kept > maxTallies {
			t.Fatalf("%d tallies", kept)
		}
	}
	w.clock.move(time.Hour)
	if err := w.server.guesses.fail(guess{"address", "start"}); !errors.Is(err, unauthenticated()) || len(w.server.guesses.tallies) != 2 {
		t.Errorf("%v, %d tallies", err, len(w.server.guesses.tallies))
	}
}
