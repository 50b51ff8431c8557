package api

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

const invoiceType = `{"name":"invoice.paid","schema":{"type":"object","required":["amount"],"properties":{"amount":{"type":"integer","minimum":1}}}`

// Guards enforcement: with reject, data that doesn't match its schema is refused at
// its place and nothing is kept; with warn it is kept and the publisher is told; with
// off nobody looks.
func TestSchemasAreEnforced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createWebhook(`{"url":"https://a.example.com","events":["*"]}`)
	w.post("/v1/event-types", invoiceType+`,"validation":"reject"}`).is(201)
	refused := w.post("/v1/events", `{"type":"invoice.paid","data":{"amount":0.5}}`).is(422)
	if got := refused.pointers(); !slices.Contains(got, "/data/amount") || !strings.Contains(string(refused.body), "must be of type integer") {
		t.Errorf("refused: %s", refused.body)
	}
	w.post("/v1/events", `{"type":"invoice.paid","data":{"amount":1}}`).is(202)
	w.post("/v1/events", `{"type":"other","data":{}}`).is(202)
	batch := w.post("/v1/events/batch", `[{"type":"invoice.paid","data":{}},{"type":"invoice.paid","data":{"amount":7}}]`).is(202)
	if lines := batch.items(); lines[0]["status"] != 422.0 || lines[0]["pointer"] != "/data/amount" || lines[1]["success"] != true || lines[1]["deliveries"] != 1.0 {
		t.Errorf("batch: %s", batch.body)
	}
	if events := w.get("/v1/events").is(200).items(); len(events) != 3 {
		t.Errorf("%d events are kept", len(events))
	}
	w.patch("/v1/event-types/invoice.paid", `{"validation":"warn"}`).is(200)
	warned := w.post("/v1/events", `{"type":"invoice.paid","data":{"amount":"<\"1\">"}}`).is(202).data()
	if warnings, _ := warned["warnings"].([]any); len(warnings) != 1 || warnings[0].(map[string]any)["pointer"] != "/data/amount" || warned["deliveries"] != 1.0 {
		t.Errorf("warned: %v", warned)
	}
	lines := w.post("/v1/events/batch", `[{"type":"invoice.paid","data":1},{"type":"invoice.paid","data":{"amount":7}}]`).is(202).items()
	if lines[0]["warnings"] == nil || lines[1]["warnings"] != nil {
		t.Errorf("warned batch: %v", lines)
	}
	w.patch("/v1/event-types/invoice.paid", `{"validation":"off"}`).is(200)
	if quiet := w.post("/v1/events", `{"type":"invoice.paid","data":1}`).is(202).data(); quiet["warnings"] != nil {
		t.Errorf("off: %v", quiet)
	}
}

// Guards that an event type that says nothing of validation takes the environment's.
func TestValidationOfTheEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	environment := w.post("/v1/event-types", invoiceType+`}`).is(201).data()["environmentId"].(string)
	if got := w.get("/v1/environments/" + environment).is(200).data()["defaultValidation"]; got != "off" {
		t.Errorf("the default is %v", got)
	}
	const bad = `{"type":"invoice.paid","data":{}}`
	w.post("/v1/events", bad).is(202)
	w.patch("/v1/environments/"+environment, `{"defaultValidation":"reject"}`).is(200)
	w.post("/v1/events", bad).is(422)
	w.patch("/v1/event-types/invoice.paid", `{"validation":"off"}`).is(200)
	w.post("/v1/events", bad).is(202)
	if got := w.patch("/v1/event-types/invoice.paid", `{"validation":null}`).is(200).data(); got["validation"] != nil {
		t.Errorf("null leaves %v", got["validation"])
	}
	w.post("/v1/events", bad).is(422)
	w.patch("/v1/environments/"+environment, `{"defaultValidation":"maybe"}`).is(422)
	w.patch("/v1/event-types/invoice.paid", `{"validation":"maybe"}`).is(422)
}

// Guards that a schema that is none, and an example that doesn't match, are refused
// where they are wrong, and that nothing is changed then.
func TestSchemasAreCheckedWhenSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, pointer := range map[string]string{
		`{"name":"a","schema":{"type":"objekt"}}`:                                           "/schema/type",
		`{"name":"a","schema":{"$ref":"https://example.com/s"}}`:                            "/schema",
		`{"name":"a","schema":{"properties":{"n":{"type":"integer"}}},"example":{"n":"1"}}`: "/example/n",
	} {
		if a := w.post("/v1/event-types", body).is(422); !slices.Contains(a.pointers(), pointer) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	w.get("/v1/event-types/a").is(404)
	list := w.post("/v1/event-types/import", `{"eventTypes":[{"name":"b"},{"name":"a","schema":{"type":1}}]}`).is(422)
	if !slices.Contains(list.pointers(), "/eventTypes/1/schema/type") {
		t.Errorf("import: %s", list.body)
	}
	w.post("/v1/event-types", `{"name":"a","example":{"n":1}}`).is(201)
	w.patch("/v1/event-types/a", `{"schema":{"required":["m"]}}`).is(422)
	if got := w.get("/v1/event-types/a").is(200).data(); got["schema"] != nil {
		t.Errorf("a refused schema was kept: %v", got)
	}
	w.patch("/v1/event-types/a", `{"schema":{"required":["m"]},"example":{"m":1}}`).is(200)
}

// Guards that an answer under an idempotency key is given again, whatever the schema
// says by then.
func TestReplayComesBeforeSchemas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func() answer {
		return w.send(request{method: "POST", path: "/v1/events", body: `{"type":"invoice.paid","data":{}}`, header: map[string]string{"Idempotency-Key": "k1"}})
	}
	first := send().is(202)
	w.post("/v1/event-types", invoiceType+`,"validation":"reject"}`).is(201)
	if again := send().is(202); string(again.body) != string(first.body) {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
}

const petsDocument = `openapi: 3.1.0
webhooks:
  pet.created:
    post:
      description: A pet was added.
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}, example: {id: 1}}}}
  pet.wrong: {post: {requestBody: {content: {application/json: {schema: {type: nothing}}}}}}
  pet remote: {}
components: {schemas: {Pet: {type: object, required: [id], properties: {id: {type: integer}}}}}
`

// Guards importing a document: what can be made of it is, the rest is told; a dry run
// keeps nothing; what is there already is only changed when that is asked for.
func TestDocumentsAreImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(extra string) (map[string]any, map[string]string) {
		done := w.post("/v1/event-types/import", `{"document":`+strconv.Quote(petsDocument)+extra+`}`).is(200).data()
		actions := map[string]string{}
		for _, item := range done["items"].([]any) {
			actions[item.(map[string]any)["name"].(string)] = item.(map[string]any)["action"].(string)
		}
		return done, actions
	}
	dry, actions := send(`,"dryRun":true`)
	if dry["created"] != 1.0 || dry["refused"] != 2.0 || dry["dryRun"] != true || actions["pet.created"] != "created" {
		t.Errorf("dry run: %v", dry)
	}
	w.get("/v1/event-types/pet.created").is(404)
	if done, actions := send(""); done["created"] != 1.0 || actions["pet.wrong"] != "refused" || actions["pet remote"] != "refused" {
		t.Errorf("import: %v", done)
	}
	if again, actions := send(`,"update":true`); again["skipped"] != 1.0 || actions["pet.created"] != "same" {
		t.Errorf("again: %v", again)
	}
	w.patch("/v1/event-types/pet.created", `{"description":"Mine.","validation":"reject"}`).is(200)
	if left, actions := send(""); left["skipped"] != 1.0 || actions["pet.created"] != "left" {
		t.Errorf("left: %v", left)
	}
	if updated, actions := send(`,"update":true`); updated["updated"] != 1.0 || actions["pet.created"] != "updated" {
		t.Errorf("updated: %v", updated)
	}
	kept := w.get("/v1/event-types/pet.created").is(200).data()
	if kept["description"] != "A pet was added." || kept["validation"] != "reject" {
		t.Errorf("kept: %v", kept)
	}
	w.post("/v1/events", `{"type":"pet.created","data":{"id":"1"}}`).is(422)
	w.post("/v1/events", `{"type":"pet.created","data":{"id":1}}`).is(202)
	w.post("/v1/event-types/import", `{"document":"swagger: '2.0'"}`).is(422)
	w.post("/v1/event-types/import", `{"document":"openapi: 3.1.0","preset":"ascendkit"}`).is(422)
}

// Guards examples: the event type's own, or one made of its schema, which a test of a
// webhook and an event may be made of.
func TestExamplesOfEventTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("/v1/event-types", `{"name":"own","example":{ "a":1.0 }}`).is(201)
	w.post("/v1/event-types", invoiceType+`}`).is(201)
	w.post("/v1/event-types", `{"name":"neither"}`).is(201)
	if own := w.get("/v1/event-types/own/example").is(200); !strings.Contains(string(own.body), `"data":{"a":1.0}`) || own.data()["generated"] != false {
		t.Errorf("own: %s", own.body)
	}
	if made := w.get("/v1/event-types/invoice.paid/example").is(200); !strings.Contains(string(made.body), `"data":{"amount":1},"generated":true,"matches":true`) {
		t.Errorf("made: %s", made.body)
	}
	w.get("/v1/event-types/neither/example").is(409)
	w.get("/v1/event-types/absent/example").is(404)
	webhook := w.createWebhook(`{"url":"https://a.example.com","events":["*"]}`)
	w.post("/v1/webhooks/"+webhook["id"].(string)+"/test", `{"type":"own","data":{ "b":2.0 }}`).is(200)
	if sent := w.receiver.sent; len(sent) != 1 || !strings.Contains(string(sent[0].Body), `{ "b":2.0 }`) {
		t.Errorf("sent %v", sent)
	}
}

// Guards that event types and their schemas are one environment's: another one
// neither sees them nor is bound by them.
func TestSchemasBindTheirEnvironmentAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("/v1/event-types", invoiceType+`,"validation":"reject"}`).is(201)
	other := w.another()
	in := `"environmentId":"` + other.environment + `"`
	w.post("/v1/events", `{"type":"invoice.paid","data":{},`+in+`}`).is(202)
	w.get("/v1/event-types/invoice.paid/example?environmentId=" + other.environment).is(404)
	w.key = w.workspaceKey()
	w.post("/v1/event-types/import", `{"document":`+strconv.Quote(petsDocument)+`,`+in+`}`).is(404)
	w.get("/v1/event-types/only.there/example?environmentId=" + other.environment).is(404)
}
