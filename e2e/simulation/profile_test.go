package simulation

import (
	"fmt"
	"time"

	"github.com/posthorn/posthorn/internal/deliver"
)

// profile is what kind of run a seed makes.
type profile struct {
	// span is how long faults go on; phase is how long a receiver's mood lasts.
	span  time.Duration
	phase time.Duration
	// events is how many publications there are.
	events   int
	webhooks int
	// Which faults there are.
	storeFails  bool
	storeSlow   bool
	kills       bool
	stops       bool
	strangers   bool
	people      bool
	replays     bool
	isSweepless bool
	limits      deliver.Options
}

func newProfile(d *dice) profile {
	r := d.fixed("profile")
	p := profile{
		span:     pick(r, 2*time.Minute, 20*time.Minute, 3*time.Hour, 30*time.Hour),
		events:   10 + r.IntN(50),
		webhooks: 1 + r.IntN(5),

		storeFails: chance(r, 0.5),
		storeSlow:  chance(r, 0.7),
		kills:      chance(r, 0.4),
		stops:      chance(r, 0.5),
		strangers:  chance(r, 0.3),
		people:     chance(r, 0.7),
	}
	p.phase = p.span / time.Duration(2+r.IntN(8))
	p.limits = deliver.Options{
		Grace:        pick(r, 0, time.Second, 30*time.Second),
		MaxSending:   pick(r, 2, 8, 64),
		MaxHeldJobs:  pick(r, 4, 16, 200),
		MaxHeldBytes: pick(r, 500, 1<<20),
		SweepEvery:   pick(r, 30*time.Second, time.Minute),
	}
	if p.span > time.Hour {
		p.limits.SweepEvery = 10 * time.Minute
	}
	// Without sweeps nothing repairs a wake that was lost. What no one tells the
	// engine about needs them: what a stranger gave back, what a failed sweep missed.
	p.isSweepless = !p.storeFails && !p.strangers && chance(r, 0.6)
	if p.isSweepless {
		p.limits.SweepEvery = 10_000 * time.Hour
	}
	// Whoever goes on with replays looks for one every few seconds, which takes long.
	p.replays = p.span <= 3*time.Hour && chance(d.fixed("profile", "replays"), 0.5)
	return p
}

// String tells the faults of the run.
func (p profile) String() string {
	text := fmt.Sprintf("%v, %d publications, %d webhooks", p.span, p.events, p.webhooks)
	for name, has := range map[string]bool{
		"failing store": p.storeFails, "slow store": p.storeSlow, "kills": p.kills, "stops": p.stops,
		"strangers": p.strangers, "people": p.people, "replays": p.replays, "no sweeps": p.isSweepless,
	} {
		if has {
			text += ", " + name
		}
	}
	return text
}
