package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// receiver takes the requests of all webhooks, one path each. It knows the
// engine only by what arrives: it verifies each signature by itself.
type receiver struct {
	listener net.Listener
	server   *http.Server
	done     chan struct{}

	mu    sync.Mutex
	paths map[string]*path
	// data is what was published, byte for byte.
	data map[string]bool
}

// path is what the receiver expects of one webhook, and what came.
type path struct {
	format, secret string
	// refusals is how often each event is refused before it is taken.
	refusals int
	refused  map[string]int
	verified int
	// intact counts the bodies whose data is the published bytes unchanged.
	intact int
}

func startReceiver(ctx context.Context) (*receiver, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the receiver: %w", err)
	}
	r := &receiver{listener: listener, done: make(chan struct{}), paths: map[string]*path{}, data: map[string]bool{}}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(r.done)
		_ = r.server.Serve(listener) // ends when the receiver is closed
	}()
	return r, nil
}

func (r *receiver) address() string { return r.listener.Addr().String() }

func (r *receiver) expect(name, format, secret string, refusals int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths["/"+name] = &path{format: format, secret: secret, refusals: refusals, refused: map[string]int{}}
}

// published tells the receiver which data to look for.
func (r *receiver) published(data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.data[string(data)] = true
}

// ServeHTTP verifies a request and answers 200, or 401 if its signature is
// wrong, or 503 while it plays unsteady.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, 4<<20))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p, known := r.paths[request.URL.Path]
	if !known {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	verified, err := signature.Verify(p.format, []string{p.secret}, request.Header, body, time.Now(), signature.WithURL("http://"+request.Host+request.RequestURI))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	event := verified.ID
	if event == "" {
		event = string(body)
	}
	if _, isRefused := p.refused[event]; !isRefused && len(p.refused) < refusedEvents {
		p.refused[event] = 0
	}
	if count, isRefused := p.refused[event]; isRefused && count < p.refusals {
		p.refused[event]++
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	p.verified++
	if r.holdsData(body) {
		p.intact++
	}
	_, _ = io.WriteString(w, "ok") // the sender sees whether this arrived
}

// holdsData reports whether the body, or its data, is what was published. The raw
// message keeps the bytes as they came.
func (r *receiver) holdsData(body []byte) bool {
	if r.data[string(body)] {
		return true
	}
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	return json.Unmarshal(body, &envelope) == nil && r.data[string(envelope.Data)]
}

// seen returns what came for a webhook.
func (r *receiver) seen(name string) path {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *r.paths["/"+strings.TrimPrefix(name, "/")]
}

func (r *receiver) close() error {
	err := r.server.Close()
	<-r.done
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the receiver: %w", err)
	}
	return nil
}
