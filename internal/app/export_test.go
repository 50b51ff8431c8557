package app

import (
	"context"

	"github.com/posthorn/posthorn/internal/manage"
)

// Ready is what /readyz asks; while the server stops nobody can ask it there.
func (a *App) Ready(ctx context.Context) error { return a.ready(ctx) }

// Manager is the server's own management.
func (a *App) Manager() *manage.Manager { return a.manager }

// ProfileAddr is where profiles are given.
func (a *App) ProfileAddr() string { return a.profiles.listener.Addr().String() }
