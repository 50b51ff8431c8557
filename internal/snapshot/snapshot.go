// Package snapshot keeps each environment's directory (its webhooks, what its
// event types say of retries, and its defaults) in memory, so that neither accepting nor delivering
// an event asks the database for them.
package snapshot

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/store"
)

// Environment is an environment's directory at one version. It is immutable.
type Environment struct {
	posthorn.Environment
	Version  store.Version
	index    *filter.Index
	webhooks map[posthorn.WebhookID]*posthorn.Webhook
	retries  map[string]int
}

// Webhook returns a webhook that is not deleted. It must not be changed.
func (e *Environment) Webhook(id posthorn.WebhookID) (*posthorn.Webhook, bool) {
	webhook, ok := e.webhooks[id]
	return webhook, ok
}

// Match returns the webhooks that want an event of this type.
func (e *Environment) Match(eventType string) []*posthorn.Webhook { return e.index.Match(eventType) }

// CountDisabled returns how many webhooks would want an event of this type if
// they were not disabled.
func (e *Environment) CountDisabled(eventType string) int { return e.index.CountDisabled(eventType) }

// Retries returns what the catalogue says of an event type's retries: nil when
// it says nothing or the type is not in it.
func (e *Environment) Retries(eventType string) *int {
	retries, ok := e.retries[eventType]
	if !ok {
		return nil
	}
	return &retries
}

// Source is where snapshots come from.
type Source interface {
	Snapshot(ctx context.Context, id posthorn.EnvironmentID) (store.Snapshot, error)
}

// maxEnvironments bounds the cache; beyond it, environments are dropped and
// read again when needed.
const maxEnvironments = 4096

// Cache holds the newest known snapshot of each environment. It is safe for
// concurrent use.
type Cache struct {
	source Source

	mu           sync.Mutex
	environments map[posthorn.EnvironmentID]*Environment
	// forgotten counts Forget calls, so that a read that was under way while the
	// directory changed is not kept.
	forgotten uint64
	// reading makes those who ask for the same environment share one read.
	reading singleflight.Group
}

// NewCache makes an empty cache.
func NewCache(source Source) *Cache {
	return &Cache{source: source, environments: map[posthorn.EnvironmentID]*Environment{}}
}

// Environment returns the environment's directory. It returns
// posthorn.ErrNotFound when there is no such environment.
func (c *Cache) Environment(ctx context.Context, id posthorn.EnvironmentID) (*Environment, error) {
	c.mu.Lock()
	known, forgotten := c.environments[id], c.forgotten
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	// Who asks after a change must not share a read that began before it.
	key := string(id[:]) + strconv.FormatUint(forgotten, 10)
	fresh, err, _ := c.reading.Do(key, func() (any, error) { return c.read(context.WithoutCancel(ctx), id, forgotten) })
	if err != nil {
		return nil, fmt.Errorf("reading the environment's directory: %w", err)
	}
	return fresh.(*Environment), nil //nolint:forcetypeassert // read returns nothing else
}

func (c *Cache) read(ctx context.Context, id posthorn.EnvironmentID, forgotten uint64) (*Environment, error) {
	read, err := c.source.Snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	fresh := newEnvironment(read)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten == forgotten {
		c.makeRoom()
		c.environments[id] = fresh
	}
	return fresh, nil
}

func (c *Cache) makeRoom() {
	for id := range c.environments {
		if len(c.environments) < maxEnvironments {
			return
		}
		delete(c.environments, id)
	}
}

// Forget makes the next Environment call read the directory again. It must be
// called after every change.
func (c *Cache) Forget(id posthorn.EnvironmentID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.environments, id)
	c.forgotten++
}

func newEnvironment(s store.Snapshot) *Environment {
	e := &Environment{
		Environment: s.Environment,
		Version:     s.Version,
		index:       filter.NewIndex(s.Webhooks),
		webhooks:    make(map[posthorn.WebhookID]*posthorn.Webhook, len(s.Webhooks)),
		retries:     s.Retries,
	}
	for i := range s.Webhooks {
		e.webhooks[s.Webhooks[i].ID] = &s.Webhooks[i]
	}
	return e
}
