package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
)

// eventInput is an event to be published.
type eventInput struct {
	Type          string                           `json:"type" doc:"Parts of letters, digits, - and _, separated by dots: user.created." example:"user.created"`
	Data          stretch                          `json:"data" doc:"Any JSON value. It is kept and sent byte for byte."`
	ID            optional[string]                 `json:"id,omitzero" doc:"Your own id of the event. The same id, type and data again is the same event; it is made for you when left out."`
	Timestamp     optional[string]                 `json:"timestamp,omitzero" doc:"When it happened (RFC 3339); now when left out."`
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero" doc:"Where a key reaches several environments: which one; the oldest when left out."`
}

// published is the answer to a published event.
type published struct {
	ID            string         `json:"id"`
	Type          string         `json:"type"`
	Timestamp     string         `json:"timestamp" format:"date-time"`
	EnvironmentID string         `json:"environmentId"`
	Deliveries    int            `json:"deliveries" doc:"How many webhooks want it."`
	Note          string         `json:"note,omitempty" doc:"There when no webhook wants it."`
	Duplicate     bool           `json:"duplicate,omitzero,omitempty" doc:"True when the event was accepted before, by its id."`
	Warnings      []problemPlace `json:"warnings,omitempty" doc:"Where data doesn't match the schema of its event type, if that is to be told and not refused."`
}

func (s *Server) publishRoute() route {
	r := writing(http.MethodPost, "/v1/events", http.StatusAccepted, "Publish an event",
		func(context.Context, *call, *eventInput) (published, error) { return published{}, nil })
	r.handle, r.publishes = publish, true
	return r.in("Events")
}

// publish is the hot path: one decode by reflection, everything else by hand.
func publish(ctx context.Context, c *call) (reply, error) {
	var in eventInput
	if err := decode(c.body, &in); err != nil {
		return reply{}, err
	}
	item, err := in.item(in.Data.kept(c.body))
	if err != nil {
		return reply{}, err
	}
	environment, err := c.Manager.EnvironmentID(ctx, c.principal, in.EnvironmentID.Value)
	if err != nil {
		return reply{}, err
	}
	if err := c.countEvents(ctx, environment, 1); err != nil {
		return reply{}, err
	}
	publication := intake.Publication{EnvironmentID: environment, Items: []intake.Item{item}}
	err = c.makeIdempotent(&publication, func(results []intake.Result) (int, []byte) {
		return c.publishedAnswer(make([]byte, 0, usualAnswer), &results[0])
	})
	if err != nil {
		return reply{}, err
	}
	receipt, err := c.Publisher.Publish(ctx, publication)
	switch {
	case err != nil:
		return reply{}, err
	case receipt.Replayed != nil:
		return c.replay(*receipt.Replayed)
	case receipt.Results[0].Err != nil:
		return reply{}, receipt.Results[0].Err
	}
	status, body := c.publishedAnswer(c.room(), &receipt.Results[0])
	return reply{status: status, body: body}, nil
}

// makeIdempotent gives a publication the idempotency key of its request, if
// there is one; the answer is kept in the transaction that keeps the events.
func (c *call) makeIdempotent(p *intake.Publication, answer func([]intake.Result) (int, []byte)) error {
	key, err := c.idempotencyKey()
	if err != nil || key == "" {
		return err
	}
	p.Idempotency = &intake.Idempotency{
		Key:         store.IdempotencyKey{Scope: c.idempotencyScope(p.EnvironmentID), Key: key},
		Fingerprint: c.fingerprint(),
		Answer:      answer,
	}
	return nil
}

// item checks what only the API can know of an event; intake checks the rest.
func (in *eventInput) item(data []byte) (intake.Item, error) {
	item := intake.Item{ID: in.ID.Value, Type: in.Type, Data: data}
	if in.ID.Given && !in.ID.Null && in.ID.Value == "" {
		return item, posthorn.ValidateGivenID("")
	}
	if in.Timestamp.Given && !in.Timestamp.Null {
		at, err := eventTime(in.Timestamp.Value)
		if err != nil {
			return item, err
		}
		item.Timestamp = at
	}
	return item, nil
}

func eventTime(text string) (time.Time, error) {
	const firstYear, lastYear = 1970, 2200
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, posthorn.Invalid("/timestamp", "The timestamp is not RFC 3339: "+clip(text)+".", "For example: 2026-01-02T03:04:05Z")
	}
	at = at.UTC()
	if at.Year() < firstYear || at.Year() > lastYear {
		return time.Time{}, posthorn.Invalid("/timestamp", "The timestamp lies outside the years 1970 to 2200.", "Leave it out for now.")
	}
	return at, nil
}

// publishedAnswer appends the answer for one event to an empty body. Nothing in it needs
// escaping: ids, types and times have been checked.
func (c *call) publishedAnswer(body []byte, r *intake.Result) (int, []byte) {
	if r.Err != nil {
		return c.problemAnswer(r.Err)
	}
	body = append(body, `{"success":true,"data":{`...)
	body = appendEvent(body, &r.Event)
	body = append(body, `,"environmentId":"`...)
	body = r.Event.EnvironmentID.Append(body)
	body = append(body, '"')
	if r.Event.Deliveries == 0 {
		body = append(append(append(body, `,"note":"`...), noteOf(r)...), '"')
	}
	if r.Duplicate {
		body = append(body, `,"duplicate":true`...)
	}
	if warnings := showWarnings(r.Warnings); len(warnings) > 0 {
		text, err := marshal(warnings)
		if err == nil {
			body = append(append(body, `,"warnings":`...), text...)
		}
	}
	return http.StatusAccepted, append(body, `}}`...)
}

func showWarnings(warnings []*posthorn.Error) []problemPlace {
	var places []problemPlace
	for _, w := range warnings {
		places = append(places, problemPlace{Pointer: w.Pointer, Detail: w.Message, Hint: w.Hint})
	}
	return places
}

// noteOf says why an event has no deliveries.
func noteOf(r *intake.Result) string {
	switch filtered := r.Unmatched + r.FilterFailed; {
	case filtered > 0:
		note := "The filters of the webhooks that want this type (" + strconv.Itoa(filtered) + ") don't match this event; it is kept."
		if r.FilterFailed > 0 {
			note += " Of them, " + strconv.Itoa(r.FilterFailed) + " could not be evaluated; GET /v1/events/ID/explain?webhook=ID says why."
		}
		return note
	case r.Disabled > 0:
		return "Every webhook that wants this event is disabled (" + strconv.Itoa(r.Disabled) + "); it is kept. Resume one, and publish it again under another id."
	default:
		return "No webhook wants this event; it is kept."
	}
}

// appendEvent writes the members that every published event's answer has.
func appendEvent(body []byte, e *posthorn.Event) []byte {
	body = append(body, `"id":"`...)
	body = e.AppendPublicID(body)
	body = append(body, `","type":"`...)
	body = append(body, e.Type...)
	body = append(body, `","timestamp":"`...)
	body = appendTime(body, e.Timestamp)
	body = append(body, `","deliveries":`...)
	return strconv.AppendInt(body, int64(e.Deliveries), 10)
}

// problemAnswer writes a mistake as an answer that can be kept.
func (c *call) problemAnswer(err error) (int, []byte) {
	p, _ := problemOf(err)
	p.RequestID = c.requestID
	body, encodeErr := marshal(p)
	if encodeErr != nil {
		return http.StatusInternalServerError, []byte(`{"success":false,"status":500}`)
	}
	return p.Status, body
}
