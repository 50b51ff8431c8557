package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// publishers publish events until they are told to stop, and try each one again
// under the same key until they know what became of it.
type publishers struct {
	world   *world
	journal *journal
	server  *server

	mu      sync.Mutex
	intents map[string]*intent
}

func (p *publishers) intended(nonce string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	meant, found := p.intents[nonce]
	if !found {
		return "", false
	}
	return meant.Data, true
}

// publish is one publisher's life. When stop ends it makes no new events; when
// ctx ends it gives up those whose fate is unknown.
func (p *publishers) publish(ctx, stop context.Context, number int) error {
	random := p.world.random("publisher", fmt.Sprint(number))
	for n := 0; stop.Err() == nil; n++ {
		meant := p.intend(random, number, n)
		for meant.Outcome != acknowledged && meant.Outcome != rejected && ctx.Err() == nil {
			if err := p.tryOnce(ctx, random, meant); err != nil {
				return err
			}
		}
		pause(stop, time.Duration(random.IntN(int(12*time.Millisecond))))
	}
	return nil
}

// intend makes an event. A third has a key, a third an id, a third both; a few
// are such that the server must refuse them.
func (p *publishers) intend(random *rand.Rand, number, n int) *intent {
	nonce := fmt.Sprintf("p%d-%d", number, n)
	meant := &intent{Nonce: nonce, Type: p.world.eventType(random), Data: payload(random, nonce), Begun: time.Now()}
	if n%3 != 0 {
		meant.GivenID = fmt.Sprintf("given-%d-%s", p.world.seed, nonce)
	}
	if n%3 != 1 {
		meant.Key = "key-" + nonce
	}
	if random.IntN(50) == 0 {
		meant.Type = "no such type!"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.intents[nonce] = meant
	return meant
}

// tryOnce writes down what it is about to do, does it, and writes down what came
// of it. Now and then it doesn't wait for the answer.
func (p *publishers) tryOnce(ctx context.Context, random *rand.Rand, meant *intent) error {
	meant.Tries++
	if err := p.journal.write(meant, true); err != nil {
		return err
	}
	limit := 5 * time.Second
	if random.IntN(30) == 0 {
		limit = time.Duration(random.IntN(int(6 * time.Millisecond)))
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	came, publicID := p.post(limited, meant)
	p.mu.Lock()
	meant.Outcome, meant.PublicID, meant.Ended = came, publicID, time.Now()
	p.mu.Unlock()
	if err := p.journal.write(meant, false); err != nil {
		return err
	}
	if came == unknown {
		pause(ctx, 30*time.Millisecond)
	}
	return nil
}

func (p *publishers) post(ctx context.Context, meant *intent) (outcome, string) {
	body := fmt.Sprintf(`{"type":%q,"data":%s`, meant.Type, meant.Data)
	if meant.GivenID != "" {
		body += fmt.Sprintf(`,"id":%q`, meant.GivenID)
	}
	status, text, err := p.server.call(ctx, http.MethodPost, "/v1/events", body+"}", meant.Key)
	switch {
	case err != nil, status >= 500, status == http.StatusTooManyRequests, status == http.StatusConflict && strings.Contains(text, "idempotency"):
		return unknown, ""
	case status >= 400:
		return rejected, ""
	}
	var answer struct{ Data struct{ ID string } }
	if json.Unmarshal([]byte(text), &answer) != nil {
		return unknown, ""
	}
	return acknowledged, answer.Data.ID
}

func pause(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// read returns a body that is short.
func read(response *http.Response) (string, error) {
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("reading an answer: %w", err)
	}
	return string(text), nil
}
