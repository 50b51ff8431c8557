package app_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/app"
)

// underWay is a server with one delivery being sent, four that wait in memory
// behind it, and an API request (a test of another webhook) being answered.
type underWay struct {
	operator
	deliveries, tests *receiver
	// answered receives the status of the API request; 0 when it was cut off.
	answered chan int
}

func startUnderWay(t *testing.T, grace string) (*underWay, func() *app.App) {
	t.Helper()
	u := &underWay{deliveries: receive(t), tests: receive(t), answered: make(chan int, 1)}
	c := settings(t, map[string]string{"grace-period": grace})
	u.operator = operate(t, start(t, c))
	t.Cleanup(u.deliveries.release) // before the server stops, which would wait for them
	t.Cleanup(u.tests.release)
	u.webhook(u.deliveries.URL, "a.b")
	tested := u.webhook(u.tests.URL, "c.d")
	for range 5 {
		u.publish("a.b")
	}
	u.deliveries.next(t)
	if held := u.operator.deliveries(posthorn.DeliveryLeased); len(held) != 5 {
		t.Fatalf("%d deliveries in memory, want 5", len(held))
	}
	go func() {
		code, _, err := u.try(http.MethodPost, "/v1/webhooks/"+tested+"/test", object{})
		if err != nil {
			code = 0
		}
		u.answered <- code
	}()
	u.tests.next(t)
	return u, func() *app.App { return start(t, c) }
}

// stopping calls Stop and returns at once.
func (u *underWay) stopping() <-chan error {
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		defer cancel()
		stopped <- u.Stop(ctx)
	}()
	return stopped
}

// Invariant: a server that is asked to stop says at once that it isn't ready,
// takes no new connection, and gives back at once what has not been sent, while
// requests to it and deliveries of it are still under way; these end in any order,
// and what was given back is delivered by the next start.
func TestStopInOrder(t *testing.T) {
	t.Parallel()
	u, startAgain := startUnderWay(t, "1m")
	if err := u.Ready(t.Context()); err != nil {
		t.Errorf("not ready before: %v", err)
	}
	stopped := u.stopping()
	eventually(t, "what waits is given back while an API request is under way", func() bool {
		return len(u.operator.deliveries(posthorn.DeliveryPending)) == 4
	})
	eventually(t, "no new connection is taken while a delivery is under way", func() bool {
		late, err := net.Dial("tcp", u.Addr())
		if err == nil {
			_ = late.Close()
		}
		return err != nil
	})
	if err := u.Ready(t.Context()); err == nil {
		t.Error("the server is ready while it stops")
	}
	u.deliveries.answer(t, http.StatusOK)
	eventually(t, "a delivery under way is finished while an API request is under way", func() bool {
		return len(u.operator.deliveries(posthorn.DeliverySucceeded)) == 1
	})
	select {
	case err := <-stopped:
		t.Fatalf("stopped while an API request was under way: %v", err)
	default:
	}
	u.tests.answer(t, http.StatusOK)
	if code := <-u.answered; code != http.StatusOK {
		t.Errorf("the API request under way: %d", code)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stopping: %v", err)
	}
	again := startAgain()
	for range 4 {
		u.deliveries.next(t)
		u.deliveries.answer(t, http.StatusOK)
	}
	after := operator{t, again, u.key}
	eventually(t, "everything is delivered, each with one attempt", func() bool {
		done := after.deliveries(posthorn.DeliverySucceeded)
		for _, d := range done {
			if d.Attempts != 1 {
				t.Fatalf("%+v", d)
			}
		}
		return len(done) == 5
	})
}

// Invariant: an API request that is over does not end the deliveries under way
// before their time.
func TestStopWaitsForDeliveries(t *testing.T) {
	t.Parallel()
	u, _ := startUnderWay(t, "1m")
	stopped := u.stopping()
	u.tests.answer(t, http.StatusOK)
	if code := <-u.answered; code != http.StatusOK {
		t.Errorf("the API request under way: %d", code)
	}
	eventually(t, "what waits is given back", func() bool { return len(u.operator.deliveries(posthorn.DeliveryPending)) == 4 })
	if leased := u.operator.deliveries(posthorn.DeliveryLeased); len(leased) != 1 {
		t.Errorf("%d under way", len(leased))
	}
	u.deliveries.answer(t, http.StatusOK)
	if err := <-stopped; err != nil {
		t.Errorf("stopping: %v", err)
	}
}

// Invariant: what is still under way when the grace period is over is cut off,
// the delivery uncounted, and the database is free for the next start.
func TestStopCutsOff(t *testing.T) {
	t.Parallel()
	u, startAgain := startUnderWay(t, "100ms")
	if err := <-u.stopping(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	select {
	case code := <-u.answered:
		if code != 0 {
			t.Errorf("the API request was answered with %d", code)
		}
	case <-time.After(patience):
		t.Fatal("the API request is still under way")
	}
	after := operator{t, startAgain(), u.key}
	for range 5 {
		u.deliveries.next(t)
		u.deliveries.answer(t, http.StatusOK)
	}
	eventually(t, "everything is delivered", func() bool { return len(after.deliveries(posthorn.DeliverySucceeded)) == 5 })
	for _, d := range after.deliveries(posthorn.DeliverySucceeded) {
		if d.Attempts != 1 {
			t.Errorf("%+v", d)
		}
	}
}

// Invariant: the database is closed however Stop ends: also when nobody waits
// for it, and when the server was never started.
func TestStopAlwaysClosesTheDatabase(t *testing.T) {
	t.Parallel()
	u, startAgain := startUnderWay(t, "1s")
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := u.Stop(impatient); err == nil {
		t.Error("Stop didn't say that it was cut short")
	}
	stop(t, startAgain())

	c := settings(t, nil)
	never, err := app.New(t.Context(), options(c))
	if err != nil {
		t.Fatal(err)
	}
	stop(t, never)
	start(t, c)
}
