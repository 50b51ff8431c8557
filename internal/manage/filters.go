package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/store"
)

// TriedEvents is how many events a filter is tried on, at most.
const TriedEvents = 100

// Bounds of the search for events to try a filter on.
const (
	// maxSearched is how many of the newest events are looked through for those
	// that a webhook subscribes to.
	maxSearched = 1000
	// maxTriedBytes is how much data is read.
	maxTriedBytes = 16 << 20
	// maxFailuresShown is how many different failures are told.
	maxFailuresShown = 5
)

// FilterQuestion asks what a filter makes of the newest events.
type FilterQuestion struct {
	EnvironmentID posthorn.EnvironmentID
	// WebhookID names a webhook whose environment, filter and event patterns are
	// meant where the question has none; it may be zero.
	WebhookID posthorn.WebhookID
	Filter    string
	// Events are the patterns of the event types to try; everything when empty.
	Events []string
}

// FilterTrial is what a filter makes of the newest events that are subscribed to.
type FilterTrial struct {
	Filter string
	Events []string
	// EstimatedCost is what an evaluation costs at most on an ordinary event, and
	// CostLimit where it is stopped, in units.
	EstimatedCost uint64
	CostLimit     uint64
	// Tried is the sum of the three.
	Tried     int
	Matched   int
	Unmatched int
	Failed    int
	// Failures are the different ones, those of newer events first; not all of
	// them, if they are many.
	Failures []FilterFailure
}

// FilterFailure is why a filter could not be evaluated, for how many of the
// events, and for which event first.
type FilterFailure struct {
	Message string
	Count   int
	EventID string
}

// TryFilter tries a filter on the newest events of an environment in reach.
// Nothing is kept. It returns posthorn.ErrBusy when too many filters are being
// tried.
func (m *Manager) TryFilter(ctx context.Context, p Principal, q FilterQuestion) (FilterTrial, error) {
	if !q.WebhookID.IsZero() {
		webhook, err := m.webhook(ctx, p, q.WebhookID)
		if err != nil {
			return FilterTrial{}, err
		}
		q.EnvironmentID = webhook.EnvironmentID
		if q.Filter == "" {
			q.Filter = webhook.Filter
		}
		if len(q.Events) == 0 {
			q.Events = webhook.Events
		}
	}
	if len(q.Events) == 0 {
		q.Events = []string{"*"}
	}
	q.Filter = strings.TrimSpace(q.Filter)
	if q.Filter == "" {
		return FilterTrial{}, posthorn.Invalid("/filter", "There is no filter to try.", "Give one, or the id of a webhook that has one.")
	}
	if err := posthorn.ValidateSubscription(q.Filter, q.Events); err != nil {
		return FilterTrial{}, err
	}
	environment, err := m.EnvironmentID(ctx, p, q.EnvironmentID)
	if err != nil {
		return FilterTrial{}, err
	}
	others, err := m.store.CountFilters(ctx, environment)
	if err != nil {
		return FilterTrial{}, passOn("counting filters", err)
	}
	workspace, err := m.workspaceOf(ctx, p, Scope{EnvironmentID: environment})
	if err != nil {
		return FilterTrial{}, err
	}
	return m.try(ctx, workspace, environment, q, others)
}

// try tries a checked filter as it would be evaluated beside so many others.
func (m *Manager) try(ctx context.Context, workspace posthorn.WorkspaceID, environment posthorn.EnvironmentID, q FilterQuestion, others int) (FilterTrial, error) {
	end, err := m.trials.take(ctx, workspace)
	if err != nil {
		return FilterTrial{}, err
	}
	defer end()
	expression, err := m.filters.Compile(q.Filter)
	if err != nil {
		return FilterTrial{}, passOn("reading the filter", err)
	}
	trial := FilterTrial{Filter: q.Filter, Events: q.Events, EstimatedCost: expression.EstimatedCost, CostLimit: filter.Limit(others + 1)}
	program, err := expression.Program(trial.CostLimit)
	if err != nil {
		return FilterTrial{}, err
	}
	err = m.eachRecent(ctx, environment, q.Events, func(event posthorn.Event) {
		trial.count(event, program.Evaluate(&event))
	})
	return trial, err
}

func (t *FilterTrial) count(event posthorn.Event, verdict filter.Verdict) {
	t.Tried++
	switch {
	case verdict.Matches:
		t.Matched++
		return
	case verdict.Failure == "":
		t.Unmatched++
		return
	}
	t.Failed++
	for i := range t.Failures {
		if t.Failures[i].Message == verdict.Failure {
			t.Failures[i].Count++
			return
		}
	}
	if len(t.Failures) < maxFailuresShown {
		t.Failures = append(t.Failures, FilterFailure{Message: verdict.Failure, Count: 1, EventID: event.PublicID()})
	}
}

// eachRecent visits the newest events whose types the patterns want, newest
// first.
func (m *Manager) eachRecent(ctx context.Context, environment posthorn.EnvironmentID, patterns []string, visit func(posthorn.Event)) error {
	page := posthorn.Page{Limit: posthorn.MaxPageLimit}
	tried, bytes := 0, 0
	for range maxSearched / posthorn.MaxPageLimit {
		events, err := m.store.Events(ctx, store.EventQuery{EnvironmentID: environment, Page: page})
		if err != nil {
			return passOn("listing events", err)
		}
		for _, listed := range events {
			page.After = listed.ID
			if !slices.ContainsFunc(patterns, func(pattern string) bool { return posthorn.MatchesPattern(pattern, listed.Type) }) {
				continue
			}
			event, err := m.store.Event(ctx, store.Reach{EnvironmentID: environment}, listed.ID)
			if errors.Is(err, posthorn.ErrNotFound) {
				continue
			}
			if err != nil {
				return passOn("reading an event", err)
			}
			visit(event)
			tried++
			bytes += len(event.Data)
			if tried == TriedEvents || bytes > maxTriedBytes {
				return nil
			}
		}
		if len(events) < page.Limit {
			return nil
		}
	}
	return nil
}

// checkFilter checks a filter that is given; what is kept was good when it was.
func (m *Manager) checkFilter(c WebhookChange, text string) error {
	if !c.Filter.present() || c.isFilterRead || text == "" || len(text) > posthorn.MaxFilter {
		return nil
	}
	_, err := m.filters.Compile(text)
	return err
}

// tryBeforeSaving refuses a new filter that there is no room for, and one that
// fails on every event that it is tried on: it was most likely misspelt, and its
// webhook would get nothing.
func (m *Manager) tryBeforeSaving(ctx context.Context, c WebhookChange, before, after posthorn.Webhook) error {
	if after.Filter == "" || after.Filter == before.Filter {
		return nil
	}
	others, err := m.store.CountFilters(ctx, after.EnvironmentID)
	if err != nil {
		return passOn("counting filters", err)
	}
	if before.Filter != "" {
		others--
	}
	if others >= filter.MaxFilters {
		return posthorn.Invalid("/filter", fmt.Sprintf("%d webhooks of this environment have a filter already.", filter.MaxFilters),
			"Subscribe to fewer event types instead of filtering, or use another environment.")
	}
	if c.ForceFilter {
		return nil
	}
	trial, err := m.try(ctx, after.WorkspaceID, after.EnvironmentID, FilterQuestion{Filter: after.Filter, Events: after.Events}, others)
	if err != nil {
		return err
	}
	if trial.Tried == 0 || trial.Failed < trial.Tried {
		return nil
	}
	first := trial.Failures[0]
	return posthorn.Invalid("/filter", fmt.Sprintf("The filter fails on all of the last %d events that it was tried on; on event %s: %s.", trial.Tried, first.EventID, first.Message),
		"Check the names in it, and ask with has() for what not every event has. To keep it all the same, add \"forceFilter\": true.")
}
