package manage

import (
	"context"

	"github.com/posthorn/posthorn"
)

// Conservation returns the books of all deliveries of all workspaces. Only a
// platform key may see them.
func (m *Manager) Conservation(ctx context.Context, p Principal) (posthorn.Conservation, error) {
	if !p.IsPlatform() {
		return posthorn.Conservation{}, forbidden("see the books of all workspaces")
	}
	books, err := m.store.Conservation(ctx)
	if err != nil {
		return posthorn.Conservation{}, passOn("adding up the deliveries", err)
	}
	return books, nil
}
