package main

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"
)

// hook is a webhook as the harness registers it. Its URL ends in its name.
type hook struct {
	name    string
	prefix  string // of the event types that it wants; empty for all
	retries int
	secret  string
}

// What all hooks have in common.
const (
	retryDelay     = time.Second
	jitterShare    = 0.2
	attemptTimeout = 700 * time.Millisecond
	retryAfter     = 2 * time.Second
	removedHook    = "removed"
)

// world is what a run consists of besides chance in time: everything in it
// follows from the seed.
type world struct {
	seed  uint64
	hooks []hook
	// limitedShare is the share of events that go to the hook that asks to wait,
	// and limitedOften how often it asks.
	limitedShare, limitedOften float64
	// silentOften is how often a receiver doesn't answer at all.
	silentOften float64
}

// newWorld makes a world. A rough one holds more of what is rare, for short runs
// that look for mistakes.
func newWorld(seed uint64, rough bool) *world {
	w := &world{seed: seed, limitedShare: 0.01, limitedOften: 0.03, silentOften: 0.01}
	if rough {
		w.limitedShare, w.limitedOften, w.silentOften = 0.03, 0.2, 0.04
	}
	for _, h := range []hook{
		{name: "all", retries: 8},
		{name: "orders", prefix: "order.", retries: 8},
		{name: "limited", prefix: "limited.", retries: 8},
		{name: "stubborn", prefix: "stubborn.", retries: 2},
		{name: removedHook, prefix: "gone.", retries: 8},
	} {
		key := fmt.Sprintf("%032d", seed) + h.name
		h.secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte(key))
		w.hooks = append(w.hooks, h)
	}
	return w
}

func (w *world) hook(name string) (hook, bool) {
	for _, h := range w.hooks {
		if h.name == name {
			return h, true
		}
	}
	return hook{}, false
}

func (h hook) wants(eventType string) bool { return strings.HasPrefix(eventType, h.prefix) }

// registration is the body that registers the hook.
func (h hook) registration(base string) string {
	pattern := "*"
	if h.prefix != "" {
		pattern = h.prefix + "*"
	}
	return fmt.Sprintf(`{"name": %q, "url": %q, "events": [%q], "format": "standard", "secret": %q, "retryAttempts": %d, "retrySchedule": [%d], "timeoutMs": %d}`,
		h.name, base+"/"+h.name, pattern, h.secret, h.retries, int(retryDelay/time.Second), attemptTimeout.Milliseconds())
}

// answerKind is what a receiver does with a request.
type answerKind int

const (
	answerAtOnce answerKind = iota
	answerSlowly
	answerNever // until the sender gives up
	answerReset
)

type answer struct {
	kind       answerKind
	status     int
	retryAfter time.Duration
	delay      time.Duration
}

// answer decides what a hook's receiver does as long as there are faults: a pure
// function of the seed, the hook, the event and how many requests for it came
// before.
func (w *world) answer(hookName, nonce string, before int) answer {
	random := w.random(hookName, nonce, fmt.Sprint(before))
	const surelyGood = 4
	chance := random.Float64()
	switch {
	case hookName == "stubborn" && w.random(hookName, nonce).IntN(2) == 0:
		return answer{status: 500}
	case before >= surelyGood:
		return answer{status: 200}
	case hookName == "limited" && chance < w.limitedOften:
		return answer{status: 429, retryAfter: retryAfter}
	case chance < 0.05:
		return answer{status: 500}
	case chance < 0.07:
		return answer{kind: answerReset}
	case chance < 0.07+w.silentOften:
		return answer{kind: answerNever}
	case chance < 0.25:
		return answer{kind: answerSlowly, status: 200, delay: time.Duration(random.IntN(int(attemptTimeout / 4)))}
	default:
		return answer{status: 200}
	}
}

func (w *world) random(parts ...string) *rand.Rand {
	hash := fnv.New64a()
	for _, part := range parts {
		_, _ = hash.Write([]byte(part + "\x00")) // it never fails
	}
	return rand.New(rand.NewPCG(w.seed, hash.Sum64())) //nolint:gosec // it must be repeatable
}

// eventType picks a type for an event.
func (w *world) eventType(random *rand.Rand) string {
	switch chance := random.Float64(); {
	case chance < w.limitedShare:
		return "limited.reached"
	case chance < w.limitedShare+0.04:
		return "stubborn.asked"
	case chance < w.limitedShare+0.08:
		return "gone.left"
	case chance < w.limitedShare+0.13:
		return "other"
	default:
		return "order.paid"
	}
}

// payload is JSON that doesn't survive being decoded and encoded again.
func payload(random *rand.Rand, nonce string) string {
	return fmt.Sprintf(`{"n":%q,  "big": 123456789012345678901234567890.10, "z":"\u00fc\/", "pad":%q }`, nonce, strings.Repeat("x", random.IntN(600)))
}
