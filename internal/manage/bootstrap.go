package manage

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
)

// Bootstrapped is what the first start made. Key is nil when nothing had to be
// made.
type Bootstrapped struct {
	Environment posthorn.Environment
	Key         *CreatedKey
}

// Bootstrap makes an empty database usable: a workspace with a project and an
// environment, and a platform key with the given text or, if that is empty, a
// random one. A random key is given to keepText before it is of any use, so that
// it can't be lost; an error of keepText ends the bootstrap. A first start that
// was interrupted is finished by the next. On a database in use it changes
// nothing.
func (m *Manager) Bootstrap(ctx context.Context, keyText string, keepText func(posthorn.Environment, posthorn.Secret) error) (Bootstrapped, error) {
	if keyText != "" {
		if err := ValidateKeyText(keyText); err != nil {
			return Bootstrapped{}, err
		}
	}
	if err := m.foundFirst(ctx); err != nil {
		return Bootstrapped{}, err
	}
	environment, err := m.store.OldestEnvironment(ctx, posthorn.WorkspaceID{})
	if err != nil {
		return Bootstrapped{}, fmt.Errorf("finding the first environment: %w", err)
	}
	keys, err := m.store.Keys(ctx, posthorn.WorkspaceID{}, posthorn.Page{Limit: 1})
	if err != nil {
		return Bootstrapped{}, fmt.Errorf("looking for a key: %w", err)
	}
	if len(keys) > 0 {
		return Bootstrapped{Environment: environment}, nil
	}
	if keyText == "" {
		keyText = posthorn.PlatformKeyPrefix + randomText(m.random)
		if err := keepText(environment, posthorn.Secret(keyText)); err != nil {
			return Bootstrapped{}, fmt.Errorf("keeping the first key: %w", err)
		}
	}
	key, err := m.keepKey(ctx, "First key", posthorn.PlatformKey, posthorn.WorkspaceID{}, keyText)
	if err != nil {
		return Bootstrapped{}, err
	}
	return Bootstrapped{Environment: environment, Key: &key}, nil
}

func (m *Manager) foundFirst(ctx context.Context) error {
	workspaces, err := m.store.Workspaces(ctx, posthorn.Page{Limit: 1})
	if err != nil {
		return fmt.Errorf("looking for a workspace: %w", err)
	}
	if len(workspaces) > 0 {
		return nil
	}
	if _, err := m.found(ctx, WorkspaceChange{Name: Set("Default")}); err != nil {
		return fmt.Errorf("making the first workspace: %w", err)
	}
	return nil
}
