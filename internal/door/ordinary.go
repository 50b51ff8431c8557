package door

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// refusalPatience is how long a client that was refused before its body had come may
// take to send the rest.
const refusalPatience = time.Second

// placeKey is where the context of an ordinary request has its connection's place.
type placeKey struct{}

// attend makes the ordinary server tell the places of its requests, and bounds how long
// it waits for bodies that nobody wants.
func (s *Server) attend() {
	next := s.Ordinary.Handler
	s.Ordinary.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveOrdinary(next, w, r) })
	s.Ordinary.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, placeKey{}, occupied(conn))
	}
	s.Ordinary.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateIdle {
			occupied(conn).rest(s.Now())
		}
	}
}

// serveOrdinary has a request served unless its place is somebody else's. net/http reads
// what is left of a body before it answers, for as long as its ReadTimeout.
func (s *Server) serveOrdinary(next http.Handler, w http.ResponseWriter, r *http.Request) {
	place, _ := r.Context().Value(placeKey{}).(*placed)
	now := s.Now()
	isWhole := r.Body == http.NoBody || !readsBody(r.Method)
	if !place.wait(now) || isWhole && !place.begin() {
		panic(http.ErrAbortHandler)
	}
	if r.Body == http.NoBody {
		next.ServeHTTP(w, r)
		return
	}
	body := &arriving{ReadCloser: r.Body, place: place}
	replaced := r.WithContext(r.Context()) // net/http looks what kind of body its own request has
	replaced.Body = body
	next.ServeHTTP(w, replaced)
	if !body.hasEnded {
		_ = http.NewResponseController(w).SetReadDeadline(s.Now().Add(refusalPatience)) // else it ends with ReadTimeout
	}
}

// readsBody reports whether handlers read the body of a request with this method before
// they do anything.
func readsBody(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// arriving is the body of an ordinary request.
type arriving struct {
	io.ReadCloser

	place *placed
	// hasEnded reports that nothing more of it can be read.
	hasEnded bool
}

// Read reads on. It returns errClosed instead of the end when the place is somebody
// else's.
func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	a.hasEnded = true
	if err == io.EOF && !a.place.begin() {
		return 0, errClosed
	}
	return n, err //nolint:wrapcheck // as if there were nothing in between
}
