package api

import (
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// How many keys may be looked up in vain before 429 is the answer to more: from one
// address (a network of 2^64 with IPv6), and with the same beginning from wherever. One
// more gets 401 each time a guessPause has passed.
const (
	guessesFromAddress = 30
	guessesOfStart     = 300
	guessPause         = 2 * time.Second
	// maxTallies bounds what is remembered of those who guess.
	maxTallies = 4096
	// toldAgainAfter keeps those who guess from flooding the log too.
	toldAgainAfter = time.Minute
)

// guesses counts keys that were looked up in vain, and slows down who tries many. It
// hears of no good key: those that share an address with somebody who tries keys, as all
// do behind a proxy, are not held up.
type guesses struct {
	now    func() time.Time
	logger *slog.Logger

	mu       sync.Mutex
	tallies  map[string]tally
	prunedAt time.Time
	toldAt   time.Time
}

// tally is how many guesses count at a moment; they become fewer as time passes.
type tally struct {
	count float64
	at    time.Time
}

func newGuesses(now func() time.Time, logger *slog.Logger) *guesses {
	return &guesses{now: now, logger: logger, tallies: map[string]tally{}}
}

// guess is one look-up of a key that was in vain: where it comes from and how the key
// begins.
type guess struct{ address, start string }

func guessOf(remoteAddress, key string) guess {
	prefix := posthorn.WorkspaceKeyPrefix
	if strings.HasPrefix(key, posthorn.PlatformKeyPrefix) {
		prefix = posthorn.PlatformKeyPrefix
	}
	const random = 4 // as many characters as lists of keys show
	g := guess{address: "address " + remoteAddress, start: "start " + key[:min(len(prefix)+random, len(key))]}
	from, err := netip.ParseAddrPort(remoteAddress)
	if err != nil {
		return g
	}
	address := from.Addr().Unmap().WithZone("")
	const network = 64
	if address.Is6() {
		if prefix, err := address.Prefix(network); err == nil {
			address = prefix.Addr()
		}
	}
	g.address = "address " + address.String()
	return g
}

// fail counts a look-up that was in vain, and returns the *posthorn.Error to answer it
// with: posthorn.CodeUnauthenticated, or posthorn.CodeRateLimited if there were too many.
func (g *guesses) fail(one guess) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	address, start := g.countAt(one.address, now), g.countAt(one.start, now)
	if over := max(address+1-guessesFromAddress, start+1-guessesOfStart); over > 0 {
		g.tell(one, now)
		return posthorn.RateLimited("Too many requests came with keys that are not valid.",
			"Check the key: this one is unknown or revoked, and a valid one works at once, whatever Retry-After says.", time.Duration(over*float64(guessPause)))
	}
	g.prune(now)
	g.tallies[one.address] = tally{address + 1, now}
	g.tallies[one.start] = tally{start + 1, now}
	return unauthenticated()
}

func (g *guesses) countAt(name string, now time.Time) float64 {
	t, known := g.tallies[name]
	if !known {
		return 0
	}
	return max(0, t.count-max(0, now.Sub(t.at)).Seconds()/guessPause.Seconds())
}

// prune makes room for two tallies. Those that have run out go first, but are looked
// for no more than once in a guessPause; then any.
func (g *guesses) prune(now time.Time) {
	if len(g.tallies)+2 <= maxTallies {
		return
	}
	if now.Sub(g.prunedAt) >= guessPause {
		g.prunedAt = now
		for name := range g.tallies {
			if g.countAt(name, now) <= 0 {
				delete(g.tallies, name)
			}
		}
	}
	for name := range g.tallies {
		if len(g.tallies)+2 <= maxTallies {
			return
		}
		delete(g.tallies, name)
	}
}

// tell tells the operator, who may want to keep somebody out.
func (g *guesses) tell(one guess, now time.Time) {
	if !g.toldAt.IsZero() && now.Sub(g.toldAt) < toldAgainAfter {
		return
	}
	g.toldAt = now
	g.logger.Warn("requests with unknown keys are refused: somebody may be trying keys, or uses one that was revoked",
		"from", strings.TrimPrefix(one.address, "address "))
}
