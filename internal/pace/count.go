package pace

import (
	"time"

	"github.com/posthorn/posthorn"
)

// tally counts voters of one kind, and those of them that fail.
type tally struct{ all, failed int }

func (t *tally) add(failed bool) {
	t.all++
	if failed {
		t.failed++
	}
}

func (t tally) isMajority() bool { return 2*t.failed > t.all }

// counted is what the votes come to; a workspace and a host fail if most of their
// webhooks do.
type counted struct {
	webhooks, workspaces, hosts tally
	// knownWorkspaces have a webhook that may vote, whether or not it did.
	knownWorkspaces int
}

// agree reports whether by every count most fail.
func (c counted) agree() bool {
	return c.webhooks.isMajority() && c.workspaces.isMajority() && c.hosts.isMajority()
}

// count counts the votes of requests that left no earlier than from.
func (u *Uplink) count(from, now time.Time) counted {
	var c counted
	workspaces, hosts := map[posthorn.WorkspaceID]*tally{}, map[string]*tally{}
	known := map[posthorn.WorkspaceID]bool{}
	for _, v := range u.votes {
		if v.connectedAt.Before(u.votersFrom(now)) {
			continue
		}
		known[v.workspace] = true
		if !v.triedAt.Before(from) {
			c.webhooks.add(v.failed)
			tallyOf(workspaces, v.workspace).add(v.failed)
			tallyOf(hosts, v.host).add(v.failed)
		}
	}
	c.workspaces, c.hosts, c.knownWorkspaces = summed(workspaces), summed(hosts), len(known)
	return c
}

func tallyOf[K comparable](tallies map[K]*tally, key K) *tally {
	t, ok := tallies[key]
	if !ok {
		t = &tally{}
		tallies[key] = t
	}
	return t
}

func summed[K comparable](tallies map[K]*tally) tally {
	var sum tally
	for _, t := range tallies {
		sum.add(t.isMajority())
	}
	return sum
}
