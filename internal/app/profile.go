package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"
)

// profiles gives profiles of the process to whoever is on this machine. A nil one
// does nothing.
type profiles struct {
	listener net.Listener
	server   *http.Server
	running  sync.WaitGroup
}

// newProfiles takes the port; an empty address means nobody wants profiles.
func newProfiles(ctx context.Context, address string) (*profiles, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // nobody wants any
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s for profiles: %w; choose another address with --profile-listen", address, err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /debug/pprof/", pprof.Index)
	routes.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	routes.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	routes.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	routes.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return &profiles{listener: listener, server: &http.Server{Handler: onlyByAddress(routes), ReadHeaderTimeout: 5 * time.Second}}, nil
}

// onlyByAddress refuses requests for a name other than localhost: a page in a
// browser on this machine could otherwise have its own name lead here.
func onlyByAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host != "localhost" && net.ParseIP(host) == nil {
			http.Error(w, "ask by address: 127.0.0.1 or [::1]", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve answers until close.
func (p *profiles) serve() {
	if p == nil {
		return
	}
	p.running.Go(func() { _ = p.server.Serve(p.listener) }) // close ends it; the server goes on without profiles if it fails
}

// close cuts off whoever is asking.
func (p *profiles) close() error {
	if p == nil {
		return nil
	}
	_ = p.listener.Close() // it is closed already where serve has run
	if err := p.server.Close(); err != nil {
		return fmt.Errorf("closing the profiles: %w", err)
	}
	p.running.Wait()
	return nil
}
