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

// importInput names a preset, lists event types, or has a document.
type importInput struct {
	Preset        optional[string]                 `json:"preset,omitzero" doc:"A catalogue that comes with Posthorn: ascendkit or signature."`
	EventTypes    optional[[]NamedEventType]       `json:"eventTypes,omitzero"`
	Document      optional[string]                 `json:"document,omitzero" doc:"An OpenAPI 3.1 document with webhooks, or an AsyncAPI 2 or 3 document, as YAML or JSON."`
	Update        bool                             `json:"update,omitzero" doc:"Change those that are there already."`
	DryRun        bool                             `json:"dryRun,omitzero" doc:"Keep nothing, and tell what would be done."`
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
	Created    int              `json:"created"`
	Updated    int              `json:"updated"`
	Skipped    int              `json:"skipped" doc:"Those that were there already and were left as they are."`
	Refused    int              `json:"refused" doc:"Parts of the document that no event type can be made of."`
	DryRun     bool             `json:"dryRun" doc:"True when nothing was kept."`
	EventTypes []string         `json:"eventTypes" doc:"The names of all that were asked for."`
	Items      []ImportItemBody `json:"items"`
}

// ImportItemBody tells of one event type of an import.
type ImportItemBody struct {
	Name   string `json:"name"`
	Action string `json:"action" enum:"created,updated,same,left,refused"`
	Place  string `json:"place,omitempty" doc:"Where it stands in the document, as a JSON pointer."`
	Reason string `json:"reason,omitempty"`
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
		writing(http.MethodPost, "/v1/event-types/import", http.StatusOK, "Add the event types of a preset, a list, or an OpenAPI or AsyncAPI document", importEventTypes).in(tag),
		reading("/v1/event-types/{name}", "Get an event type", getEventType).in(tag).asks(environmentParameter()),
		reading("/v1/event-types/{name}/example", "Get the example of an event type, or one made of its schema", getEventTypeExample).in(tag).asks(environmentParameter()),
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
	asked, err := in.asked()
	if err != nil {
		return importBody{}, err
	}
	done, err := c.Manager.ImportEventTypes(ctx, c.principal, in.EnvironmentID.Value, asked)
	if err != nil {
		return importBody{}, err
	}
	shown := importBody{
		Created: done.Created, Updated: done.Updated, Skipped: done.Skipped, Refused: done.Refused, DryRun: in.DryRun,
		EventTypes: append([]string{}, done.Names...), Items: make([]ImportItemBody, 0, len(done.Items)),
	}
	for _, item := range done.Items {
		shown.Items = append(shown.Items, ImportItemBody{Name: item.Name, Action: string(item.Action), Place: item.Place, Reason: item.Reason})
	}
	return shown, nil
}

// asked picks the one thing that the import is from.
func (in *importInput) asked() (manage.Import, error) {
	asked := manage.Import{Update: in.Update, DryRun: in.DryRun}
	if !in.Document.Given || in.Document.Null {
		list, err := in.list()
		asked.EventTypes = list
		return asked, err
	}
	if in.Preset.Given && !in.Preset.Null || in.EventTypes.Given && !in.EventTypes.Null {
		return asked, oneSource()
	}
	asked.Document = []byte(in.Document.Value)
	return asked, nil
}

func oneSource() error {
	return posthorn.Invalid("", "An import needs one of preset, eventTypes and document.", fmt.Sprintf("For example: {%q: %q}", "preset", "signature"))
}

func (in *importInput) list() ([]manage.NewEventType, error) {
	byName, byList := in.Preset.Given && !in.Preset.Null, in.EventTypes.Given && !in.EventTypes.Null
	if byName == byList {
		return nil, oneSource()
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

// exampleBody is an example of data.
type exampleBody struct {
	Data      rawJSON `json:"data"`
	Generated bool    `json:"generated" doc:"True when the event type has no example and this one was made of its schema."`
	Matches   bool    `json:"matches" doc:"Whether it matches the schema; what is made may not, where patterns and conditions ask for more."`
}

func getEventTypeExample(ctx context.Context, c *call) (exampleBody, error) {
	name, err := c.eventTypeName()
	if err != nil {
		return exampleBody{}, err
	}
	environment, err := c.environmentID()
	if err != nil {
		return exampleBody{}, err
	}
	example, err := c.Manager.EventTypeExample(ctx, c.principal, environment, name)
	if err != nil {
		return exampleBody{}, err
	}
	return exampleBody{Data: example.Data, Generated: example.Generated, Matches: example.Matches}, nil
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
