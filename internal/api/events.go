package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
	"github.com/posthorn/posthorn/internal/store"
)

// EventBody is an event as it is shown in a list.
type EventBody struct {
	ID            string `json:"id"`
	Type          string `json:"type"`
	Timestamp     string `json:"timestamp" format:"date-time"`
	EnvironmentID string `json:"environmentId"`
	AcceptedAt    string `json:"acceptedAt" format:"date-time"`
	Deliveries    int    `json:"deliveries" doc:"How many webhooks wanted it."`
}

// eventDetail describes an event with its data; the answer is put together by
// hand so that the data keeps its bytes.
type eventDetail struct {
	EventBody
	Data rawJSON `json:"data"`
}

func environmentParameter() parameter {
	return parameter{name: "environmentId", summary: "Which environment; the oldest in reach when left out."}
}

func spanParameters() []parameter {
	return []parameter{
		{name: "after", summary: "Not before this time (RFC 3339).", time: true},
		{name: "before", summary: "Before this time (RFC 3339).", time: true},
	}
}

func (s *Server) eventRoutes() []route {
	return []route{
		s.publishRoute(),
		s.batchRoute(),
		listing("/v1/events", "List events", listEvents).in("Events").asks(spanParameters()...).asks(
			parameter{name: "type", summary: "Only events of this type."}, environmentParameter()),
		route{
			method: http.MethodGet, path: "/v1/events/{eventId}", summary: "Get an event with its data", status: http.StatusOK,
			output: reflect.TypeFor[eventDetail](), handle: getEvent,
		}.in("Events").asks(environmentParameter()),
		listing("/v1/events/{eventId}/deliveries", "List an event's deliveries", listEventDeliveries).in("Events").
			asks(deliveryFilters()...).asks(environmentParameter()),
		reading("/v1/events/{eventId}/explain", "Tell why an event has or has no delivery to a webhook", explainEvent).in("Events").
			asks(parameter{name: "webhook", summary: "The webhook's id; needed."}, environmentParameter()),
	}
}

func listEvents(ctx context.Context, c *call) (page[EventBody], error) {
	asked, err := c.paging()
	if err != nil {
		return page[EventBody]{}, err
	}
	q := store.EventQuery{Type: c.query["type"], Page: asked}
	if q.EnvironmentID, err = c.environmentID(); err != nil {
		return page[EventBody]{}, err
	}
	if q.Accepted, err = c.querySpan(); err != nil {
		return page[EventBody]{}, err
	}
	if q.Type != "" && posthorn.ValidateEventTypeName("", q.Type) != nil {
		return page[EventBody]{}, malformed("", "The parameter type is not an event type: "+clip(q.Type)+".", "For example: user.created")
	}
	events, err := c.Manager.Events(ctx, c.principal, q)
	if err != nil {
		return page[EventBody]{}, err
	}
	return pageOf(c, asked, events, func(e posthorn.Event) [16]byte { return e.ID }, showEvent), nil
}

func showEvent(e posthorn.Event) EventBody {
	return EventBody{
		ID: e.PublicID(), Type: e.Type, Timestamp: showTime(e.Timestamp), EnvironmentID: e.EnvironmentID.String(),
		AcceptedAt: showTime(e.AcceptedAt), Deliveries: e.Deliveries,
	}
}

// eventOfPath finds the event that the path names.
func (c *call) eventOfPath(ctx context.Context) (posthorn.Event, error) {
	id := c.request.PathValue("eventId")
	if !isEventID(id) {
		return posthorn.Event{}, absentID[posthorn.EventID](id)
	}
	environment, err := c.environmentID()
	if err != nil {
		return posthorn.Event{}, err
	}
	return c.Manager.Event(ctx, c.principal, environment, id)
}

func getEvent(ctx context.Context, c *call) (reply, error) {
	event, err := c.eventOfPath(ctx)
	if err != nil {
		return reply{}, err
	}
	answer, err := success(http.StatusOK, showEvent(event))
	if err != nil {
		return reply{}, err
	}
	const closing = 2 // the braces of the data and of the answer
	body := answer.body[:len(answer.body)-closing]
	body = append(body, `,"data":`...)
	body = append(body, event.Data...)
	answer.body = append(body, `}}`...)
	return answer, nil
}

func listEventDeliveries(ctx context.Context, c *call) (page[DeliveryBody], error) {
	event, err := c.eventOfPath(ctx)
	if err != nil {
		return page[DeliveryBody]{}, err
	}
	filter, err := c.deliveryFilter()
	if err != nil {
		return page[DeliveryBody]{}, err
	}
	filter.EnvironmentID, filter.EventID = event.EnvironmentID, event.ID.String()
	return c.pageOfDeliveries(ctx, manage.DeliveryFilter{EnvironmentID: filter.EnvironmentID, EventID: filter.EventID, Status: filter.Status})
}
