package manage

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/posthorn/posthorn"
)

// Principal is who asks: what matters of the key that a request came with.
type Principal struct {
	KeyID posthorn.KeyID
	Kind  posthorn.KeyKind
	// WorkspaceID is zero for platform keys.
	WorkspaceID posthorn.WorkspaceID
}

func principalOf(key posthorn.Key) Principal {
	return Principal{KeyID: key.ID, Kind: key.Kind, WorkspaceID: key.WorkspaceID}
}

// IsPlatform reports whether the principal reaches every workspace.
func (p Principal) IsPlatform() bool { return p.Kind == posthorn.PlatformKey }

// Reaches reports whether a workspace is within the principal's reach.
func (p Principal) Reaches(workspace posthorn.WorkspaceID) bool {
	return p.IsPlatform() || (!workspace.IsZero() && p.WorkspaceID == workspace)
}

// forbidden is the error for what only a platform key may do.
func forbidden(what string) *posthorn.Error {
	return &posthorn.Error{
		Code:    posthorn.CodeForbidden,
		Message: "Only a platform key may " + what + ".",
		Hint:    "Use a key that begins with " + posthorn.PlatformKeyPrefix + ".",
	}
}

// EnvironmentID finds the environment that a request means: the named one, or
// the oldest in reach when none is named. It returns posthorn.ErrNotFound when
// there is none or it is beyond reach. It is cheap enough for every event.
func (m *Manager) EnvironmentID(ctx context.Context, p Principal, named posthorn.EnvironmentID) (posthorn.EnvironmentID, error) {
	if named.IsZero() {
		return m.oldestEnvironment(ctx, p)
	}
	owner, err := m.WorkspaceOf(ctx, named)
	if err != nil {
		return posthorn.EnvironmentID{}, err
	}
	if !p.Reaches(owner) {
		return posthorn.EnvironmentID{}, posthorn.ErrNotFound
	}
	return named, nil
}

// WorkspaceOf returns the workspace of an environment, whoever asks; it is cheap
// enough for every event.
func (m *Manager) WorkspaceOf(ctx context.Context, id posthorn.EnvironmentID) (posthorn.WorkspaceID, error) {
	if owner, known := m.reach.owner(id); known {
		return owner, nil
	}
	environment, err := m.store.Environment(ctx, id)
	if err != nil {
		return posthorn.WorkspaceID{}, passOn("finding the environment", err)
	}
	m.reach.keepOwner(id, environment.WorkspaceID)
	return environment.WorkspaceID, nil
}

func (m *Manager) oldestEnvironment(ctx context.Context, p Principal) (posthorn.EnvironmentID, error) {
	workspace := p.WorkspaceID
	if p.IsPlatform() {
		workspace = posthorn.WorkspaceID{}
	}
	if id, known := m.reach.oldest(workspace); known {
		return id, nil
	}
	environment, err := m.store.OldestEnvironment(ctx, workspace)
	if err != nil {
		return posthorn.EnvironmentID{}, passOn("finding the oldest environment", err)
	}
	m.reach.keepOldest(workspace, environment.ID)
	return environment.ID, nil
}

// environment reads the environment that a request means.
func (m *Manager) environment(ctx context.Context, p Principal, named posthorn.EnvironmentID) (posthorn.Environment, error) {
	id, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return posthorn.Environment{}, err
	}
	environment, err := m.store.Environment(ctx, id)
	if err != nil {
		return posthorn.Environment{}, passOn("reading the environment", err)
	}
	return environment, nil
}

// checkReach returns posthorn.ErrNotFound if an environment is beyond reach.
func (m *Manager) checkReach(ctx context.Context, p Principal, environment posthorn.EnvironmentID) error {
	_, err := m.EnvironmentID(ctx, p, environment)
	return err
}

// passOn hands the store's errors up: those meant for users as they are, the
// rest with what was being done.
func passOn(doing string, err error) error {
	var forUser *posthorn.Error
	if errors.As(err, &forUser) {
		return err
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// reachCache remembers who owns an environment and which one is a workspace's
// oldest. Neither ever changes, so nothing needs to be forgotten for
// correctness; it forgets everything when it is full, to stay small.
type reachCache struct {
	mu      sync.RWMutex
	owners  map[posthorn.EnvironmentID]posthorn.WorkspaceID
	oldests map[posthorn.WorkspaceID]posthorn.EnvironmentID
}

const maxReachEntries = 4096

func newReachCache() *reachCache {
	return &reachCache{
		owners:  make(map[posthorn.EnvironmentID]posthorn.WorkspaceID),
		oldests: make(map[posthorn.WorkspaceID]posthorn.EnvironmentID),
	}
}

func (c *reachCache) owner(id posthorn.EnvironmentID) (posthorn.WorkspaceID, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	owner, known := c.owners[id]
	return owner, known
}

func (c *reachCache) keepOwner(id posthorn.EnvironmentID, owner posthorn.WorkspaceID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.owners) >= maxReachEntries {
		clear(c.owners)
	}
	c.owners[id] = owner
}

func (c *reachCache) oldest(id posthorn.WorkspaceID) (posthorn.EnvironmentID, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	oldest, known := c.oldests[id]
	return oldest, known
}

func (c *reachCache) keepOldest(id posthorn.WorkspaceID, oldest posthorn.EnvironmentID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.oldests) >= maxReachEntries {
		clear(c.oldests)
	}
	c.oldests[id] = oldest
}
