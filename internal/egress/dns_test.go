package egress

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
)

// DNS response codes (RFC 1035, section 4.1.1).
const (
	dnsServerFailure = 2
	dnsNameError     = 3
)

// nameServer answers questions for addresses in memory. Each name has its
// answers in turn; the last one stays.
type nameServer struct {
	mu      sync.Mutex
	answers map[string][][]string
	failing bool
}

func (n *nameServer) resolver(t testing.TB) *net.Resolver {
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		serving.Go(func() {
			defer theirs.Close()
			n.serve(theirs)
		})
		return ours, nil
	}}
}

// serve speaks DNS over a stream: each message follows its length.
func (n *nameServer) serve(conn net.Conn) {
	for {
		length := make([]byte, 2)
		if _, err := io.ReadFull(conn, length); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		reply := n.reply(query)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func (n *nameServer) reply(query []byte) []byte {
	var labels []string
	end := 12
	for query[end] != 0 {
		size := int(query[end])
		labels = append(labels, string(query[end+1:end+1+size]))
		end += 1 + size
	}
	end += 5
	isIPv4 := query[end-3] == 1
	addresses, code := n.lookUp(strings.Join(labels, "."), isIPv4)
	reply := append([]byte{query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, byte(len(addresses)), 0, 0, 0, 0}, query[12:end]...)
	for _, address := range addresses {
		data := address.AsSlice()
		reply = append(reply, 0xc0, 12, query[end-4], query[end-3], 0, 1, 0, 0, 0, 0, 0, byte(len(data)))
		reply = append(reply, data...)
	}
	return reply
}

func (n *nameServer) lookUp(name string, isIPv4 bool) ([]netip.Addr, byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	turns := n.answers[name]
	switch {
	case n.failing:
		return nil, dnsServerFailure
	case len(turns) == 0:
		return nil, dnsNameError
	case !isIPv4:
		return nil, 0
	}
	if len(turns) > 1 {
		n.answers[name] = turns[1:]
	}
	return addresses(turns[0]...), 0
}

// listenOn opens the same port on two loopback addresses and counts what
// arrives on the second, forbidden one.
func listenOn(t *testing.T, handler http.HandlerFunc) (string, func() bool) {
	t.Helper()
	receiver := newReceiver(t, handler)
	_, port, err := net.SplitHostPort(receiver.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	forbidden, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Skipf("no second loopback address here: %v", err)
	}
	reached := make(chan bool, 1)
	go func() {
		conn, err := forbidden.Accept()
		if err == nil {
			_ = conn.Close()
		}
		reached <- err == nil
	}()
	closeAndTell := sync.OnceValue(func() bool {
		_ = forbidden.Close()
		return <-reached
	})
	t.Cleanup(func() { closeAndTell() })
	return port, closeAndTell
}

// Invariant: the address that counts is the one being dialled, at every dial:
// not an earlier answer, nor another address of the same name.
func TestNamesThatChangeTheirMind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers [][]string
		reasons []posthorn.Reason
	}{
		"forbidden":      {[][]string{{"127.0.0.2"}}, []posthorn.Reason{posthorn.ReasonAddressForbidden}},
		"rebinding":      {[][]string{{"127.0.0.1"}, {"127.0.0.2"}}, []posthorn.Reason{posthorn.ReasonSuccess, posthorn.ReasonAddressForbidden}},
		"mixed":          {[][]string{{"127.0.0.2", "127.0.0.1"}}, []posthorn.Reason{posthorn.ReasonSuccess}},
		"metadata":       {[][]string{{"169.254.169.254"}}, []posthorn.Reason{posthorn.ReasonAddressForbidden}},
		"first one dead": {[][]string{{"127.0.0.3", "127.0.0.1"}}, []posthorn.Reason{posthorn.ReasonSuccess}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, forbiddenReached := listenOn(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
			names := &nameServer{answers: map[string][][]string{"hooks.test": test.answers}}
			sender := newSender(t, Options{Resolver: names.resolver(t), Allow: prefixes("127.0.0.1/32", "127.0.0.3/32")})
			request := requestTo("http://hooks.test:" + port + "/")
			request.EnvironmentKind = posthorn.Production
			for _, want := range test.reasons {
				outcome := sender.Send(t.Context(), request)
				wantReason(t, outcome, want)
				if outcome.Timings.DNS <= 0 {
					t.Errorf("no timing of DNS: %+v", outcome.Timings)
				}
				if strings.Contains(outcome.Detail, "127.") || strings.Contains(outcome.Detail, "169.") {
					t.Errorf("detail %q tells an inner address", outcome.Detail)
				}
			}
			if forbiddenReached() {
				t.Error("the forbidden address was connected to")
			}
		})
	}
}

// Invariant: every forbidden address is answered in the same words.
func TestForbiddenAddressesLookAlike(t *testing.T) {
	t.Parallel()
	names := &nameServer{answers: map[string][][]string{"a.test": {{"127.0.0.1"}}, "b.test": {{"10.0.0.1"}}, "c.test": {{"169.254.169.254"}}}}
	sender := newSender(t, Options{Resolver: names.resolver(t)})
	details := map[string]bool{}
	for _, host := range []string{"a.test:1", "b.test", "c.test:8080", "127.0.0.1:1", "[::1]:22", "[fe80::1%25lo]", "1.1.1.1:25", "127.0.0.1:6379"} {
		request := requestTo("https://" + host + "/")
		request.EnvironmentKind = posthorn.Production
		outcome := sender.Send(t.Context(), request)
		wantReason(t, outcome, posthorn.ReasonAddressForbidden)
		details[outcome.Detail] = true
	}
	if len(details) != 1 {
		t.Errorf("different words: %v", details)
	}
}

// Invariant: whether something listens at a forbidden address, hangs there or is not
// there at all can't be told from anything in the outcome: nothing is ever sent there,
// so that no time can tell it either.
func TestForbiddenAddressesAreNotTouched(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	listening := newRawReceiver(t, func(net.Conn) { connections.Add(1) })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := "http://" + closed.Addr().String() + "/"
	_ = closed.Close()
	names := &nameServer{answers: map[string][][]string{"inside.test": {{"127.0.0.1"}}}}
	sender := newSender(t, Options{Resolver: names.resolver(t), Ports: [][2]uint16{{1, 65535}}})
	send := func(url string, kind posthorn.EnvironmentKind) posthorn.Outcome {
		request := requestTo(url)
		request.EnvironmentKind = kind
		return sender.Send(t.Context(), request)
	}
	for _, pair := range [][2]string{
		{listening, refusing},
		{strings.Replace(listening, "127.0.0.1", "inside.test", 1), strings.Replace(refusing, "127.0.0.1", "inside.test", 1)},
		{listening, "http://10.255.255.1:81/"}, // where packets are swallowed
	} {
		var seen [2]posthorn.Outcome
		for i, url := range pair {
			seen[i] = send(url, posthorn.Production)
			seen[i].Timings = posthorn.Timings{}
			wantReason(t, seen[i], posthorn.ReasonAddressForbidden)
		}
		if difference := cmp.Diff(seen[0], seen[1]); difference != "" {
			t.Errorf("%v can be told apart: %s", pair, difference)
		}
	}
	if got := connections.Load(); got != 0 {
		t.Errorf("%d connections came to a forbidden address", got)
	}
	_ = send(listening, posthorn.Development) // which may
	if connections.Load() == 0 {
		t.Error("the receiver counts nothing: this test shows nothing")
	}
}

// Invariant: a name that doesn't exist and name servers that fail are told
// apart.
func TestNamesThatDoNotResolve(t *testing.T) {
	t.Parallel()
	request := requestTo("http://hooks.test/")
	absent := &nameServer{}
	wantReason(t, newSender(t, Options{Resolver: absent.resolver(t)}).Send(t.Context(), request), posthorn.ReasonDNSNotFound)
	failing := &nameServer{failing: true}
	wantReason(t, newSender(t, Options{Resolver: failing.resolver(t)}).Send(t.Context(), request), posthorn.ReasonDNSError)
	silent := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	request.Timeout = posthorn.MinTimeout
	wantReason(t, newSender(t, Options{Resolver: silent}).Send(t.Context(), request), posthorn.ReasonDNSError)
}
