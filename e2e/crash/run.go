package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/posthorn/posthorn/e2e/crash/disk"
)

// plan says how a run goes.
type plan struct {
	cycles     int
	seed       uint64
	publishers int
	rough      bool
	program    string
	directory  string
	// variables are those of the server's process in a cycle; the last start, after
	// which everything must drain, has none that end it.
	variables func(cycle int) []string
	// life is how long the process may live once it is ready.
	shortest, longest time.Duration
	// before is what the server runs under in a cycle; nil for nothing.
	before func(cycle int) []string
	// ground is what the server's files lie on, mounted or traced, if its power is cut
	// after each end; empty if nothing is lost but the process.
	ground string
	// hasty kills the server in every fourth cycle before it is ready.
	hasty bool
	// mustEnd wants that the process ends by itself before its life is over.
	mustEnd bool
	// drain is how long the backlog may take at the end.
	drain time.Duration
}

// history is what the harness saw from outside.
type history struct {
	world     *world
	intents   map[string]*intent
	wishes    []*replayWish
	receipts  []receipt
	kills     []time.Time
	readyIn   []time.Duration
	breaches  []breach
	accepted  int
	deletedAt time.Time // when the request to delete a hook was sent
	deletedBy time.Time // when it was answered
	drainedIn time.Duration
}

// breach is a broken invariant.
type breach struct {
	invariant string
	what      string
}

func (h *history) complain(invariant, format string, values ...any) {
	h.breaches = append(h.breaches, breach{invariant, fmt.Sprintf(format, values...)})
}

// run is one run under way.
type run struct {
	plan
	history
	server     *server
	ground     ground
	calm       time.Duration // how long the first start took, on an empty directory
	under      []string      // what the server runs under in this cycle
	receiver   *receiver
	publishers *publishers
	replayer   *replayer
	ids        map[string]string // of the hooks
}

// execute runs a plan and checks everything.
func execute(ctx context.Context, p plan) (report, error) {
	r := &run{plan: p, history: history{world: newWorld(p.seed, p.rough)}, ids: map[string]string{}}
	var err error
	if r.server, err = newServer(p.program, p.directory); err != nil {
		return report{}, err
	}
	defer r.server.close()
	intents, err := openJournal(filepath.Join(p.directory, "intents.jsonl"))
	if err != nil {
		return report{}, err
	}
	defer intents.close()
	receipts, err := openJournal(filepath.Join(p.directory, "receipts.jsonl"))
	if err != nil {
		return report{}, err
	}
	defer receipts.close()
	replays, err := openJournal(filepath.Join(p.directory, "replays.jsonl"))
	if err != nil {
		return report{}, err
	}
	defer replays.close()
	r.replayer = &replayer{world: r.world, journal: replays, server: r.server, ids: r.ids}
	r.publishers = &publishers{world: r.world, journal: intents, server: r.server, intents: map[string]*intent{}}
	r.receiver = startReceiver(r.world, receipts, r.publishers.intended)
	defer r.receiver.server.Close()
	if r.ground, err = newGround(p.ground, p.directory, r.world.random("ground")); err != nil {
		return report{}, err
	}
	err = r.live(ctx)
	r.server.kill()
	if err = errors.Join(err, r.ground.end()); err != nil {
		return report{}, err
	}
	r.intents, r.receipts, r.wishes = r.publishers.intents, r.receiver.all(), r.replayer.wishes
	remains := filepath.Join(p.directory, "remains")
	if err := r.ground.save(remains); err != nil {
		return report{}, err
	}
	return check(ctx, &r.history, filepath.Join(remains, "data", "posthorn.db"))
}

// live goes through all cycles, and lets everything drain at the end.
func (r *run) live(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	stop, stopNow := context.WithCancel(ctx)
	defer stopNow()
	giveUp, giveUpNow := context.WithCancel(ctx)
	defer giveUpNow()
	var group sync.WaitGroup
	failures := make(chan error, r.plan.publishers+1)
	group.Go(func() { failures <- r.replayer.ask(stop) })
	for number := range r.plan.publishers {
		group.Go(func() { failures <- r.publishers.publish(giveUp, stop, number) })
	}
	for cycle := range r.cycles {
		if err := r.cycle(ctx, cycle); err != nil {
			return err
		}
	}
	r.under = nil
	if err := r.restart(ctx, r.variables(r.cycles)); err != nil {
		return err
	}
	stopNow()
	r.receiver.calm()
	patience := time.AfterFunc(r.drain, giveUpNow)
	defer patience.Stop()
	group.Wait()
	r.settle(ctx)
	r.server.stop()
	close(failures)
	for err := range failures {
		if err != nil {
			return err
		}
	}
	return r.ground.cut(disk.LoseAll)
}

// prepare starts the server for the first time and registers the webhooks.
func (r *run) prepare(ctx context.Context) error {
	if err := r.restart(ctx, nil); err != nil {
		return err
	}
	for _, h := range r.world.hooks {
		id, err := r.server.register(ctx, h, r.receiver.server.URL)
		if err != nil {
			return err
		}
		r.ids[h.name] = id
	}
	r.server.kill()
	if err := r.ground.cut(disk.LoseAll); err != nil {
		return err
	}
	return r.watchMoves(ctx)
}

// restart starts the server, and wants it ready soon and its books balanced.
func (r *run) restart(ctx context.Context, variables []string) error {
	below, err := r.ground.begin()
	if err != nil {
		return err
	}
	r.server.before = append(below, r.under...)
	took, err := r.server.start(ctx, variables)
	if errors.Is(err, errEnded) && (len(variables) > 0 || len(r.under) > 0) {
		return nil // it was to end, and may do so as early as that
	}
	if err != nil {
		return err
	}
	if r.calm == 0 {
		r.calm = took
	}
	if err := r.noteStart(ctx, took); err != nil {
		return err
	}
	account, err := r.server.books(ctx)
	if err == nil && !account.Holds {
		r.complain("S10", "after start %d the books don't balance: %+v", len(r.readyIn), account)
	}
	return nil
}

// birth starts the server and kills it at once, while it looks at what the last
// kill has left.
func (r *run) birth(ctx context.Context, cycle int) error {
	var err error
	if r.server.before, err = r.ground.begin(); err != nil {
		return err
	}
	if err := r.server.launch(r.variables(cycle)); err != nil {
		return err
	}
	const longest = 150 * time.Millisecond // in which most starts end
	pause(ctx, time.Duration(r.world.random("birth", fmt.Sprint(cycle)).Int64N(int64(longest))))
	return r.end(ctx, cycle)
}

// cycle is a life of the server, which ends with a kill, whatever is under way.
func (r *run) cycle(ctx context.Context, cycle int) error {
	if r.hasty && cycle%4 == 3 {
		return r.birth(ctx, cycle)
	}
	r.under = nil
	if r.before != nil {
		r.under = r.before(cycle)
	}
	if err := r.restart(ctx, r.variables(cycle)); err != nil {
		return err
	}
	if cycle == r.cycles/2 {
		r.remove(ctx)
	}
	random := r.world.random("life", fmt.Sprint(cycle))
	life := time.NewTimer(r.shortest + time.Duration(random.Int64N(int64(r.longest-r.shortest)+1)))
	defer life.Stop()
	select {
	case <-life.C:
		if r.mustEnd {
			r.complain("L1", "in cycle %d the server did not reach the point", cycle)
		}
	case <-r.server.exited:
		if len(r.variables(cycle)) == 0 && len(r.under) == 0 { // nothing was to end it
			return fmt.Errorf("%w, and said:\n%s", errEnded, r.server.lastWords())
		}
	case <-ctx.Done():
		r.server.kill()
		return fmt.Errorf("running: %w", ctx.Err())
	}
	return r.end(ctx, cycle)
}

// end kills the server, takes away what its ground may lose, and now and then looks
// at what is left.
func (r *run) end(ctx context.Context, cycle int) error {
	r.server.kill()
	r.kills = append(r.kills, time.Now())
	losses := disk.Losses()
	if err := r.ground.cut(losses[cycle%len(losses)]); err != nil {
		return err
	}
	return r.inspectStorage(ctx, cycle)
}

// remove deletes a webhook while its events come in.
func (r *run) remove(ctx context.Context) {
	r.deletedAt = time.Now()
	for ctx.Err() == nil {
		status, _, err := r.server.call(ctx, "DELETE", "/v1/webhooks/"+r.ids[removedHook], "", "")
		if err == nil && status < 500 {
			break
		}
		select {
		case <-r.server.exited:
			return // nobody knows
		default:
			pause(ctx, 10*time.Millisecond)
		}
	}
	r.deletedBy = time.Now()
}

// inspectStorage checks a copy of the database as the kill has left it, about
// twenty times in a run.
func (r *run) inspectStorage(ctx context.Context, cycle int) error {
	const checks = 20
	if cycle%max(1, r.cycles/checks) != 0 {
		return nil
	}
	scratch, err := os.MkdirTemp(r.directory, "copy")
	if err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }() // it lies in the run's own directory
	if err := r.ground.save(scratch); err != nil {
		return err
	}
	return r.wantSound(ctx, filepath.Join(scratch, "data", "posthorn.db"))
}

// settle waits until no replay is running and nothing is pending.
func (r *run) settle(ctx context.Context) {
	begun := time.Now()
	limited, cancel := context.WithTimeout(ctx, r.drain)
	defer cancel()
	for limited.Err() == nil {
		areOver, err := r.replayer.areOver(limited) // else more will be pending
		account, other := r.server.books(limited)
		if errors.Join(err, other) == nil && areOver && account.Pending == 0 {
			r.accepted = account.Accepted
			r.drainedIn = time.Since(begun)
			return
		}
		pause(limited, 50*time.Millisecond)
	}
	r.complain("L1", "the backlog did not drain within %v", r.drain)
}
