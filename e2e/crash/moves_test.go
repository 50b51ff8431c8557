package main

import (
	"database/sql"
	"strings"
	"testing"
)

// The log of moves tells each kind of move that must not be.
func TestForbiddenMovesAreTold(t *testing.T) {
	t.Parallel()
	number := func(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: true} }
	birth := move{delivery: "d", became: number(isLeased), epoch: number(1)}
	step := func(was, became, epochWas, epoch int64) move {
		return move{delivery: "d", was: number(was), became: number(became), epochWas: number(epochWas), epoch: number(epoch)}
	}
	for name, one := range map[string]struct {
		moves []move
		end   int
		want  string
	}{
		"a good life":        {[]move{birth, step(isLeased, isPending, 1, 1), step(isPending, isLeased, 1, 2), step(isLeased, isSucceeded, 2, 2)}, isSucceeded, ""},
		"taken back":         {[]move{birth, step(isLeased, isPending, 1, 2)}, isPending, ""},
		"made twice":         {[]move{birth, birth}, isLeased, "S8"},
		"born with its end":  {[]move{{delivery: "d", became: number(isSucceeded), epoch: number(1)}}, isSucceeded, ""},
		"born without lease": {[]move{{delivery: "d", became: number(isSucceeded), epoch: number(0)}}, isSucceeded, "S8"},
		"born cancelled":     {[]move{{delivery: "d", became: number(isCancelled), epoch: number(1)}}, isCancelled, "S8"},
		"without a lease":    {[]move{birth, step(isLeased, isPending, 1, 1), step(isPending, isSucceeded, 1, 1)}, isSucceeded, "S8"},
		"after the end":      {[]move{birth, step(isLeased, isSucceeded, 1, 1), step(isSucceeded, isPending, 1, 2)}, isPending, "S8"},
		"from end to end":    {[]move{birth, step(isLeased, isSucceeded, 1, 1), step(isSucceeded, isCancelled, 1, 2)}, isCancelled, "S8"},
		"from nowhere":       {[]move{birth, step(isPending, isLeased, 1, 2)}, isLeased, "S8"},
		"not where it is":    {[]move{birth}, isPending, "S8"},
		"leased twice":       {[]move{birth, step(isLeased, isLeased, 1, 2)}, isLeased, "S8"},
		"under an old lease": {[]move{birth, step(isLeased, isPending, 1, 1), step(isPending, isLeased, 1, 1)}, isLeased, "S11"},
		"removed":            {[]move{birth, {delivery: "d", was: number(isLeased), epochWas: number(1)}}, -1, "S10"},
	} {
		c := &checker{history: &history{}, byID: map[string]*storedDelivery{}, stored: stored{moves: one.moves, deliveries: []*storedDelivery{{id: "d", status: one.end}}}}
		c.checkLog()
		if got := strings.Join(c.report().broken(), " "); got != one.want {
			t.Errorf("%s: broken is %q, not %q: %v", name, got, one.want, c.breaches)
		}
	}
}
