package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/store"
)

// ExplainedBy is the one word for why an event has or has no delivery to a
// webhook.
type ExplainedBy string

// The words.
const (
	// ExplainedByDelivery: there is a delivery.
	ExplainedByDelivery ExplainedBy = "delivery"
	// ExplainedByPause: there is a delivery, and it waits because the webhook is
	// paused.
	ExplainedByPause ExplainedBy = "paused"
	// ExplainedByAge: the webhook was created after the event was accepted.
	ExplainedByAge ExplainedBy = "created_later"
	// ExplainedByDisabled: the webhook is disabled.
	ExplainedByDisabled ExplainedBy = "disabled"
	// ExplainedByEvents: the webhook doesn't subscribe to the event's type.
	ExplainedByEvents ExplainedBy = "not_subscribed"
	// ExplainedByFilter: the webhook's filter says no.
	ExplainedByFilter ExplainedBy = "filter_false"
	// ExplainedByFailure: the webhook's filter can't be evaluated for the event.
	ExplainedByFailure ExplainedBy = "filter_failed"
	// ExplainedByNothing: as it is now the webhook would get the event; it was
	// another way when the event came.
	ExplainedByNothing ExplainedBy = "changed_since"
)

// Explanation says why an event has or has no delivery to a webhook.
type Explanation struct {
	Event     posthorn.Event
	WebhookID posthorn.WebhookID
	By        ExplainedBy
	// Text says it in a sentence.
	Text string
	// Delivery is nil when there is none.
	Delivery *posthorn.Delivery
	// Filter is the webhook's filter, if it was looked at, and Failure why it can't
	// be evaluated.
	Filter  string
	Failure string
	// HasChanged reports that the webhook was changed after the event was accepted.
	// What is said is said of the webhook as it is now.
	HasChanged bool
	// IsDeleted reports that the webhook has been deleted.
	IsDeleted bool
}

// Explain says why an event in reach has or has no delivery to a webhook. A
// webhook of another environment is answered like one that doesn't exist; one
// that was deleted is known as long as it has a delivery of the event.
func (m *Manager) Explain(ctx context.Context, p Principal, named posthorn.EnvironmentID, eventID string, webhookID posthorn.WebhookID) (Explanation, error) {
	event, err := m.Event(ctx, p, named, eventID)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Event: event, WebhookID: webhookID}
	deliveries, err := m.store.Deliveries(ctx, store.DeliveryQuery{
		EnvironmentID: event.EnvironmentID, EventID: event.ID, WebhookID: webhookID, Page: posthorn.Page{Limit: 1},
	})
	if err != nil {
		return Explanation{}, passOn("looking for a delivery", err)
	}
	webhook, err := m.store.Webhook(ctx, webhookID)
	if err != nil && !errors.Is(err, posthorn.ErrNotFound) {
		return Explanation{}, passOn("reading the webhook", err)
	}
	isThere := err == nil && webhook.EnvironmentID == event.EnvironmentID
	if !isThere && len(deliveries) == 0 {
		return Explanation{}, posthorn.ErrNotFound
	}
	e.IsDeleted = !isThere
	e.HasChanged = isThere && webhook.UpdatedAt.After(event.AcceptedAt) && !webhook.UpdatedAt.Equal(webhook.CreatedAt)
	if len(deliveries) > 0 {
		return e.byDelivery(deliveries[0], webhook), nil
	}
	if e.explainByWebhook(webhook) {
		return e, nil
	}
	isDisabled := webhook.Status == posthorn.WebhookDisabled
	if isDisabled && !e.HasChanged {
		return e.byDisabling(webhook), nil
	}
	// One that is disabled now may not have been when the event came: a filter that says
	// no explains it either way.
	if e, err = m.explainByFilter(ctx, e, webhook); err != nil || !isDisabled || e.By != ExplainedByNothing {
		return e, err
	}
	return e.byDisabling(webhook), nil
}

func (e Explanation) byDisabling(w posthorn.Webhook) Explanation {
	e.By, e.Text = ExplainedByDisabled, "The webhook is disabled, and no deliveries are made for it: "+w.StatusReason
	e.addChange()
	return e
}

func (e Explanation) byDelivery(d posthorn.Delivery, w posthorn.Webhook) Explanation {
	e.Delivery, e.By = &d, ExplainedByDelivery
	e.Text = fmt.Sprintf("There is a delivery, and it is %s.", d.Status)
	waits := d.Status == posthorn.DeliveryPending
	switch {
	case e.IsDeleted:
		e.Text += " The webhook has been deleted."
	case waits && w.Status == posthorn.WebhookPaused:
		e.By = ExplainedByPause
		e.Text = "There is a delivery, and it waits because the webhook is paused. Resume the webhook to have it sent."
	case waits && w.Status == posthorn.WebhookDisabled:
		e.By = ExplainedByDisabled
		e.Text = "There is a delivery, and it waits because the webhook is disabled: " + w.StatusReason
	}
	return e
}

// explainByWebhook reports whether the webhook without its filter explains it.
func (e *Explanation) explainByWebhook(w posthorn.Webhook) bool {
	subscribes := slices.ContainsFunc(w.Events, func(pattern string) bool { return posthorn.MatchesPattern(pattern, e.Event.Type) })
	switch {
	case w.CreatedAt.After(e.Event.AcceptedAt):
		e.By, e.Text = ExplainedByAge, "The webhook was created after the event was accepted. Webhooks get the events that are accepted after them."
	case !subscribes:
		e.By, e.Text = ExplainedByEvents, fmt.Sprintf("The webhook doesn't subscribe to events of type %s.", e.Event.Type)
	default:
		return false
	}
	e.addChange()
	return true
}

// addChange says that the webhook may have been another one when the event came.
func (e *Explanation) addChange() {
	if e.HasChanged && e.By != ExplainedByAge { // its age stays what it is
		e.Text += " The webhook has changed since the event was accepted."
	}
}

func (m *Manager) explainByFilter(ctx context.Context, e Explanation, w posthorn.Webhook) (Explanation, error) {
	verdict := filter.Verdict{Matches: true}
	if e.Filter = w.Filter; e.Filter != "" {
		var err error
		if verdict, err = m.evaluate(ctx, w, e.Event); err != nil {
			return Explanation{}, err
		}
	}
	switch {
	case verdict.Failure != "":
		e.By, e.Failure = ExplainedByFailure, verdict.Failure
		e.Text = "The webhook's filter can't be evaluated for this event, which means that it doesn't match: " + verdict.Failure + "."
	case !verdict.Matches:
		e.By, e.Text = ExplainedByFilter, "The webhook's filter doesn't match this event."
	case e.HasChanged:
		e.By, e.Text = ExplainedByNothing, "As it is now, the webhook would get this event, but it has changed since the event was accepted. Publish the event again under another id to have it delivered."
		return e, nil
	default:
		e.By = ExplainedByNothing
		e.Text = "As it is now, the webhook would get this event. When the event was accepted, something was different: the filters of the environment may have cost too much together. Publish the event again under another id to have it delivered."
	}
	e.addChange()
	return e, nil
}

// evaluate evaluates a webhook's filter as it is for a new event.
func (m *Manager) evaluate(ctx context.Context, w posthorn.Webhook, event posthorn.Event) (filter.Verdict, error) {
	filters, err := m.store.CountFilters(ctx, w.EnvironmentID)
	if err != nil {
		return filter.Verdict{}, passOn("counting filters", err)
	}
	expression, err := m.filters.Compile(w.Filter)
	var mistake *posthorn.Error
	if errors.As(err, &mistake) {
		return filter.Verdict{Failure: mistake.Message}, nil
	}
	if err != nil {
		return filter.Verdict{}, err
	}
	program, err := expression.Program(filter.Limit(filters))
	if err != nil {
		return filter.Verdict{}, err
	}
	return program.Evaluate(&event), nil
}
