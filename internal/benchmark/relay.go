package benchmark

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// relaying is what the null relay is told at its start.
type relaying struct {
	To destination `json:"to"`
	// IsSpread says that an event goes to one webhook, by the number of its type, and
	// not to all.
	IsSpread bool `json:"isSpread"`
	// AnswersFirst makes it answer before it delivers, from a queue in memory.
	AnswersFirst bool `json:"answersFirst"`
	// Senders bounds the requests under way.
	Senders int `json:"senders"`
}

// relay passes events on.
type relay struct {
	relaying
	sender *direct
	places chan struct{}
	queue  chan parcel
}

// parcel is one event on its way to one webhook.
type parcel struct {
	webhook int
	body    []byte
}

// playRelay is the null relay's process.
func playRelay(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	return obey(ctx, in, out, func(_ context.Context, o order) (any, error) {
		if o.Do != "start" {
			return nil, unknown(o)
		}
		told, err := read[relaying](o)
		if err != nil {
			return nil, err
		}
		return startRelay(ctx, told, &running)
	})
}

// startRelay returns the relay's address. It runs until ctx ends.
func startRelay(ctx context.Context, told relaying, running *sync.WaitGroup) (string, error) {
	sender, err := newDirect(told.To)
	if err != nil {
		return "", err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	const waiting = 10_000
	r := &relay{relaying: told, sender: sender, places: make(chan struct{}, told.Senders), queue: make(chan parcel, waiting)}
	if told.AnswersFirst {
		for range told.Senders {
			running.Go(func() { r.sendQueued(ctx) })
		}
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // the process ends
	running.Go(func() { _ = server.Serve(listener) })     // until it is closed
	return listener.Addr().String(), nil
}

// ServeHTTP takes an event, or an array of them.
func (r *relay) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	const longest = 16 << 20
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, longest))
	if err == nil {
		err = r.pass(request.Context(), body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"success":true}`) // the publisher notices
}

func (r *relay) pass(ctx context.Context, body []byte) error {
	var events []json.RawMessage
	if len(body) > 0 && body[0] == '[' {
		if err := json.Unmarshal(body, &events); err != nil {
			return fmt.Errorf("reading the batch: %w", err)
		}
	} else {
		events = []json.RawMessage{body}
	}
	parcels := make([]parcel, 0, len(events))
	for _, event := range events {
		if r.IsSpread {
			parcels = append(parcels, parcel{typeNumber(event), event})
			continue
		}
		for i := range r.To.URLs {
			parcels = append(parcels, parcel{i, event})
		}
	}
	switch {
	case r.AnswersFirst:
		return r.enqueue(ctx, parcels)
	case len(parcels) == 1:
		return r.sender.deliver(ctx, parcels[0].webhook, parcels[0].body)
	default:
		return r.sendTogether(ctx, parcels)
	}
}

func (r *relay) enqueue(ctx context.Context, parcels []parcel) error {
	for _, p := range parcels {
		select {
		case r.queue <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *relay) sendQueued(ctx context.Context) {
	for {
		select {
		case p := <-r.queue:
			_ = r.sender.deliver(ctx, p.webhook, p.body) // what is missing shows at the receiver
		case <-ctx.Done():
			return
		}
	}
}

// sendTogether delivers several parcels at once, as many as there are places.
func (r *relay) sendTogether(ctx context.Context, parcels []parcel) error {
	var group sync.WaitGroup
	failures := make([]error, len(parcels))
	for i, p := range parcels {
		r.places <- struct{}{}
		group.Go(func() {
			defer func() { <-r.places }()
			failures[i] = r.sender.deliver(ctx, p.webhook, p.body)
		})
	}
	group.Wait()
	return errors.Join(failures...)
}
