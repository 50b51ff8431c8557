package intake_test

import (
	"encoding/binary"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
)

func workspaceNumber(n int) posthorn.WorkspaceID {
	var id posthorn.WorkspaceID
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

func enter(t *testing.T, a *intake.Admission, workspace posthorn.WorkspaceID) *intake.Pass {
	t.Helper()
	pass, err := a.Enter(workspace)
	if err != nil {
		t.Fatal(err)
	}
	return pass
}

// refused checks that a workspace is told to wait, and how long.
func refused(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	var told *posthorn.Error
	if !errors.As(err, &told) || told.Code != posthorn.CodeRateLimited || told.RetryAfter != wait || told.Hint == "" {
		t.Fatalf("got %#v, want a wait of %v", err, wait)
	}
}

// Invariant: a workspace publishes a burst and then its rate, waits exactly as
// long as it is told, and takes nothing from another's.
func TestEventRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := intake.NewAdmission(posthorn.Limits{EventRate: 10, EventBurst: 20}, time.Now)
		one, other := enter(t, a, workspaceNumber(1)), enter(t, a, workspaceNumber(2))
		for range 20 {
			if err := one.Count(1); err != nil {
				t.Fatal(err)
			}
		}
		refused(t, one.Count(1), 100*time.Millisecond)
		refused(t, one.Count(5), 500*time.Millisecond)
		if quota, isLimited := a.Quota(workspaceNumber(1)); !isLimited || quota != (intake.Quota{Burst: 20, Left: 0, Window: 2 * time.Second, Full: 2 * time.Second}) {
			t.Errorf("quota %+v, %v", quota, isLimited)
		}
		if err := other.Count(20); err != nil {
			t.Errorf("the neighbour: %v", err)
		}
		<-time.After(500 * time.Millisecond)
		if err := one.Count(5); err != nil {
			t.Error(err)
		}
		refused(t, one.Count(1), 100*time.Millisecond)
	})
}

// Invariant: a batch that is larger than any burst isn't refused for ever, and is
// paid for in full.
func TestBatchBeyondTheBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := intake.NewAdmission(posthorn.Limits{EventRate: 10, EventBurst: 20}, time.Now)
		pass := enter(t, a, workspaceNumber(1))
		if err := pass.Count(1); err != nil {
			t.Fatal(err)
		}
		refused(t, pass.Count(100), 100*time.Millisecond)
		<-time.After(100 * time.Millisecond)
		if err := pass.Count(100); err != nil {
			t.Fatal(err)
		}
		refused(t, pass.Count(1), 8100*time.Millisecond)
		if quota, _ := a.Quota(workspaceNumber(1)); quota.Left != 0 || quota.Full != 10*time.Second {
			t.Errorf("quota %+v", quota)
		}
	})
}

// Invariant: one workspace never has more requests in progress than its share,
// others have theirs all the same, and a place that is left is free once.
func TestRequestsInProgress(t *testing.T) {
	t.Parallel()
	a := intake.NewAdmission(posthorn.Limits{Requests: 2}, time.Now)
	first := enter(t, a, workspaceNumber(1))
	enter(t, a, workspaceNumber(1))
	_, err := a.Enter(workspaceNumber(1))
	refused(t, err, time.Second)
	enter(t, a, workspaceNumber(2))
	first.Leave()
	first.Leave()
	enter(t, a, workspaceNumber(1))
	_, err = a.Enter(workspaceNumber(1))
	refused(t, err, time.Second)
}

// Invariant: nothing is bounded unless a limit says so.
func TestNoLimits(t *testing.T) {
	t.Parallel()
	a := intake.NewAdmission(posthorn.Limits{}, time.Now)
	for range 1000 {
		if err := enter(t, a, workspaceNumber(1)).Count(1000); err != nil {
			t.Fatal(err)
		}
	}
	if _, isLimited := a.Quota(workspaceNumber(1)); isLimited {
		t.Error("there is a quota without a rate")
	}
}

// Invariant: memory doesn't grow with the workspaces that have ever published, and
// what is forgotten is not what a workspace owes.
func TestIdleSharesAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := intake.NewAdmission(posthorn.Limits{EventRate: 10, EventBurst: 10, Requests: 1}, time.Now)
		busy := workspaceNumber(1 << 40)
		enter(t, a, busy)
		for n := range 20_000 {
			pass := enter(t, a, workspaceNumber(n))
			if err := pass.Count(1); err != nil {
				t.Fatal(err)
			}
			pass.Leave()
			<-time.After(time.Millisecond)
		}
		if kept := a.Shares(); kept > 2048 {
			t.Errorf("%d shares are kept", kept)
		}
		_, err := a.Enter(busy)
		refused(t, err, time.Second)
	})
}
