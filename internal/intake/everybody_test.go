package intake_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
)

// Invariant: large bodies of one workspace are read one after the other, so that
// another's isn't behind all of them.
func TestLargeBodiesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := intake.NewAdmission(posthorn.Limits{}, time.Now)
		end, err := a.Read(t.Context(), workspaceNumber(1))
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan int, 11)
		read := func(workspace int) {
			end, err := a.Read(t.Context(), workspaceNumber(workspace))
			if err != nil {
				t.Error(err)
				return
			}
			order <- workspace
			<-time.After(10 * time.Millisecond)
			end()
		}
		for range 10 {
			go read(1)
		}
		synctest.Wait()
		go read(2)
		synctest.Wait()
		end()
		for i := range 11 {
			if workspace := <-order; workspace == 2 && i > 1 {
				t.Errorf("the neighbour's body was read after %d of the other's", i)
			}
		}
		<-time.After(time.Second)
	})
}

// Invariant: a refusal is told at once, but to whoever is refused again and again, and
// then still soon; others notice nothing of that.
func TestRefusalsAreHeldInAFloodAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const soon = 100 * time.Millisecond
		a := intake.NewAdmission(posthorn.Limits{}, time.Now)
		held := 0
		for range 10_000 {
			switch wait := a.Refused(workspaceNumber(1)); {
			case wait >= soon:
				t.Fatalf("a refusal is held for %v", wait)
			case wait > 0:
				held++
			}
		}
		if held < 9000 {
			t.Errorf("%d of 10000 refusals were held", held)
		}
		if wait := a.Refused(workspaceNumber(2)) + a.Refused(posthorn.WorkspaceID{}); wait != 0 {
			t.Errorf("others are held for %v", wait)
		}
		<-time.After(time.Second)
		if wait := a.Refused(workspaceNumber(1)); wait != 0 {
			t.Errorf("a second later a refusal is held for %v", wait)
		}
	})
}
