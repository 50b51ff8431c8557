package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// The two stores that a machine drives.
const (
	tested = iota
	specified
)

// side is one of the two stores, and which.
type side struct {
	store.Store
	index int
}

// twin is a value that the two stores choose by themselves: a version, an epoch.
type twin[T any] [2]T

// lease is a lease that was given, with the attempt that it was given for. It
// may have become void.
type lease struct {
	twin    twin[store.Lease]
	webhook posthorn.WebhookID
	number  int
}

// machine does the same to two stores, and knows what it may refer to.
type machine struct {
	rt     *rapid.T
	sides  [2]side
	reopen func(store.Store) store.Store
	now    time.Time
	random posthorn.Randomness

	node         posthorn.NodeID
	nodes        []posthorn.NodeID
	workspaces   []posthorn.WorkspaceID
	projects     []posthorn.Project
	environments []posthorn.Environment
	versions     map[posthorn.EnvironmentID]twin[store.Version]
	webhooks     []posthorn.Webhook
	events       []posthorn.EventID
	deliveries   []posthorn.DeliveryID
	leases       []lease
	keys         []posthorn.KeyID
	replays      []posthorn.ReplayID
	// moments are those at which something becomes due or a hold ends.
	moments []time.Time
}

func newMachine(rt *rapid.T, engine, oracle store.Store, s settings) *machine {
	m := &machine{
		rt:       rt,
		sides:    [2]side{{engine, tested}, {oracle, specified}},
		reopen:   s.reopen,
		now:      time.Date(2031, 5, 17, 12, 30, 45, 999999990, time.UTC),
		random:   rand.New(rand.NewPCG(1, 2)).Uint64,
		versions: map[posthorn.EnvironmentID]twin[store.Version]{},
	}
	for range 3 {
		m.nodes = append(m.nodes, posthorn.NewID[posthorn.NodeID](m.tick(), m.random))
	}
	m.node = m.nodes[0]
	m.createWorkspace()
	m.createWebhook()
	return m
}

func (m *machine) close() {
	for _, s := range m.sides {
		if err := s.Close(); err != nil {
			m.rt.Errorf("closing: %v", err)
		}
	}
}

// actions are what a history consists of; what delivering does all day comes up
// more often, and several times in a row.
func (m *machine) actions() map[string]func(*rapid.T) {
	often := map[string]func(){
		"accept": m.accept,
		"claim":  m.claim,
		"record": m.record,
	}
	seldom := map[string]func(){
		"release":        m.release,
		"retry":          m.retry,
		"cancel":         m.cancel,
		"cancelPending":  m.cancelPending,
		"expire":         m.expire,
		"rewind":         m.rewind,
		"replays":        m.changeReplays,
		"join":           m.join,
		"crash":          m.crash,
		"due":            m.due,
		"wait":           m.wait,
		"answers":        m.answers,
		"list":           m.list,
		"workspaces":     m.changeWorkspaces,
		"environments":   m.changeEnvironments,
		"createWebhook":  m.createWebhook,
		"updateWebhook":  m.updateWebhook,
		"eventTypes":     m.changeEventTypes,
		"keys":           m.changeKeys,
		"formats":        m.changeFormats,
		"signing keys":   m.changeSigningKeys,
		"close and open": m.closeAndOpen,
		"stats":          m.compareStats,
	}
	actions := map[string]func(*rapid.T){}
	for name, act := range often {
		for _, again := range []string{"", " again", " once more"} {
			actions[name+again] = m.action(func() {
				for range m.number("times", 1, 3) {
					act()
				}
			})
		}
	}
	for name, act := range seldom {
		actions[name] = m.action(act)
	}
	return actions
}

func (m *machine) action(act func()) func(*rapid.T) {
	return func(rt *rapid.T) {
		m.rt = rt
		m.tick()
		act()
	}
}

// tick moves the clock a little, and never by whole microseconds.
func (m *machine) tick() time.Time {
	m.now = m.now.Add(1001*time.Microsecond + 7*time.Nanosecond)
	return m.now
}

func (m *machine) wait() {
	m.now = m.now.Add(time.Duration(m.number("seconds", 0, 8)) * time.Second)
}

func (m *machine) closeAndOpen() {
	if m.reopen != nil {
		m.sides[tested].Store = m.reopen(m.sides[tested].Store)
	}
}

func (m *machine) number(label string, from, to int) int {
	return rapid.IntRange(from, to).Draw(m.rt, label)
}

// oneIn reports true for one in n draws, and shrinks to false.
func (m *machine) oneIn(n int, label string) bool {
	return m.number(label, 1, n) == n
}

// moment picks the present, or else a moment at which something changes, or the
// microsecond before or after it.
func (m *machine) moment() time.Time {
	if len(m.moments) == 0 || !m.oneIn(3, "a special moment") {
		return m.now
	}
	at := m.moments[m.number("moment", 0, len(m.moments)-1)]
	return at.Add(time.Duration(m.number("microseconds off", -1, 1)) * time.Microsecond)
}

// soon returns a moment some seconds from now, and remembers it.
func (m *machine) soon(label string, from, to int) time.Time {
	at := m.now.Add(time.Duration(m.number(label, from, to)) * time.Second)
	m.moments = append(m.moments, at)
	return at
}

func oneOf[T any](m *machine, label string, values ...T) T {
	return values[m.number(label, 0, len(values)-1)]
}

// known picks one of the ids that exist, or seldom one that does not.
func known[ID ~[16]byte](m *machine, label string, ids []ID) ID {
	if len(ids) == 0 || m.oneIn(20, "unknown "+label) {
		return posthorn.NewID[ID](m.now, m.random)
	}
	return ids[m.number(label, 0, len(ids)-1)]
}

// both does something to the two stores and wants the same result. It returns
// both results, and whether there was no error.
func both[T any](m *machine, what string, do func(s side) (T, error)) (twin[T], bool) {
	m.rt.Helper()
	var results twin[T]
	var failures twin[error]
	for i, s := range m.sides {
		results[i], failures[i] = do(s)
	}
	if got, want := kindOf(failures[tested]), kindOf(failures[specified]); got != want {
		m.rt.Fatalf("%s: error %q, want %q", what, got, want)
	}
	if failures[tested] != nil {
		return results, false
	}
	if diff := difference(results[tested], results[specified]); diff != "" {
		m.rt.Fatalf("%s (- want, + got):\n%s", what, diff)
	}
	return results, true
}

// bothDo is both for what returns nothing but an error.
func bothDo(m *machine, what string, do func(s side) error) bool {
	m.rt.Helper()
	_, ok := both(m, what, func(s side) (struct{}, error) { return struct{}{}, do(s) })
	return ok
}

// kindOf names the errors that the contract knows, and spells out others.
func kindOf(err error) string {
	for _, known := range []error{posthorn.ErrNotFound, posthorn.ErrConflict, posthorn.ErrLimit, store.ErrStale, store.ErrLeaseLost, errUnwilling} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "unexpected: " + err.Error()
	}
	return ""
}

// errUnwilling is what a change returns that does not want to happen.
var errUnwilling = errors.New("the change is not wanted")

func (m *machine) ctx() context.Context { return m.rt.Context() }
