package benchmark

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// receiving is what the receiver is told at its start.
type receiving struct {
	// Certificate and Key, in PEM, make it speak TLS.
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
	HTTP2       bool   `json:"http2"`
	// Neighbours is how many further addresses it has, each for a webhook that is slow or
	// never answers.
	Neighbours int `json:"neighbours"`
}

// The first letter of a path says how a request is taken: those at hangingPath are
// never answered, those at slowPath after about slowAnswer, and those at backlogPath are
// counted apart from all others.
const (
	usualPath   = "/usual/"
	backlogPath = "/backlog/"
	hangingPath = "/hanging/"
	slowPath    = "/slow/"
)

const slowAnswer = 5 * time.Second

// tally is what arrived in one of the two kinds. Times are nanoseconds since 1970.
type tally struct {
	count     atomic.Int64
	fresh     atomic.Int64
	first     atomic.Int64
	last      atomic.Int64
	latencies histogram
}

// arrivals is a tally as it is reported.
type arrivals struct {
	Count     int64        `json:"count"`
	First     int64        `json:"first"`
	Last      int64        `json:"last"`
	Latencies distribution `json:"latencies,omitempty"`
}

// perSecond counts arrivals between the first and the last.
func (a arrivals) perSecond() float64 {
	if a.Last <= a.First {
		return 0
	}
	return float64(a.Count-1) / time.Duration(a.Last-a.First).Seconds()
}

// seen is what arrived in both kinds.
type seen struct {
	Usual   arrivals `json:"usual"`
	Backlog arrivals `json:"backlog"`
}

type tallies struct{ usual, backlog tally }

func (t *tally) add(body []byte, now time.Time) {
	t.first.CompareAndSwap(0, now.UnixNano())
	t.last.Store(now.UnixNano())
	if from := publishedAt(body); !from.IsZero() {
		t.latencies.add(now.Sub(from))
		t.fresh.Add(1)
	}
	t.count.Add(1)
}

func (t *tally) report() arrivals {
	return arrivals{Count: t.count.Load(), First: t.first.Load(), Last: t.last.Load(), Latencies: t.latencies.distribution()}
}

// receiver takes requests and notes when they arrive.
type receiver struct {
	receiving
	tallies atomic.Pointer[tallies]
	running sync.WaitGroup
}

// playReceiver is the receiver's process.
func playReceiver(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	r := &receiver{}
	r.tallies.Store(&tallies{})
	defer r.running.Wait()
	defer stop()
	return obey(ctx, in, out, func(orderContext context.Context, o order) (any, error) {
		switch o.Do {
		case "start":
			told, err := read[receiving](o)
			if err != nil {
				return nil, err
			}
			r.receiving = told
			return r.start(ctx)
		case "wait":
			w, err := read[waiting](o)
			if err != nil {
				return nil, err
			}
			return "", r.wait(orderContext, w)
		case "report":
			t := r.tallies.Load()
			return seen{Usual: t.usual.report(), Backlog: t.backlog.report()}, nil
		case "reset":
			r.tallies.Store(&tallies{})
			return "", nil
		default:
			return nil, unknown(o)
		}
	})
}

// waiting asks for so many arrivals of each kind. It fails when nothing arrives for
// as long as Patience.
type waiting struct {
	Usual   int64 `json:"usual"`
	Backlog int64 `json:"backlog"`
	// Fresh are those of the backlog's kind that say when they were published.
	Fresh    int64         `json:"fresh"`
	Patience time.Duration `json:"patience"`
}

func (r *receiver) wait(ctx context.Context, w waiting) error {
	const every = 2 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	before, since := int64(-1), time.Now()
	for {
		t := r.tallies.Load()
		usual, backlog := t.usual.count.Load(), t.backlog.count.Load()
		if usual >= w.Usual && backlog >= w.Backlog && t.backlog.fresh.Load() >= w.Fresh {
			return nil
		}
		if now := time.Now(); usual+backlog != before {
			before, since = usual+backlog, now
		} else if now.Sub(since) > w.Patience {
			return fmt.Errorf("%d of %d deliveries arrived, and none for %v", usual+backlog, w.Usual+w.Backlog+w.Fresh, w.Patience)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// start returns the receiver's address. It runs until ctx ends.
func (r *receiver) start(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	address := listener.Addr().String()
	if r.Certificate != "" {
		certificate, err := tls.X509KeyPair([]byte(r.Certificate), []byte(r.Key))
		if err != nil {
			return "", fmt.Errorf("reading the certificate: %w", err)
		}
		settings := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		if r.HTTP2 {
			r.serveHTTP2(ctx, listener, settings)
			return address, nil
		}
		listener = tls.NewListener(listener, settings)
	}
	r.accept(ctx, listener)
	return address, r.startNeighbours(ctx, address)
}

// startNeighbours listens where webhooks hang: each has a host of its own, as in
// life, for all of 127.0.0.0/8 is this machine.
func (r *receiver) startNeighbours(ctx context.Context, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listening for neighbours: %w", err)
	}
	for i := range r.Neighbours {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", neighbour(i, port))
		if err != nil {
			return fmt.Errorf("listening for a neighbour: %w", err)
		}
		r.accept(ctx, listener)
	}
	return nil
}

func neighbour(i int, port string) string {
	const each = 250
	return fmt.Sprintf("127.0.%d.%d:%s", 1+i/each, 1+i%each, port)
}
