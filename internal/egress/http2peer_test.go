package egress

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// http2Peer speaks HTTP/2 frame by frame, so that it can say what no library
// would.
type http2Peer struct {
	root     *authority
	url      string
	settings []http2.Setting
	config   *tls.Config
	request  func(c *http2Conn, stream uint32, path string) error
	// requests and connections count what came.
	requests, connections atomic.Int64
	serving               sync.WaitGroup
	// over is closed at the test's end, and with it what is open.
	over chan struct{}
}

// http2Conn is one connection to the peer.
type http2Conn struct {
	*http2.Framer
	// number counts connections from 1.
	number int64
}

// newHTTP2Peer calls serve for each request that has arrived; what it returns
// ends the connection unless it is nil.
func newHTTP2Peer(t testing.TB, serve func(c *http2Conn, stream uint32, path string) error, settings ...http2.Setting) *http2Peer {
	t.Helper()
	peer := makeHTTP2Peer(t, serve, settings...)
	peer.url = "https" + strings.TrimPrefix(newRawReceiver(t, peer.serve), "http")
	t.Cleanup(func() { close(peer.over) })
	return peer
}

// makeHTTP2Peer makes one that listens nowhere: its serve is given connections.
func makeHTTP2Peer(t testing.TB, respond func(c *http2Conn, stream uint32, path string) error, settings ...http2.Setting) *http2Peer {
	t.Helper()
	peer := &http2Peer{root: newAuthority(t, nil), settings: settings, over: make(chan struct{}), request: respond}
	peer.config = &tls.Config{Certificates: []tls.Certificate{serverCertificate(t, peer.root, nil)}, NextProtos: []string{"h2"}}
	return peer
}

func (x *http2Peer) serve(raw net.Conn) {
	conn := tls.Server(raw, x.config)
	x.serving.Add(1)
	defer x.serving.Done()
	ended := make(chan struct{})
	var closing sync.WaitGroup
	defer closing.Wait()
	defer close(ended)
	closing.Go(func() {
		select {
		case <-x.over:
		case <-ended:
		}
		_ = conn.Close() // serving it ends, or has
	})
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	c := &http2Conn{Framer: http2.NewFramer(conn, conn), number: x.connections.Add(1)}
	c.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if c.WriteSettings(x.settings...) != nil {
		return
	}
	paths := map[uint32]string{}
	for {
		frame, err := c.ReadFrame()
		if err != nil {
			return
		}
		if headers, ok := frame.(*http2.MetaHeadersFrame); ok {
			paths[headers.StreamID] = headers.PseudoValue("path")
		}
		if err := c.respond(frame); err != nil {
			return
		}
		if frame.Header().Flags.Has(http2.FlagDataEndStream) && frame.Header().Type == http2.FrameData {
			x.requests.Add(1)
			if x.request(c, frame.Header().StreamID, paths[frame.Header().StreamID]) != nil {
				return
			}
		}
	}
}

// respond says what the protocol demands.
func (c *http2Conn) respond(frame http2.Frame) error {
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if !frame.IsAck() {
			return c.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !frame.IsAck() {
			return c.WritePing(true, frame.Data)
		}
	}
	return nil
}

// answer sends a response without a body.
func (c *http2Conn) answer(stream uint32, status int) error {
	return c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: headerBlock(":status", strconv.Itoa(status)), EndStream: true, EndHeaders: true})
}

func headerBlock(pairs ...string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := 0; i < len(pairs); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}) // a buffer takes everything
	}
	return block.Bytes()
}
