package benchmark

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// The targets: what is measured.
const (
	targetBare       = "bare"
	targetRelay      = "relay"
	targetRelayAsync = "relay-async"
	targetPosthorn   = "posthorn"
)

// Targets returns what can be measured: the baselines, and Posthorn.
func Targets() []string {
	return []string{targetBare, targetRelay, targetRelayAsync, targetPosthorn}
}

// shape is to whom events go.
type shape struct {
	webhooks int
	// isSpread says that each event goes to one webhook, by its type, and not to all.
	isSpread bool
	// concurrency is how many requests a webhook may have under way.
	concurrency int
	isTLS       bool
	isHTTP2     bool
	// neighbours is how many other webhooks there are, at neighbourPath.
	neighbours    int
	neighbourPath string
	// settings are the server's, beside the usual ones.
	settings map[string]string
}

// stage is a target with its receiver and its publisher.
type stage struct {
	*bench
	shape

	target    string
	directory string
	// isKept says that the directory is somebody else's.
	isKept    bool
	receiver  *child
	publisher *child
	// subject is the process that is measured.
	subject *child
	// address is the subject's, receiverAddress the receiver's.
	address         string
	receiverAddress string
	api             api
	webhooks        []string
}

// set puts a target on a stage. An empty directory means that the server gets a new
// one. The stage must be closed.
func (b *bench) set(ctx context.Context, target string, s shape, directory string) (*stage, error) {
	st := &stage{bench: b, shape: s, target: target, directory: directory, isKept: directory != ""}
	if err := st.start(ctx); err != nil {
		return nil, errors.Join(err, st.close())
	}
	return st, nil
}

func (s *stage) start(ctx context.Context) error {
	told := receiving{HTTP2: s.isHTTP2, Neighbours: s.neighbours}
	if s.isTLS {
		told.Certificate, told.Key = s.certificates.certificate, s.certificates.key
	}
	var err error
	if s.receiver, s.receiverAddress, err = s.begin(ctx, roleReceiver, told); err != nil {
		return err
	}
	to := destination{URLs: s.urls(), HTTP2: s.isHTTP2, Connections: max(s.Connections, s.concurrency), Authority: s.authority()}
	if s.target == targetBare {
		s.subject, _, err = s.begin(ctx, roleBare, to)
		s.publisher = s.subject
		return err
	}
	if s.publisher, err = startChild(ctx, rolePublisher, s.Talk); err != nil {
		return err
	}
	if s.target == targetPosthorn {
		if err := s.startServer(ctx); err != nil {
			return err
		}
		return s.registerAll(ctx)
	}
	relay := relaying{To: to, IsSpread: s.isSpread, AnswersFirst: s.target == targetRelayAsync, Senders: s.Connections}
	s.subject, s.address, err = s.begin(ctx, roleRelay, relay)
	return err
}

// begin starts a process and tells it to start, which returns its address.
func (b *bench) begin(ctx context.Context, role string, with any) (*child, string, error) {
	c, err := startChild(ctx, role, b.Talk)
	if err != nil {
		return nil, "", err
	}
	var address string
	if err := c.tell("start", with, &address); err != nil {
		c.kill()
		return nil, "", err
	}
	return c, address, nil
}

func (s *stage) authority() string {
	if !s.isTLS {
		return ""
	}
	return s.certificates.authority
}

func (s *stage) urls() []string {
	urls := make([]string, max(1, s.shape.webhooks))
	for i := range urls {
		urls[i] = s.url(usualPath, i)
	}
	return urls
}

func (s *stage) url(path string, number int) string {
	scheme := "http"
	if s.isTLS {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s%s%d", scheme, s.receiverAddress, path, number)
}

func (s *stage) startServer(ctx context.Context) error {
	var err error
	if s.directory == "" {
		if s.directory, err = s.newDirectory(); err != nil {
			return err
		}
	}
	s.subject, s.address, err = s.begin(ctx, roleServer, serving{Directory: s.directory, Database: s.Database, Authority: s.authority(), Settings: s.settings})
	s.api = newAPI(s.address)
	return err
}

func (b *bench) newDirectory() (string, error) {
	directory, err := os.MkdirTemp(b.Directory, "posthorn-bench-")
	if err != nil {
		return "", fmt.Errorf("making a directory for a database: %w", err)
	}
	return directory, nil
}

// registerAll makes the webhooks for the usual events.
func (s *stage) registerAll(ctx context.Context) error {
	for i, url := range s.urls() {
		pattern := usualFamily + ".*"
		if s.isSpread {
			pattern = typeName(usualFamily, i)
		}
		id, err := s.api.register(ctx, registration{URL: url, Events: []string{pattern}, Concurrency: s.concurrency})
		if err != nil {
			return err
		}
		s.webhooks = append(s.webhooks, id)
	}
	return nil
}

// addNeighbours makes the other webhooks.
func (s *stage) addNeighbours(ctx context.Context) error {
	_, port, err := net.SplitHostPort(s.receiverAddress)
	if err != nil {
		return fmt.Errorf("reading the receiver's address: %w", err)
	}
	for i := range s.neighbours {
		url := "http://" + neighbour(i, port) + s.neighbourPath
		if _, err := s.api.register(ctx, registration{URL: url, Events: []string{hangingFamily + ".*"}}); err != nil {
			return err
		}
	}
	return nil
}

// stopServer lets the server end by itself.
func (s *stage) stopServer() error {
	subject := s.subject
	s.subject = nil
	return subject.end()
}

// close ends all processes and removes what they wrote. The server is let end by
// itself, the others have nothing to lose.
func (s *stage) close() error {
	var err error
	for _, c := range []*child{s.publisher, s.subject, s.receiver} {
		switch {
		case c == nil:
		case c == s.subject && s.target == targetPosthorn:
			err = errors.Join(err, c.end())
		default:
			c.kill()
		}
	}
	s.publisher, s.subject, s.receiver = nil, nil, nil
	if s.directory != "" && !s.isKept {
		if removed := os.RemoveAll(s.directory); removed != nil {
			err = errors.Join(err, fmt.Errorf("removing a database: %w", removed))
		}
	}
	return err
}

// publish runs a load.
func (s *stage) publish(l load) (sent, error) {
	var result sent
	if s.target == targetBare {
		return result, s.publisher.tell("publish", l, &result)
	}
	return s.publishFrom(s.publisher, s.api.key, l)
}

// publishFrom runs a load from a publisher with a key.
func (s *stage) publishFrom(publisher *child, key string, l load) (sent, error) {
	var result sent
	path := "/v1/events"
	if l.Batch > 1 {
		path = "/v1/events/batch"
		if l.Environment != "" {
			path += "?environmentId=" + l.Environment
		}
	}
	return result, publisher.tell("publish", publishing{Address: s.address, Path: path, Key: key, Load: l}, &result)
}

// await waits until so many of the usual events have arrived.
func (s *stage) await(usual int) error {
	const patience = 30 * time.Second
	return s.receiver.tell("wait", waiting{Usual: int64(usual), Patience: patience}, nil)
}

func (s *stage) arrived() (seen, error) {
	var result seen
	return result, s.receiver.tell("report", nil, &result)
}
