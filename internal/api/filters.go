package api

import (
	"context"
	"net/http"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// filterInput says which filter to try on which events.
type filterInput struct {
	Filter        optional[string]                 `json:"filter,omitzero" doc:"A CEL expression; the webhook's when left out." example:"event.data.amount > 100"`
	Events        optional[[]string]               `json:"events,omitzero" doc:"Event types, families or everything; the webhook's, or else everything, when left out."`
	WebhookID     optional[posthorn.WebhookID]     `json:"webhookId,omitzero" doc:"A webhook whose environment, filter and event types are meant."`
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero" doc:"The webhook's, or else the oldest environment in reach, when left out."`
}

func (in *filterInput) environment() posthorn.EnvironmentID { return in.EnvironmentID.Value }

// filterTrialBody tells what a filter makes of recent events.
type filterTrialBody struct {
	Filter        string              `json:"filter"`
	Events        []string            `json:"events"`
	EstimatedCost uint64              `json:"estimatedCost" doc:"What an evaluation costs at most on an ordinary event, in units of about one step."`
	CostLimit     uint64              `json:"costLimit" doc:"Where an evaluation is stopped, which counts as a failure."`
	Tried         int                 `json:"tried" doc:"How many recent events of those types there are, up to 100."`
	Matched       int                 `json:"matched"`
	Unmatched     int                 `json:"unmatched"`
	Failed        int                 `json:"failed" doc:"Events for which the filter can't be evaluated; they don't match."`
	Failures      []filterFailureBody `json:"failures" doc:"The different failures, up to five."`
}

type filterFailureBody struct {
	Detail  string `json:"detail"`
	Count   int    `json:"count"`
	EventID string `json:"eventId" doc:"The newest such event."`
}

// explanationBody tells why an event has or has no delivery to a webhook.
type explanationBody struct {
	EventID        string  `json:"eventId"`
	WebhookID      string  `json:"webhookId"`
	Because        string  `json:"because" enum:"delivery,paused,created_later,disabled,not_subscribed,filter_false,filter_failed,changed_since"`
	Detail         string  `json:"detail"`
	DeliveryID     *string `json:"deliveryId" doc:"Null when there is none."`
	DeliveryStatus *string `json:"deliveryStatus"`
	Filter         string  `json:"filter,omitempty" doc:"There when the filter was looked at."`
	Failure        string  `json:"failure,omitempty" doc:"Why the filter can't be evaluated."`
	WebhookChanged bool    `json:"webhookChanged" doc:"The webhook was changed after the event was accepted; what is said is said of it as it is now."`
	WebhookDeleted bool    `json:"webhookDeleted"`
}

func (s *Server) filterRoutes() []route {
	return []route{
		writing(http.MethodPost, "/v1/filters/test", http.StatusOK, "Try a filter on recent events; nothing is kept or sent", testFilter).in("Webhooks"),
	}
}

func testFilter(ctx context.Context, c *call, in *filterInput) (filterTrialBody, error) {
	trial, err := c.Manager.TryFilter(ctx, c.principal, manage.FilterQuestion{
		EnvironmentID: in.EnvironmentID.Value, WebhookID: in.WebhookID.Value, Filter: in.Filter.Value, Events: in.Events.Value,
	})
	if err != nil {
		return filterTrialBody{}, err
	}
	body := filterTrialBody{
		Filter: trial.Filter, Events: trial.Events, EstimatedCost: trial.EstimatedCost, CostLimit: trial.CostLimit,
		Tried: trial.Tried, Matched: trial.Matched, Unmatched: trial.Unmatched, Failed: trial.Failed,
		Failures: make([]filterFailureBody, len(trial.Failures)),
	}
	for i, f := range trial.Failures {
		body.Failures[i] = filterFailureBody{Detail: f.Message, Count: f.Count, EventID: f.EventID}
	}
	return body, nil
}

func explainEvent(ctx context.Context, c *call) (explanationBody, error) {
	id := c.request.PathValue("eventId")
	if !isEventID(id) {
		return explanationBody{}, absentID[posthorn.EventID](id)
	}
	webhook, err := queryID[posthorn.WebhookID](c, "webhook")
	if err != nil {
		return explanationBody{}, err
	}
	if webhook.IsZero() {
		return explanationBody{}, malformed("", "The parameter webhook is missing.", "Add ?webhook= and the id of a webhook.")
	}
	environment, err := c.environmentID()
	if err != nil {
		return explanationBody{}, err
	}
	explained, err := c.Manager.Explain(ctx, c.principal, environment, id, webhook)
	if err != nil {
		return explanationBody{}, err
	}
	body := explanationBody{
		EventID: explained.Event.PublicID(), WebhookID: webhook.String(), Because: string(explained.By), Detail: explained.Text,
		Filter: explained.Filter, Failure: explained.Failure, WebhookChanged: explained.HasChanged, WebhookDeleted: explained.IsDeleted,
	}
	if d := explained.Delivery; d != nil {
		id, status := d.ID.String(), string(d.Status)
		body.DeliveryID, body.DeliveryStatus = &id, &status
	}
	return body, nil
}
