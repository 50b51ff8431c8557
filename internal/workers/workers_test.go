package workers

import (
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
