package door

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const elsewhere = "POST /elsewhere HTTP/1.1\r\nHost: x\r\n"

// Invariant: whoever is refused before its body has come is answered within a second or
// so, and then let go, though the body never comes.
func TestRefusalsDoNotWaitForBodies(t *testing.T) {
	t.Parallel()
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	for _, head := range []string{events, elsewhere} {
		inTime(t, refuse, func(t *testing.T, client net.Conn) {
			if _, err := io.WriteString(client, head+"Content-Length: 5\r\n\r\nhe"); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			answer := make([]byte, bufferSize)
			n, err := client.Read(answer)
			if took := time.Since(begun); err != nil || took > 2*refusalPatience {
				t.Errorf("answered after %v: %v", took, err)
			}
			if text := string(answer[:n]); !strings.Contains(text, " 401 ") || !strings.Contains(text, "\r\nConnection: close\r\n") {
				t.Errorf("answered with %q", text)
			}
			_, _ = io.Copy(io.Discard, client)
			if took := time.Since(begun); took > 3*refusalPatience {
				t.Errorf("let go after %v", took)
			}
		})
	}
}

// placedServer serves one connection that has a place, in memory and fake time; a test
// gets the client's end of it.
func placedServer(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, client net.Conn, place *placed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := build(t, handler, patient)
		ours, theirs := net.Pipe()
		limited := NewLimited(Limit{Most: 1, Now: time.Now})
		place, l, served := limited.admit(theirs), newHanded(), make(chan struct{})
		go func() {
			_ = s.Serve(l)
			close(served)
		}()
		l.connections <- place
		test(t, ours, place)
		_ = ours.Close()
		_ = s.Close()
		<-served
	})
}

// Invariant: what comes on a connection whose place was taken meanwhile is not done, on
// both ways, with a body and without: nobody could be answered.
func TestNothingIsDoneWithoutAPlace(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string][2]string{
		"whole":                 {"", plain},
		"a body":                {strings.TrimSuffix(plain, "lo"), "lo"},
		"ordinary":              {"", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
		"ordinary, a head":      {"GET / HTTP/1.1\r\n", "Host: x\r\n\r\n"},
		"ordinary, a body":      {elsewhere + "Content-Length: 5\r\n\r\nhel", "lo"},
		"ordinary, chunks":      {elsewhere + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", "0\r\n\r\n"},
		"ordinary, not a body":  {"", "DELETE / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"},
		"ordinary, second head": {"GET /first HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	} {
		for _, isTaken := range []bool{false, true} {
			done := 0
			handler := func(_ http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodDelete {
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						return
					}
				}
				if r.URL.Path != "/first" {
					done++
				}
			}
			placedServer(t, handler, func(t *testing.T, client net.Conn, place *placed) {
				go func() { _, _ = io.Copy(io.Discard, client) }()
				if _, err := io.WriteString(client, parts[0]); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if isTaken && place.limited.evict() != place {
					t.Fatalf("%s: the place can't be taken", name)
				}
				// The connection is still open: whoever takes a place closes it afterwards.
				if _, err := io.WriteString(client, parts[1]); err != nil && !errors.Is(err, io.ErrClosedPipe) {
					t.Fatal(err)
				}
				synctest.Wait()
			})
			if (done == 0) != isTaken {
				t.Errorf("%s: done %d times, the place was taken: %t", name, done, isTaken)
			}
		}
	}
}

// Invariant: a connection that is idle after a large answer doesn't keep it.
func TestLargeAnswersAreForgotten(t *testing.T) {
	t.Parallel()
	large := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(make([]byte, 40*maxKept))
	}
	inTimeWith(t, large, func(t *testing.T, client net.Conn, s *Server) {
		if _, err := io.WriteString(client, plain); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, response.Body); err != nil || n != 40*maxKept {
			t.Errorf("%d bytes came: %v", n, err)
		}
		_ = response.Body.Close() // it was read
		synctest.Wait()
		for c := range s.connections {
			if kept := cap(c.answer.body) + cap(c.answer.message); kept > maxKept {
				t.Errorf("%d bytes are kept", kept)
			}
		}
		if len(s.connections) != 1 {
			t.Errorf("%d connections are open", len(s.connections))
		}
	})
}

// Invariant: a request that is done keeps its place meanwhile, also if it has a body that
// nobody reads.
func TestRequestsKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"plain": plain, "ordinary": elsewhere + "Content-Length: 5\r\n\r\nhello", "no body": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"not a body": "DELETE / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel",
	} {
		var inside chan struct{}
		handler := func(_ http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodDelete {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			inside <- struct{}{}
		}
		placedServer(t, handler, func(t *testing.T, client net.Conn, place *placed) {
			inside = make(chan struct{})
			go func() { _, _ = io.Copy(io.Discard, client) }()
			if _, err := io.WriteString(client, text); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if place.limited.evict() != nil {
				t.Errorf("%s: the place was taken", name)
			}
			<-inside
		})
	}
}

// Invariant: who comes with a request, as far as it has come, is waited for since then,
// and not since the request before it.
func TestRequestsThatBeginAreNotOld(t *testing.T) {
	t.Parallel()
	placedServer(t, answerAtOnce, func(t *testing.T, client net.Conn, place *placed) {
		exchange(t, client, plain)
		<-time.After(10 * time.Second)
		if _, err := io.WriteString(client, events); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if since := time.Unix(0, place.waiting.Load()); !since.Equal(time.Now()) {
			t.Errorf("it is waited for since %v, want %v", since, time.Now())
		}
	})
}
