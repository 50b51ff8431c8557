package workers

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Invariant: every task begins at once, whatever the others do; a goroutine that
// is done takes the next one; none is left when all is over.
func TestWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New()
		begun, end := make(chan int, 3), make(chan struct{})
		for i := range 2 {
			w.Run(func() { begun <- i; <-end })
		}
		synctest.Wait()
		if len(begun) != 2 {
			t.Fatalf("%d of 2 tasks have begun", len(begun))
		}
		close(end)
		synctest.Wait()
		w.Run(func() { begun <- 2 }) // by one that lingers
		synctest.Wait()
		if len(begun) != 3 {
			t.Fatal("a later task has not begun")
		}
		<-time.After(2 * lingering) // on the bubble's clock: nobody lingers longer
		w.Run(func() { <-begun })
		w.Wait() // the bubble fails if a goroutine is left
	})
}

// Invariant: who was done last goes on first, so that no more goroutines stay than are
// needed at once.
func TestTheLastGoesOnFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New()
		end := make(chan struct{})
		for range 2 {
			w.Run(func() { <-end })
		}
		close(end)
		for range 6 {
			<-time.After(2 * lingering / 5)
			w.Run(func() {})
			synctest.Wait()
		}
		w.mu.Lock()
		waiting := len(w.idle)
		w.mu.Unlock()
		if waiting != 1 {
			t.Errorf("%d goroutines wait, of which one was needed", waiting)
		}
		w.Wait()
	})
}

// Invariant: a task that comes when its goroutine is about to give up is done.
func TestTasksAtTheEndOfLingering(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New()
		for range 100 {
			var isDone atomic.Bool
			w.Run(func() { isDone.Store(true) })
			<-time.After(lingering)
			if !isDone.Load() {
				t.Fatal("a task was not done")
			}
		}
		w.Wait()
	})
}

// Invariant: Wait waits for tasks that come at its last moment, and for those that tasks
// start meanwhile.
func TestTasksWhileWaiting(t *testing.T) {
	t.Parallel()
	for range 2000 {
		w := New()
		var done atomic.Int64
		count := func() { done.Add(1) }
		for range 3 {
			w.Run(count)
			w.Run(func() {
				<-w.over
				w.Run(count)
				w.Run(count)
			})
		}
		for range 3 {
			w.Run(count)
		}
		w.Wait()
		if got := done.Load(); got != 12 {
			t.Fatalf("%d of 12 tasks were done", got)
		}
	}
}

// Invariant: a panic is one result, and what it was is told.
func TestSafely(t *testing.T) {
	t.Parallel()
	panicked := func(cause any) string { return cause.(string) }
	if got := Safely(func() string { return "done" }, panicked); got != "done" {
		t.Error(got)
	}
	if got := Safely(func() string { panic("a mistake") }, panicked); got != "a mistake" {
		t.Error(got)
	}
}
