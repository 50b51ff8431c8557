package deliver

import (
	"sync"
	"time"
)

// workers run tasks, each at once and in a goroutine of its own. A goroutine that
// is done waits a moment for another task: its stack has grown to what a request
// needs, and growing it anew for each cost 4 % of the engine's time.
type workers struct {
	group sync.WaitGroup
	next  chan func()
	over  chan struct{}
}

// lingering is how long a goroutine waits for another task.
const lingering = time.Second

func newWorkers() *workers {
	return &workers{next: make(chan func()), over: make(chan struct{})}
}

// run starts a task.
func (w *workers) run(task func()) {
	select {
	case w.next <- task:
	default:
		w.group.Go(func() { w.serve(task) })
	}
}

func (w *workers) serve(task func()) {
	linger := time.NewTimer(lingering)
	defer linger.Stop()
	for {
		task()
		linger.Reset(lingering)
		select {
		case task = <-w.next:
		case <-linger.C:
			return
		case <-w.over:
			return
		}
	}
}

// wait returns when all tasks are done; none may be started any more.
func (w *workers) wait() {
	close(w.over)
	w.group.Wait()
}
