package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// replayed lists the hooks that are replayed now and then.
func replayed() []string { return []string{"all", "orders", "stubborn"} }

// replayWish is a replay that somebody asks for, once; and what came of it. Whatever is
// over is wanted.
type replayWish struct {
	Hook    string    `json:"hook"`
	After   time.Time `json:"after,omitzero"`
	Begun   time.Time `json:"begun"`
	Outcome outcome   `json:"outcome,omitempty"`
	ID      string    `json:"id,omitempty"`
}

// replayer asks for replays until it is told to stop.
type replayer struct {
	world   *world
	journal *journal
	server  *server
	ids     map[string]string // of the hooks

	mu     sync.Mutex
	wishes []*replayWish
}

// ask asks for one replay after the other, until ctx ends.
func (r *replayer) ask(ctx context.Context) error {
	random := r.world.random("replays")
	for ctx.Err() == nil {
		const longest = 300 * time.Millisecond
		pause(ctx, time.Duration(random.Int64N(int64(longest))))
		wish := r.wish(random)
		if err := r.journal.write(wish, true); err != nil {
			return err
		}
		came, id := r.post(ctx, wish)
		r.mu.Lock()
		wish.Outcome, wish.ID = came, id
		r.mu.Unlock()
		if err := r.journal.write(wish, false); err != nil {
			return err
		}
	}
	return nil
}

// wish makes up a replay: of everything, or of what was made lately.
func (r *replayer) wish(random *rand.Rand) *replayWish {
	names := replayed()
	wish := &replayWish{Hook: names[random.IntN(len(names))], Begun: time.Now()}
	if random.IntN(3) == 0 {
		const longest = 5 * time.Second
		wish.After = wish.Begun.Add(-time.Millisecond - time.Duration(random.Int64N(int64(longest)))).UTC().Truncate(time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wishes = append(r.wishes, wish)
	return wish
}

func (r *replayer) post(ctx context.Context, wish *replayWish) (outcome, string) {
	after := ""
	if !wish.After.IsZero() {
		after = fmt.Sprintf(`, "after": %q`, wish.After.Format(time.RFC3339Nano))
	}
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	status, text, err := r.server.call(limited, http.MethodPost, "/v1/webhooks/"+r.ids[wish.Hook]+"/replays", `{"statuses": ["succeeded", "exhausted"]`+after+`}`, "")
	switch {
	case err != nil, status >= 500:
		return unknown, ""
	case status >= 400:
		return rejected, "" // another one is running
	}
	var answer struct{ Data struct{ ID string } }
	if json.Unmarshal([]byte(text), &answer) != nil {
		return unknown, ""
	}
	return acknowledged, answer.Data.ID
}

// areOver reports whether no replay is running.
func (r *replayer) areOver(ctx context.Context) (bool, error) {
	for _, name := range replayed() {
		status, text, err := r.server.call(ctx, http.MethodGet, "/v1/webhooks/"+r.ids[name]+"/replays?limit=1", "", "")
		if err != nil || status != http.StatusOK {
			return false, errors.Join(err, fmt.Errorf("looking at replays: status %d: %s", status, text))
		}
		var answer struct{ Data []struct{ Status string } }
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			return false, fmt.Errorf("looking at replays: %w", err)
		}
		if len(answer.Data) > 0 && answer.Data[0].Status == "running" {
			return false, nil
		}
	}
	return true, nil
}
