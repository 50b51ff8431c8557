package hostile_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/posthorn/posthorn/internal/hostile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Invariant: what a choice says of itself can be read again, arguments included.
func TestChoicesAreReadAsWritten(t *testing.T) {
	t.Parallel()
	choices, err := hostile.Parse("ok, status=503,slow-body,retry-after=-1")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, choice := range choices {
		texts = append(texts, choice.String())
	}
	if want := []string{"ok", "status=503", "slow-body=1s", "retry-after=-1"}; !slices.Equal(texts, want) {
		t.Errorf("got %q, want %q", texts, want)
	}
}

// Invariant: a choice that makes no sense is refused, and the error names it.
func TestChoicesWithoutSense(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "no behaviour",
		"nonsense":                  `"nonsense"`,
		"ok=1":                      "takes no argument",
		"delay=soon":                `"soon"`,
		"delay=-1s":                 `"-1s"`,
		"many-headers=0":            `"0"`,
		"endless-informational=200": `"200"`,
		"status=200\r\nX: y":        "one line",
		"ok,refuse":                 "stand alone",
		"tls-expired,ok":            "stand alone",
	} {
		if _, err := hostile.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// Invariant: behaviours have distinct names that Parse reads, and each says what
// it does.
func TestBehavioursAreNamed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, behaviour := range hostile.Behaviours() {
		if seen[behaviour.Name] || behaviour.Summary == "" {
			t.Errorf("%s is there twice or not explained", behaviour.Name)
		}
		seen[behaviour.Name] = true
		if _, err := hostile.Parse(behaviour.Name); err != nil {
			t.Error(err)
		}
	}
}

// Invariant: requests meet the behaviours in turn, on one connection too, and
// what arrived is told whole.
func TestBehavioursTakeTurns(t *testing.T) {
	t.Parallel()
	arrivals := make(chan hostile.Arrival, 10)
	receiver := listen(t, "ok,status=503,status=404", func(a hostile.Arrival) { arrivals <- a })
	conn, err := net.Dial("tcp", receiver.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for _, want := range []int{200, 503, 404, 200} {
		if _, err := io.WriteString(conn, "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		arrival := <-arrivals
		if response.StatusCode != want || string(arrival.Body) != "body" || arrival.Request.URL.RequestURI() != "/a?b=c" {
			t.Errorf("status %d, want %d; arrived %q", response.StatusCode, want, arrival.Body)
		}
	}
}

// Invariant: closing ends every behaviour, those too that would go on for ever
// and those that wait for the other side.
func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	for _, behaviour := range hostile.Behaviours() {
		if behaviour.Name == "refuse" {
			continue
		}
		arrived := make(chan struct{}, 1)
		receiver := listen(t, behaviour.Name, func(hostile.Arrival) { arrived <- struct{}{} })
		conn, err := net.Dial("tcp", receiver.Address())
		if err != nil {
			if !strings.HasSuffix(behaviour.Name, "-at-once") { // those may be faster than the dialling
				t.Errorf("%s: %v", behaviour.Name, err)
			}
			continue
		}
		// It may be reset already; nothing depends on it.
		_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
		if !strings.HasPrefix(behaviour.Name, "tls-") {
			<-arrived
		}
		if err := receiver.Close(); err != nil {
			t.Errorf("%s: %v", behaviour.Name, err)
		}
		_ = conn.Close()
	}
}

func listen(t *testing.T, chaos string, arrived func(hostile.Arrival)) *hostile.Receiver {
	t.Helper()
	choices, err := hostile.Parse(chaos)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := hostile.Listen(t.Context(), hostile.Options{Address: "127.0.0.1:0", Choices: choices, Arrived: arrived, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := receiver.Close(); err != nil {
			t.Error(err)
		}
	})
	return receiver
}
