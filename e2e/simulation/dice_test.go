package simulation

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// dice is all the chance there is in a run. What happens at a place depends on
// the seed, the place and how often it was asked there before, and on nothing
// that happens elsewhere: goroutines that change places between two runs of a
// seed don't change each other's luck.
type dice struct {
	seed uint64

	mu    sync.Mutex
	times map[string]int
}

func newDice(seed uint64) *dice { return &dice{seed: seed, times: map[string]int{}} }

// fixed is the luck of a place that is always the same.
func (d *dice) fixed(place string, keys ...any) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, place) // a hash takes everything
	for _, key := range keys {
		_, _ = fmt.Fprint(h, "/", key)
	}
	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}

// next is the luck of the next visit to a place.
func (d *dice) next(place string, keys ...any) *rand.Rand {
	name := place + fmt.Sprint(keys...)
	d.mu.Lock()
	d.times[name]++
	visit := d.times[name]
	d.mu.Unlock()
	return d.fixed(place, append(keys, visit)...)
}

// stream is the randomness that the program itself is given. It depends on the
// moment, and on how often it was asked in that moment, so that two goroutines
// that change places change nothing that comes later.
func (d *dice) stream(name string) posthorn.Randomness {
	var mu sync.Mutex
	var moment int64
	var source *rand.Rand
	return func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now().UnixNano(); source == nil || now != moment {
			moment, source = now, d.fixed(name, now)
		}
		return source.Uint64()
	}
}

// alone is how far things may be moved apart that would happen at the same instant, which
// the runtime brings into another order each time.
const alone = time.Microsecond

// apart waits for less than alone, at each visit to a place for another time.
func (d *dice) apart(place string, keys ...any) {
	pass(between(d.next(place, keys...), time.Nanosecond, alone))
}

// between is a duration from least up to most.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(r.Int64N(int64(most-least)))
}

func chance(r *rand.Rand, probability float64) bool { return r.Float64() < probability }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// pass lets fake time go by.
func pass(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
