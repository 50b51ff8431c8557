package manage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// carryOut makes what isn't there, changes what is if that is asked for, and notes all.
// Whether there is room for all of it is known before anything is kept.
func (m *Manager) carryOut(ctx context.Context, environment posthorn.EnvironmentID, entries []planned, request Import, done *Imported) error {
	fresh, changes, err := m.sortOut(ctx, environment, entries, request.Update, done)
	if err != nil {
		return err
	}
	growth := 0
	for _, plan := range slices.Concat(fresh, changes) {
		growth += plan.growth
	}
	if err := m.checkRoom(ctx, environment, growth); err != nil {
		return err
	}
	if err := m.createPlanned(ctx, environment, fresh, request.DryRun, done); err != nil {
		return err
	}
	// Those that make room come before those that need it.
	slices.SortStableFunc(changes, func(a, b planned) int { return cmp.Compare(a.growth, b.growth) })
	for _, plan := range changes {
		if err := m.updatePlanned(ctx, environment, plan, request.DryRun, done); err != nil {
			return err
		}
	}
	slices.SortStableFunc(done.Items, func(a, b ImportItem) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// sortOut returns what is to be created and what is to be changed, and notes the rest.
func (m *Manager) sortOut(ctx context.Context, environment posthorn.EnvironmentID, entries []planned, update bool, done *Imported) ([]planned, []planned, error) {
	var fresh, changes []planned
	for _, plan := range entries {
		there, err := m.store.EventType(ctx, environment, plan.Name)
		if errors.Is(err, posthorn.ErrNotFound) {
			fresh = append(fresh, plan)
			continue
		}
		if err != nil {
			return nil, nil, passOn("reading the event type", err)
		}
		after, err := plan.apply(there)
		switch {
		case err != nil:
			return nil, nil, err
		case isSame(there, after):
			done.add(ImportItem{Name: plan.Name, Action: ImportSame})
			continue
		case !update:
			done.add(ImportItem{Name: plan.Name, Action: ImportLeft, Reason: "It is there already, otherwise; \"update\": true changes it."})
			continue
		}
		if err := m.checkSchema(ctx, after); err != nil {
			if err := done.refuse(plan.Name, err); err != nil {
				return nil, nil, err
			}
			continue
		}
		plan.growth = len(after.Schema) - len(there.Schema)
		changes = append(changes, plan)
	}
	return fresh, changes, nil
}

// refuse notes what is wrong with one event type; other errors come back. The one that
// a change makes may be wrong where its parts weren't, such as an example that is kept
// and a new schema.
func (i *Imported) refuse(name string, err error) error {
	var known *posthorn.Error
	if !errors.As(err, &known) || known.Code != posthorn.CodeInvalid {
		return err
	}
	i.add(ImportItem{Name: name, Action: ImportRefused, Place: known.Pointer, Reason: known.Message})
	return nil
}

func (m *Manager) createPlanned(ctx context.Context, environment posthorn.EnvironmentID, fresh []planned, dryRun bool, done *Imported) error {
	entries := make([]posthorn.EventType, 0, len(fresh))
	for _, plan := range fresh {
		entries = append(entries, plan.entry)
	}
	switch {
	case len(fresh) == 0:
		return nil
	case dryRun:
		if err := m.checkCatalogue(ctx, environment, len(fresh)); err != nil {
			return err
		}
	default:
		if _, err := m.store.CreateEventTypes(ctx, environment, entries, m.limits.EventTypes); err != nil {
			return passOn("importing event types", m.catalogueLimited(err))
		}
	}
	for _, plan := range fresh {
		done.add(ImportItem{Name: plan.Name, Action: ImportCreated})
	}
	return nil
}

// checkCatalogue refuses more event types than the environment may have, as keeping
// them would.
func (m *Manager) checkCatalogue(ctx context.Context, environment posthorn.EnvironmentID, more int) error {
	room, after := m.limits.EventTypes-more, ""
	if m.limits.EventTypes == 0 {
		return nil
	}
	for room >= 0 {
		there, err := m.store.EventTypes(ctx, environment, after, posthorn.MaxPageLimit)
		if err != nil {
			return passOn("counting event types", err)
		}
		if room -= len(there); room >= 0 && len(there) < posthorn.MaxPageLimit {
			return nil
		}
		if len(there) > 0 {
			after = there[len(there)-1].Name
		}
	}
	return m.catalogueLimited(posthorn.ErrLimit)
}

func (m *Manager) updatePlanned(ctx context.Context, environment posthorn.EnvironmentID, plan planned, dryRun bool, done *Imported) error {
	if !dryRun {
		if _, err := m.changeEventType(ctx, environment, plan.Name, plan.EventTypeChange); err != nil {
			return done.refuse(plan.Name, err)
		}
	}
	done.add(ImportItem{Name: plan.Name, Action: ImportUpdated})
	return nil
}
