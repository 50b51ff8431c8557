// Package workers runs tasks, each at once and in a goroutine of its own.
package workers

import (
	"slices"
	"sync"
	"time"
)

// Workers run tasks. A goroutine that is done waits a moment for another task: its
// stack has grown to what a request needs, and growing it anew for each cost 4 % of
// the engine's time.
type Workers struct {
	group sync.WaitGroup
	over  chan struct{}

	mu sync.Mutex
	// idle are those who wait, each for what comes through its channel. The last to be
	// done is the first to go on: its stack is still in the processor's caches.
	idle []chan func()
}

// lingering is how long a goroutine waits for another task.
const lingering = time.Second

// New makes workers of which none runs yet.
func New() *Workers {
	return &Workers{over: make(chan struct{})}
}

// Run starts a task.
func (w *Workers) Run(task func()) {
	if idle := w.take(); idle != nil {
		idle <- task
		return
	}
	w.group.Go(func() { w.serve(task) })
}

// take returns the channel of one who waits, or nil. There is room for a task in it.
func (w *Workers) take() chan<- func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := len(w.idle) - 1
	if last < 0 {
		return nil
	}
	idle := w.idle[last]
	w.idle = w.idle[:last]
	return idle
}

func (w *Workers) wait(next chan func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = append(w.idle, next)
}

// leave reports whether the worker waits no longer; else a task is coming.
func (w *Workers) leave(next chan func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	place := slices.Index(w.idle, next)
	if place < 0 {
		return false
	}
	w.idle = slices.Delete(w.idle, place, place+1)
	return true
}

func (w *Workers) serve(task func()) {
	next := make(chan func(), 1)
	linger := time.NewTimer(lingering)
	defer linger.Stop()
	for {
		task()
		w.wait(next)
		linger.Reset(lingering)
		select {
		case task = <-next:
			continue
		case <-linger.C:
		case <-w.over:
		}
		if w.leave(next) {
			return
		}
		task = <-next
	}
}

// Wait returns when all tasks are done. Meanwhile none may be started but by tasks.
func (w *Workers) Wait() {
	close(w.over)
	w.group.Wait()
}

// Safely does some work; when that panics, what is returned is made by whoever
// hears of it, and nobody else's work ends.
func Safely[T any](work func() T, panicked func(cause any) T) T {
	var result T
	func() {
		defer func() {
			if cause := recover(); cause != nil {
				result = panicked(cause)
			}
		}()
		result = work()
	}()
	return result
}
