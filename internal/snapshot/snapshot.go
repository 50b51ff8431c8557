// Package snapshot keeps each environment's directory (its webhooks, its event
// types and its defaults) in memory, so that neither accepting nor delivering
// an event asks the database for them.
package snapshot

import (
	"context"
	"fmt"
	"sync"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/store"
)

// Environment is an environment's directory at one version. It is immutable.
type Environment struct {
	posthorn.Environment
	Version    store.Version
	index      *filter.Index
	webhooks   map[posthorn.WebhookID]*posthorn.Webhook
	eventTypes map[string]posthorn.EventType
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
func (e *Environment) Retries(eventType string) *int { return e.eventTypes[eventType].Retries }

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
	read, err := c.source.Snapshot(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("reading the environment's directory: %w", err)
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
		eventTypes:  make(map[string]posthorn.EventType, len(s.EventTypes)),
	}
	for i := range s.Webhooks {
		e.webhooks[s.Webhooks[i].ID] = &s.Webhooks[i]
	}
	for _, eventType := range s.EventTypes {
		e.eventTypes[eventType.Name] = eventType
	}
	return e
}
