package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// EventTypeFields is what may be said of an event type beside its name.
type EventTypeFields struct {
	Description optional[string]  `json:"description,omitzero"`
	Since       optional[string]  `json:"since,omitzero" doc:"The version that introduced it."`
	Retries     optional[int64]   `json:"retries,omitzero" doc:"Retries of its deliveries, 0 to 50, where the webhook sets none."`
	Status      optional[string]  `json:"status,omitzero" doc:"GA, Beta or Deprecated; GA when left out."`
	Example     optional[rawJSON] `json:"example,omitzero" doc:"An example of data; tests send it."`
	Schema      optional[rawJSON] `json:"schema,omitzero" doc:"A JSON Schema (2020-12) of data."`
	Validation  optional[string]  `json:"validation,omitzero" doc:"What is done about data that doesn't match the schema: off, warn or reject; left to the environment when left out."`
}

// NamedEventType is an event type to be imported.
type NamedEventType struct {
	Name string `json:"name" example:"user.created"`
	EventTypeFields
}

// eventTypeInput is an event type to be made.
type eventTypeInput struct {
	NamedEventType
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero"`
}

func (in *eventTypeInput) environment() posthorn.EnvironmentID { return in.EnvironmentID.Value }

// eventTypePatch changes an event type.
type eventTypePatch struct {
	EventTypeFields
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero"`
}

// importInput names a preset, or lists event types.
type importInput struct {
	Preset        optional[string]                 `json:"preset,omitzero" doc:"A catalogue that comes with Posthorn: ascendkit or signature."`
	EventTypes    optional[[]NamedEventType]       `json:"eventTypes,omitzero"`
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero"`
}

func (in *importInput) environment() posthorn.EnvironmentID { return in.EnvironmentID.Value }

// eventTypeBody is an event type as it is shown.
type eventTypeBody struct {
	Name          string  `json:"name"`
	Description   string  `json:"description"`
	Since         string  `json:"since"`
	Retries       *int    `json:"retries"`
	Status        string  `json:"status" enum:"GA,Beta,Deprecated"`
	Example       rawJSON `json:"example"`
	Schema        rawJSON `json:"schema"`
	Validation    *string `json:"validation" enum:"off,warn,reject" doc:"null leaves it to the environment."`
	EnvironmentID string  `json:"environmentId"`
	CreatedAt     string  `json:"createdAt" format:"date-time"`
	UpdatedAt     string  `json:"updatedAt" format:"date-time"`
}

// importBody tells what an import did.
type importBody struct {
	Created    int      `json:"created"`
	Skipped    int      `json:"skipped" doc:"Those whose names were there already."`
	EventTypes []string `json:"eventTypes" doc:"The names of all that were asked for."`
}

func (f *EventTypeFields) change() manage.EventTypeChange {
	asBytes := func(r rawJSON) []byte { return r }
	return manage.EventTypeChange{
		Description: f.Description.Setting, Since: f.Since.Setting,
		Retries: mapped(f.Retries, clampToInt),
		Status:  mapped(f.Status, func(s string) posthorn.EventTypeStatus { return posthorn.EventTypeStatus(s) }),
		Example: mapped(f.Example, asBytes), Schema: mapped(f.Schema, asBytes),
		Validation: mapped(f.Validation, asValidation),
	}
}

func asValidation(s string) posthorn.Validation { return posthorn.Validation(s) }

func (n *NamedEventType) toNew() manage.NewEventType {
	return manage.NewEventType{Name: n.Name, EventTypeChange: n.change()}
}

func (s *Server) eventTypeRoutes() []route {
	const tag = "Event types"
	return []route{
		writing(http.MethodPost, "/v1/event-types", http.StatusCreated, "Add an event type to the catalogue", createEventType).in(tag),
		listing("/v1/event-types", "List the catalogue by name", listEventTypes).in(tag).asks(environmentParameter()),
		writing(http.MethodPost, "/v1/event-types/import", http.StatusOK, "Add the event types of a preset or a list that are not there yet", importEventTypes).in(tag),
		reading("/v1/event-types/{name}", "Get an event type", getEventType).in(tag).asks(environmentParameter()),
		writing(http.MethodPatch, "/v1/event-types/{name}", http.StatusOK, "Change an event type; null goes back to the default", updateEventType).in(tag),
		deleting("/v1/event-types/{name}", "Take an event type out of the catalogue", deleteEventType).in(tag).asks(environmentParameter()),
	}
}

func createEventType(ctx context.Context, c *call, in *eventTypeInput) (eventTypeBody, error) {
	entry, err := c.Manager.CreateEventType(ctx, c.principal, in.EnvironmentID.Value, in.toNew())
	if err != nil {
		return eventTypeBody{}, err
	}
	return showEventType(entry), nil
}

func listEventTypes(ctx context.Context, c *call) (page[eventTypeBody], error) {
	limit, err := c.limit()
	if err != nil {
		return page[eventTypeBody]{}, err
	}
	position, err := c.position()
	if err != nil {
		return page[eventTypeBody]{}, err
	}
	environment, err := c.environmentID()
	if err != nil {
		return page[eventTypeBody]{}, err
	}
	entries, err := c.Manager.EventTypes(ctx, c.principal, environment, string(position), limit+1)
	if err != nil {
		return page[eventTypeBody]{}, err
	}
	shown := page[eventTypeBody]{limit: limit, items: make([]eventTypeBody, 0, min(limit, len(entries)))}
	if len(entries) > limit {
		entries = entries[:limit]
		shown.next = c.cursor([]byte(entries[limit-1].Name))
	}
	for _, entry := range entries {
		shown.items = append(shown.items, showEventType(entry))
	}
	return shown, nil
}

func importEventTypes(ctx context.Context, c *call, in *importInput) (importBody, error) {
	list, err := in.list()
	if err != nil {
		return importBody{}, err
	}
	done, err := c.Manager.ImportEventTypes(ctx, c.principal, in.EnvironmentID.Value, list)
	if err != nil {
		return importBody{}, err
	}
	return importBody{Created: done.Created, Skipped: done.Skipped, EventTypes: done.Names}, nil
}

func (in *importInput) list() ([]manage.NewEventType, error) {
	byName, byList := in.Preset.Given && !in.Preset.Null, in.EventTypes.Given && !in.EventTypes.Null
	if byName == byList {
		return nil, posthorn.Invalid("", "An import needs either preset or eventTypes.", fmt.Sprintf("For example: {%q: %q}", "preset", "signature"))
	}
	if byName {
		return manage.Preset(in.Preset.Value)
	}
	list := make([]manage.NewEventType, len(in.EventTypes.Value))
	for i := range in.EventTypes.Value {
		list[i] = in.EventTypes.Value[i].toNew()
	}
	return list, nil
}

// eventTypeName reads the name of the path; what is no name can't be there.
func (c *call) eventTypeName() (string, error) {
	name := c.request.PathValue("name")
	if posthorn.ValidateEventTypeName("", name) != nil {
		return "", posthorn.ErrNotFound
	}
	return name, nil
}

func getEventType(ctx context.Context, c *call) (eventTypeBody, error) {
	name, err := c.eventTypeName()
	if err != nil {
		return eventTypeBody{}, err
	}
	environment, err := c.environmentID()
	if err != nil {
		return eventTypeBody{}, err
	}
	entry, err := c.Manager.EventType(ctx, c.principal, environment, name)
	if err != nil {
		return eventTypeBody{}, err
	}
	return showEventType(entry), nil
}

func updateEventType(ctx context.Context, c *call, in *eventTypePatch) (eventTypeBody, error) {
	name, err := c.eventTypeName()
	if err != nil {
		return eventTypeBody{}, err
	}
	entry, err := c.Manager.UpdateEventType(ctx, c.principal, in.EnvironmentID.Value, name, in.change())
	if err != nil {
		return eventTypeBody{}, err
	}
	return showEventType(entry), nil
}

func deleteEventType(ctx context.Context, c *call) error {
	name, err := c.eventTypeName()
	if err != nil {
		return err
	}
	environment, err := c.environmentID()
	if err != nil {
		return err
	}
	return c.Manager.DeleteEventType(ctx, c.principal, environment, name)
}

func showEventType(t posthorn.EventType) eventTypeBody {
	var validation *string
	if t.Validation != "" {
		validation = new(string(t.Validation))
	}
	return eventTypeBody{
		Name: t.Name, Description: t.Description, Since: t.Since, Retries: t.Retries, Status: string(t.Status),
		Example: t.Example, Schema: t.Schema, Validation: validation, EnvironmentID: t.EnvironmentID.String(),
		CreatedAt: showTime(t.CreatedAt), UpdatedAt: showTime(t.UpdatedAt),
	}
}
