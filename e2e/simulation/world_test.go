package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/intake"
	replays "github.com/posthorn/posthorn/internal/replay"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store/memstore"
	"github.com/posthorn/posthorn/internal/wire"
)

// world is one run: the database, which outlives the processes; the processes,
// one after the other; the receivers; and the books of what really happened.
type world struct {
	t           *testing.T
	dice        *dice
	random      posthorn.Randomness
	profile     profile
	dialects    *wire.Set
	store       *memstore.Store
	environment posthorn.Environment
	begin, calm time.Time

	// mu makes an effect on the database and its entry in the books one step.
	mu      sync.Mutex
	books   *books
	node    *node
	nodes   []*node
	outages []posthorn.Span
	publish sync.WaitGroup
}

func newWorld(t *testing.T, seed uint64, dialects *wire.Set) *world {
	d := newDice(seed)
	p := newProfile(d)
	w := &world{
		t: t, dice: d, random: d.stream("ids and jitter"), profile: p, dialects: dialects,
		store: memstore.New(), begin: time.Now(), calm: time.Now().Add(p.span),
	}
	w.books = newBooks(w.begin)
	w.books.retriesByDefault = 3
	workspace := posthorn.Workspace{ID: posthorn.NewID[posthorn.WorkspaceID](w.begin, w.random), Name: "W"}
	project := posthorn.Project{ID: posthorn.NewID[posthorn.ProjectID](w.begin, w.random), WorkspaceID: workspace.ID, Name: "P"}
	w.environment = posthorn.Environment{
		ID: posthorn.NewID[posthorn.EnvironmentID](w.begin, w.random), WorkspaceID: workspace.ID, ProjectID: project.ID,
		Name: "E", Kind: posthorn.Development, DefaultFormat: "standard", DefaultRetries: w.books.retriesByDefault,
	}
	w.must(w.store.CreateWorkspace(context.Background(), workspace, project, w.environment))
	for range p.webhooks {
		w.createWebhook()
	}
	if p.storeFails {
		for range d.fixed("outages").IntN(4) {
			r := d.next("outage")
			from := w.begin.Add(between(r, 0, p.span))
			w.outages = append(w.outages, posthorn.Span{From: from, Until: from.Add(between(r, time.Second, p.span/10))})
		}
	}
	return w
}

func (w *world) must(err error) {
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) createWebhook() {
	n := len(w.books.webhooks)
	r := w.dice.fixed("webhook", n)
	webhook := posthorn.Webhook{
		ID: posthorn.NewID[posthorn.WebhookID](time.Now(), w.random), WorkspaceID: w.environment.WorkspaceID,
		ProjectID: w.environment.ProjectID, EnvironmentID: w.environment.ID, Name: fmt.Sprint(n), URL: address(n, 0),
		Events: pick(r, []string{"*"}, []string{"user.*"}, []string{"user.created", "order.paid"}), Format: "standard",
		Secrets: []posthorn.SigningSecret{{Value: "a-secret-of-some-length"}},
		Timeout: pick(r, time.Second, 5*time.Second, 10*time.Second), Concurrency: pick(r, 1, 2, 4, 8), Status: posthorn.WebhookActive,
		RetrySchedule: pick(r, nil, []time.Duration{time.Second}, []time.Duration{0, 10 * time.Second, time.Minute}),
	}
	if chance(r, 0.7) {
		retries := r.IntN(7)
		webhook.Retries = &retries
	}
	if chance(r, 0.3) {
		limit := pick(r, 1, 2)
		webhook.RateLimit = &limit
	}
	w.must(w.store.CreateWebhook(context.Background(), webhook, 0))
	w.books.addWebhook(webhook)
}

func address(webhook, version int) string {
	return fmt.Sprintf("https://w%d.example/v%d", webhook, version)
}

// node is one process. Once it is dead nothing that it does has an effect.
type node struct {
	*world
	number      int
	engine      *deliver.Engine
	intake      *intake.Intake
	replays     *replays.Runner
	directories *snapshot.Cache
	cancel      context.CancelFunc
	done        chan struct{}
	// world.mu guards the rest.
	isDead     bool
	isStopping bool
}

// start begins a process, trying until the database lets it join.
func (w *world) start() {
	w.mu.Lock()
	n := &node{world: w, number: len(w.nodes), done: make(chan struct{})}
	w.nodes = append(w.nodes, n)
	w.mu.Unlock()
	database := &database{node: n, Store: w.store}
	n.directories = snapshot.NewCache(database)
	options := w.profile.limits
	options.Queue, options.Directories, options.Dialects, options.Sender, options.Observer = database, n.directories, dialects.New(w.dialects, database), n, n
	options.Logger, options.Now, options.Random = slog.New(slog.DiscardHandler), time.Now, w.random
	n.engine = deliver.New(options)
	n.replays = replays.New(replays.Options{Queue: database, Logger: options.Logger, Now: time.Now, Due: n.engine.Wake, Publishing: n.engine.Publishing})
	n.intake = intake.New(intake.Options{Store: database, Directories: n.directories, Dispatcher: n.engine, Now: time.Now, Random: w.random})
	for n.engine.Join(context.Background()) != nil {
		pass(time.Second)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	go func() {
		defer close(n.done)
		var group sync.WaitGroup
		group.Go(func() { n.goOnWithReplays(ctx) })
		n.engine.Run(ctx)
		group.Wait()
	}()
	w.mu.Lock()
	w.node = n
	w.mu.Unlock()
}

// stop ends the process as it should be ended.
func (w *world) stop() {
	n := w.leave(false)
	n.cancel()
	<-n.done
	w.mu.Lock()
	defer w.mu.Unlock()
	// What is being accepted needs some of the grace to be handed over.
	if (!w.profile.storeFails || time.Now().After(w.calm)) && w.profile.limits.Grace > 0 {
		w.books.checkNothingLeased(w.store, n.engine.NodeID())
	}
	n.isDead = true
}

// kill ends the process as a power cut does.
func (w *world) kill() {
	n := w.leave(true)
	n.cancel()
}

func (w *world) leave(dead bool) *node {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.node
	w.node = nil
	n.isDead, n.isStopping = dead, true
	w.books.note("node %d ends, killed %v", n.number, dead)
	if dead {
		w.books.forgiveNode(n.number)
	}
	return n
}

// running returns the process there is, or nil.
func (w *world) running() *node {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.node
}

// storeTrouble is what befalls one call of the database.
type storeTrouble struct {
	before, after         time.Duration
	failsFirst, failsLast bool
}

// longestWait bounds how slow the database is.
const longestWait = 400 * time.Millisecond

func (w *world) trouble(place string, r *rand.Rand) storeTrouble {
	var trouble storeTrouble
	if w.profile.storeSlow && chance(r, 0.5) {
		trouble.before = between(r, time.Microsecond, longestWait/4)
		trouble.after = between(r, time.Microsecond, longestWait/4)
	}
	now := time.Now()
	if !w.profile.storeFails || now.After(w.calm) {
		return trouble
	}
	trouble.failsFirst = chance(r, 0.05)
	trouble.failsLast = chance(r, 0.03) && toleratesLateErrors(place)
	for _, outage := range w.outages {
		if outage.Contains(now) {
			trouble.failsFirst = true
		}
	}
	return trouble
}
