package main

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// A replay that leaves out a delivery, sends one again twice or one that it doesn't
// cover, is gone, invented or never done is noticed, and a good one isn't.
func TestBadReplaysAreTold(t *testing.T) {
	t.Parallel()
	begin := time.UnixMicro(1_000_000_000_000_000)
	random := func() uint64 { return 1 }
	id := func(after time.Duration) string {
		return inHex(posthorn.NewID[posthorn.DeliveryID](begin.Add(after), random))
	}
	early, late := id(0), id(time.Minute)
	replayID := posthorn.NewID[posthorn.ReplayID](begin, random)
	number := func(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: true} }
	life := func(delivery string) []move {
		return []move{
			{delivery: delivery, became: number(isLeased), epoch: number(1)},
			{delivery: delivery, was: number(isLeased), became: number(isSucceeded), epochWas: number(1), epoch: number(1)},
		}
	}
	again := func(delivery string) []move {
		return []move{
			{delivery: delivery, was: number(isSucceeded), became: number(isPending), epochWas: number(1), epoch: number(1)},
			{delivery: delivery, was: number(isPending), became: number(isLeased), epochWas: number(1), epoch: number(2)},
			{delivery: delivery, was: number(isLeased), became: number(isSucceeded), epochWas: number(2), epoch: number(2)},
		}
	}
	before := slices.Concat(life(early), life(late))
	for name, one := range map[string]struct {
		during []move
		change func(*storedReplay, *replayWish)
		want   string
	}{
		"a good one":      {during: again(early)},
		"left out":        {want: "S13"},
		"twice":           {during: slices.Concat(again(early), again(early)), want: "S10 S13"},
		"not covered":     {during: slices.Concat(again(early), again(late)), want: "S13"},
		"counted wrongly": {during: again(early), change: func(r *storedReplay, _ *replayWish) { r.Replayed = 7 }, want: "S10"},
		"of another hook": {during: again(early), change: func(r *storedReplay, w *replayWish) { r.hook, w.Hook, r.Replayed = "orders", "orders", 0 }, want: "S8"},
		"never done":      {during: again(early), change: func(r *storedReplay, _ *replayWish) { r.Status, r.isOver = posthorn.ReplayRunning, false }, want: "L1"},
		"done before":     {during: again(early), change: func(r *storedReplay, _ *replayWish) { r.over, r.Replayed = 4, 0 }, want: "S13 S8"},
		"invented":        {during: again(early), change: func(_ *storedReplay, w *replayWish) { w.After = begin }, want: "S2"},
		"gone":            {during: again(early), change: func(r *storedReplay, _ *replayWish) { r.id = "00" }, want: "S1 S2"},
	} {
		r := &storedReplay{id: inHex(replayID), hook: "all", born: int64(len(before)), wanted: map[string]bool{}, passed: map[string]bool{}, isOver: true}
		r.Status, r.CreatedAt, r.Replayed = posthorn.ReplayDone, begin.Add(time.Second), int64(len(one.during)/3)
		moves := slices.Concat(before, one.during)
		r.over = int64(len(moves))
		wish := &replayWish{Hook: "all", Outcome: acknowledged, ID: replayID.String()}
		if one.change != nil {
			one.change(r, wish)
		}
		for i := range moves {
			moves[i].place = int64(i + 1)
		}
		c := &checker{history: &history{wishes: []*replayWish{wish}}, byID: map[string]*storedDelivery{}}
		for _, delivery := range []string{early, late} {
			c.byID[delivery] = &storedDelivery{id: delivery, hook: "all", status: isSucceeded}
		}
		c.stored = stored{moves: moves, replays: []*storedReplay{r}, deliveries: []*storedDelivery{c.byID[early], c.byID[late]}}
		c.checkLog()
		c.checkReplays()
		broken := c.report().broken()
		slices.Sort(broken)
		if got := strings.Join(broken, " "); got != one.want {
			t.Errorf("%s: broken is %q, not %q: %v", name, got, one.want, c.breaches)
		}
	}
}
