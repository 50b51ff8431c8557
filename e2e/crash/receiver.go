package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// receiver answers as the world says, and notes what came.
type receiver struct {
	world   *world
	journal *journal
	server  *httptest.Server

	mu       sync.Mutex
	before   map[string]int
	isCalm   bool
	receipts []*receipt
	// intended finds what a publisher meant to send under a nonce.
	intended func(nonce string) (data string, found bool)
}

func startReceiver(w *world, j *journal, intended func(string) (string, bool)) *receiver {
	r := &receiver{world: w, journal: j, before: map[string]int{}, intended: intended}
	r.server = httptest.NewServer(r)
	return r
}

var nonceOf = regexp.MustCompile(`"n":"([^"]+)"`)

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(io.LimitReader(in.Body, 1<<20))
	if err != nil {
		return // the sender died before it had sent the request
	}
	got := &receipt{Hook: strings.TrimPrefix(in.URL.Path, "/"), ID: in.Header.Get("webhook-id"), At: at}
	if match := nonceOf.FindSubmatch(body); match != nil {
		got.Nonce = string(match[1])
	}
	got.Problem = r.inspect(got, in, body, at)
	decided := r.decide(got)
	r.mu.Lock()
	r.receipts = append(r.receipts, got)
	r.mu.Unlock()
	written := give(decided, out, in)
	r.mu.Lock()
	got.Status, got.RetryAfter, got.Written, got.Reset = decided.status, decided.retryAfter, written, decided.kind == answerReset
	line := *got
	r.mu.Unlock()
	_ = r.journal.write(line, false) // evidence for people; the check reads the memory of this process
}

// decide counts the request and says how to answer it.
func (r *receiver) decide(got *receipt) answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := got.Hook + " " + got.Nonce
	before := r.before[place]
	r.before[place]++
	if r.isCalm {
		return answer{status: http.StatusOK}
	}
	return r.world.answer(got.Hook, got.Nonce, before)
}

// calm ends all faults: from now on every answer is good.
func (r *receiver) calm() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCalm = true
}

// inspect says what is wrong with a request.
func (r *receiver) inspect(got *receipt, in *http.Request, body []byte, at time.Time) string {
	h, found := r.world.hook(got.Hook)
	if !found {
		return "no such hook"
	}
	const tolerance = 5 * time.Second
	verified, err := signature.Verify("standard", []string{h.secret}, in.Header, body, at, signature.WithTolerance(tolerance))
	if err != nil {
		return fmt.Sprintf("signature: %v", err)
	}
	if verified.ID != got.ID {
		return "the signed id is another"
	}
	if data, found := r.intended(got.Nonce); found && !strings.HasSuffix(string(body), `"data":`+data+`}`) {
		return "the data is not byte for byte what was published"
	}
	return ""
}

// give answers, and reports whether the whole answer was handed over to a sender who
// was still there.
func give(a answer, out http.ResponseWriter, in *http.Request) bool {
	switch a.kind {
	case answerReset:
		reset(out)
		return false
	case answerNever:
		wait(in, 3*attemptTimeout)
		panic(http.ErrAbortHandler)
	case answerSlowly:
		wait(in, a.delay)
	case answerAtOnce:
	}
	if a.retryAfter > 0 {
		out.Header().Set("Retry-After", strconv.Itoa(int(a.retryAfter/time.Second)))
	}
	wasThere := in.Context().Err() == nil // afterwards it may have gone with the answer
	out.WriteHeader(a.status)
	return http.NewResponseController(out).Flush() == nil && wasThere
}

func wait(in *http.Request, longest time.Duration) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-in.Context().Done():
	}
}

// reset breaks the connection off.
func reset(out http.ResponseWriter) {
	connection, _, err := http.NewResponseController(out).Hijack()
	if err != nil {
		return
	}
	if tcp, is := connection.(*net.TCPConn); is {
		_ = tcp.SetLinger(0) // else it would end politely
	}
	_ = connection.Close()
}

// all returns copies of the receipts.
func (r *receiver) all() []receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	receipts := make([]receipt, len(r.receipts))
	for i, got := range r.receipts {
		receipts[i] = *got
	}
	return receipts
}
