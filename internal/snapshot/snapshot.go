// Package snapshot keeps each environment's directory (its webhooks, its signing keys, what its
// event types say of retries and of data, and its defaults) in memory, so that neither accepting nor delivering
// an event asks the database for them.
package snapshot

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/schema"
	"github.com/posthorn/posthorn/internal/store"
)

// Environment is an environment's directory at one version. It is immutable.
type Environment struct {
	posthorn.Environment
	Version store.Version
	// SigningKeys are newest first; some may have expired.
	SigningKeys []posthorn.SigningKey

	index    *filter.Index
	webhooks map[posthorn.WebhookID]*posthorn.Webhook
	retries  map[string]int
	formats  map[string]posthorn.DeclaredFormat
	schemas  map[string]enforced
	library  *schema.Library
	// filterText and schemaText are how long its filters and its schemas are
	// together, in bytes.
	filterText int
	schemaText int
}

// enforced is a schema that events of a type are checked against.
type enforced struct {
	store.Schema

	digest schema.Digest
}

// Webhook returns a webhook that is not deleted. It must not be changed.
func (e *Environment) Webhook(id posthorn.WebhookID) (*posthorn.Webhook, bool) {
	webhook, ok := e.webhooks[id]
	return webhook, ok
}

// Data returns the data of an event for Check and Match; nil where neither looks at it.
func (e *Environment) Data(event *posthorn.Event) *eventdata.Value {
	if !e.HasFilters() && !e.HasSchemas() {
		return nil
	}
	return eventdata.Of(event.Data)
}

// Match returns the webhooks that want an event, by its type and their filters.
// Nobody else may use the data, which comes from Data, afterwards.
func (e *Environment) Match(event *posthorn.Event, data *eventdata.Value) filter.Matches {
	return e.index.Match(event, data)
}

// Check compares the data of an event, which comes from Data and stands at the pointer
// in its request, with the schema of its type. It returns posthorn.ValidationOff when there is
// none, else what is to be done about the mistakes.
func (e *Environment) Check(pointer, eventType string, data *eventdata.Value) (posthorn.Validation, schema.Verdict) {
	named, exists := e.schemas[eventType]
	if !exists {
		return posthorn.ValidationOff, schema.Verdict{}
	}
	compiled, cost, err := e.library.Schema(named.digest, named.Text)
	if err != nil {
		// It was good when it was saved: an older or newer version of Posthorn thought
		// otherwise of it. What can't be checked isn't taken for good.
		return named.Validation, schema.Verdict{Cost: 1 + cost, Mistakes: []*posthorn.Error{posthorn.Invalid(pointer,
			"The data can't be checked: the schema of its event type can't be read any more.", "Save the schema again, or take it out of the event type.")}}
	}
	verdict := compiled.Check(pointer, data)
	verdict.Cost += cost
	return named.Validation, verdict
}

// HasSchemas reports whether events of any type are checked.
func (e *Environment) HasSchemas() bool { return len(e.schemas) > 0 }

// HasFilters reports whether any of its webhooks has a filter.
func (e *Environment) HasFilters() bool { return e.filterText > 0 }

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

// Policy returns how an event of the type is retried for the webhook, whose format
// says something of that or nil.
func (e *Environment) Policy(webhook *posthorn.Webhook, format *int, eventType string) posthorn.RetryPolicy {
	return posthorn.RetryPolicy{
		Retries: posthorn.EffectiveRetries(webhook.Retries, e.Retries(eventType), format, e.DefaultRetries),
		Delays:  webhook.RetrySchedule,
	}
}

// Format returns the newest version of a declared format, without its document;
// false when none of the webhooks' formats is declared by that name.
func (e *Environment) Format(name string) (posthorn.DeclaredFormat, bool) {
	format, ok := e.formats[name]
	return format, ok
}

// Source is where snapshots come from.
type Source interface {
	Snapshot(ctx context.Context, id posthorn.EnvironmentID) (store.Snapshot, error)
}

// The bounds of the cache; beyond them, environments are dropped and read again when
// needed.
const (
	maxEnvironments = 4096
	maxFilterText   = 4 << 20
	maxSchemaText   = 64 << 20
)

// Cache holds the newest known snapshot of each environment. It is safe for
// concurrent use.
type Cache struct {
	source   Source
	programs *filter.Programs
	schemas  *schema.Library

	mu           sync.Mutex
	environments map[posthorn.EnvironmentID]*Environment
	// filterText and schemaText are how long the filters and the schemas of all
	// environments are, in bytes.
	filterText int
	schemaText int
	// forgotten counts Forget calls, so that a read that was under way while the
	// directory changed is not kept.
	forgotten uint64
	// reading makes those who ask for the same environment share one read.
	reading singleflight.Group
}

// NewCache makes an empty cache.
func NewCache(source Source) *Cache {
	return &Cache{source: source, programs: filter.NewPrograms(), schemas: schema.NewLibrary(), environments: map[posthorn.EnvironmentID]*Environment{}}
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
	fresh := newEnvironment(read, c.programs, c.schemas)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten == forgotten {
		c.drop(id)
		c.makeRoom(fresh)
		c.environments[id] = fresh
		c.filterText += fresh.filterText
		c.schemaText += fresh.schemaText
	}
	return fresh, nil
}

func (c *Cache) makeRoom(fresh *Environment) {
	for id := range c.environments {
		if len(c.environments) < maxEnvironments && c.filterText+fresh.filterText <= maxFilterText && c.schemaText+fresh.schemaText <= maxSchemaText {
			return
		}
		c.drop(id)
	}
}

func (c *Cache) drop(id posthorn.EnvironmentID) {
	if known := c.environments[id]; known != nil {
		c.filterText -= known.filterText
		c.schemaText -= known.schemaText
		delete(c.environments, id)
	}
}

// Forget makes the next Environment call read the directory again. It must be
// called after every change.
func (c *Cache) Forget(id posthorn.EnvironmentID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
	c.forgotten++
}

// ForgetWorkspace is Forget for all environments of a workspace.
func (c *Cache) ForgetWorkspace(id posthorn.WorkspaceID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for environment, known := range c.environments {
		if known.WorkspaceID == id {
			c.drop(environment)
		}
	}
	c.forgotten++
}

func newEnvironment(s store.Snapshot, programs *filter.Programs, schemas *schema.Library) *Environment {
	e := &Environment{
		Environment: s.Environment,
		Version:     s.Version,
		SigningKeys: s.SigningKeys,
		index:       filter.NewIndex(s.Webhooks, programs),
		webhooks:    make(map[posthorn.WebhookID]*posthorn.Webhook, len(s.Webhooks)),
		retries:     s.Retries,
		formats:     s.Formats,
		schemas:     make(map[string]enforced, len(s.Schemas)),
		library:     schemas,
	}
	for name, text := range s.Schemas {
		e.schemas[name] = enforced{Schema: text, digest: schema.DigestOf(text.Text)}
		e.schemaText += len(text.Text)
	}
	for i := range s.Webhooks {
		e.webhooks[s.Webhooks[i].ID] = &s.Webhooks[i]
		e.filterText += len(s.Webhooks[i].Filter)
	}
	return e
}
