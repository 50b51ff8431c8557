package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// dialect finds what a workspace's webhooks are sent with by the name of a format:
// a built-in one, or the newest version of its own. It returns
// posthorn.ErrNotFound.
func (m *Manager) dialect(ctx context.Context, workspace posthorn.WorkspaceID, name string) (*wire.Dialect, error) {
	if dialect, exists := m.formats.BuiltIn(name); exists {
		return dialect, nil
	}
	declared, err := m.store.Format(ctx, workspace, name)
	if err != nil {
		return nil, passOn("reading a format", err)
	}
	dialect, err := m.formats.Declared(ctx, workspace, declared.FormatVersion)
	if err != nil {
		return nil, passOn("reading a format", err)
	}
	return dialect, nil
}

// findDialect is dialect for a name that a user gave: an absent one is the user's
// mistake.
func (m *Manager) findDialect(ctx context.Context, pointer string, workspace posthorn.WorkspaceID, name string) (*wire.Dialect, error) {
	dialect, err := m.dialect(ctx, workspace, name)
	if !errors.Is(err, posthorn.ErrNotFound) {
		return dialect, err
	}
	names := make([]string, 0, 16)
	for _, f := range m.formats.Formats() {
		names = append(names, f.Name)
	}
	const shown = 20
	own, err := m.store.Formats(ctx, workspace, "", shown)
	if err != nil {
		return nil, passOn("listing formats", err)
	}
	for _, f := range own {
		names = append(names, f.Name)
	}
	return nil, posthorn.Invalid(pointer, fmt.Sprintf("There is no format %q.", clip(name)), "Use one of: "+strings.Join(names, ", ")+"; or save a format of that name first.")
}

// fitting is a dialect with the keys that an environment has for it.
type fitting struct {
	dialect *wire.Dialect
	keys    []posthorn.SigningKey
}

func (m *Manager) fitting(ctx context.Context, dialect *wire.Dialect, environment posthorn.EnvironmentID) (fitting, error) {
	if dialect == nil || len(dialect.UsesKeys()) == 0 {
		return fitting{dialect: dialect}, nil
	}
	keys, err := m.store.SigningKeys(ctx, environment)
	if err != nil {
		return fitting{}, passOn("reading the signing keys", err)
	}
	return fitting{dialect: dialect, keys: keys}, nil
}

// unfit says why a webhook can't be sent to with a dialect, or nil: a secret that
// can't be read, or metadata that is missing. Signing keys that are missing are
// made when it is saved; others stand in for them.
func (m *Manager) unfit(f fitting, w posthorn.Webhook) *posthorn.Error {
	in := m.sample(w)
	in.Keys = m.keysOrStandIns(f, w)
	_, err := f.dialect.Render(in)
	var problem *posthorn.Error
	errors.As(err, &problem)
	return problem
}

// keysOrStandIns returns the signing keys for a dialect, with new ones in the place
// of those that a webhook needs and its environment doesn't have.
func (m *Manager) keysOrStandIns(f fitting, w posthorn.Webhook) []posthorn.SigningKey {
	keys := f.keys
	for _, algorithm := range keysOf(f.dialect, w) {
		if hasCurrent(f.keys, algorithm) {
			continue
		}
		if standIn, err := posthorn.NewSigningKey(w.EnvironmentID, algorithm, m.now(), m.random); err == nil {
			keys = append(slices.Clip(keys), standIn)
		}
	}
	return keys
}

// sample is a request that could be sent to a webhook now.
func (m *Manager) sample(w posthorn.Webhook) wire.Input {
	now := m.now()
	return wire.Input{
		Event: m.plainTestEvent(w), Webhook: w, EnvironmentKind: posthorn.Production,
		DeliveryID: posthorn.NewID[posthorn.DeliveryID](now, m.random), AttemptNumber: 1, Now: now,
	}
}

// maxFitted is how many of the webhooks that use a format are looked at before it is changed.
const maxFitted = 500

// checkUsers returns a conflict if webhooks that use a format couldn't be sent to
// with what is to become of it, and makes the signing keys that they then need.
func (m *Manager) checkUsers(ctx context.Context, workspace posthorn.WorkspaceID, name string, dialect *wire.Dialect) error {
	users, err := m.store.FormatUsers(ctx, workspace, name, maxFitted)
	if err != nil {
		return passOn("looking for who uses the format", err)
	}
	var unfit []string
	fittings := map[posthorn.EnvironmentID]fitting{}
	for _, webhook := range users.Webhooks {
		own, isKnown := fittings[webhook.EnvironmentID]
		if !isKnown {
			if own, err = m.fitting(ctx, dialect, webhook.EnvironmentID); err != nil {
				return err
			}
			fittings[webhook.EnvironmentID] = own
		}
		if problem := m.unfit(own, webhook); problem != nil {
			unfit = append(unfit, webhook.ID.String()+": "+problem.Message)
		}
	}
	if len(unfit) == 0 {
		return m.ensureUsersKeys(ctx, dialect, users.Webhooks)
	}
	const told = 3
	return &posthorn.Error{
		Code:    posthorn.CodeConflict,
		Message: fmt.Sprintf("Nothing could be sent with it to %d of the webhooks that use this format. %s", len(unfit), strings.Join(unfit[:min(told, len(unfit))], " ")),
		Hint:    "Change those webhooks first, or save the format under another name and move webhooks to it one by one.",
	}
}

func (m *Manager) ensureUsersKeys(ctx context.Context, dialect *wire.Dialect, webhooks []posthorn.Webhook) error {
	if len(dialect.UsesKeys()) == 0 {
		return nil
	}
	for _, w := range webhooks {
		if err := m.ensureSigningKeys(ctx, dialect, w); err != nil {
			return err
		}
	}
	return nil
}
