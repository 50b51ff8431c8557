package app

import "context"

// Ready is what /readyz asks; while the server stops nobody can ask it there.
func (a *App) Ready(ctx context.Context) error { return a.ready(ctx) }
