package api

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Guards that the document and the mux say the same, and that the document
// holds together.
func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.describes()
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Errorf("version %q", d.OpenAPI)
	}
	described := 0
	ids := map[string]bool{}
	for path, operations := range d.Paths {
		for method, operation := range operations {
			described++
			if ids[operation.OperationID] || operation.OperationID == "" {
				t.Errorf("%s %s: operationId %q is not unique", method, path, operation.OperationID)
			}
			ids[operation.OperationID] = true
			var inPath []string
			for _, p := range operation.Parameters {
				if p.In == "path" {
					inPath = append(inPath, "{"+p.Name+"}")
				}
			}
			if want := pathParameter.FindAllString(path, -1); !slices.Equal(inPath, want) {
				t.Errorf("%s: path parameters %v, want %v", path, inPath, want)
			}
			if len(operation.Responses) == 0 {
				t.Errorf("%s %s: no response", method, path)
			}
		}
	}
	if described != len(w.server.table) {
		t.Errorf("%d operations for %d routes", described, len(w.server.table))
	}
	if got := d.Components.Schemas["WebhookInput"].Required; !slices.Equal(got, []string{"url", "events"}) {
		t.Errorf("a webhook needs %v", got)
	}
	text := string(w.server.openAPI)
	for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if _, exists := d.Components.Schemas[ref[1]]; !exists {
			t.Errorf("no schema %s", ref[1])
		}
	}
}

// Guards that answers have exactly the members that the document says.
func TestAnswersHaveTheDescribedMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.describes()
	created := w.createWebhook(`{"url":"https://a.example.com","events":["*"]}`)
	published := w.post("/v1/events", `{"type":"a","data":1}`).is(202).data()
	delivery := w.get("/v1/deliveries").items()[0]
	w.post("/v1/event-types", `{"name":"a","example":{"x":1},"retries":2}`).is(201)
	for name, got := range map[string]map[string]any{
		"Webhook": created, "Published": published, "Delivery": delivery,
		"DeliveryDetail": w.get("/v1/deliveries/" + delivery["id"].(string)).data(),
		"Event":          w.get("/v1/events").items()[0], "EventDetail": w.get("/v1/events/" + published["id"].(string)).data(),
		"EventType": w.get("/v1/event-types/a").data(), "Format": w.get("/v1/formats/standard").data(),
		"Workspace": w.get("/v1/workspaces").items()[0], "Project": w.get("/v1/projects").items()[0],
		"Environment": w.get("/v1/environments").items()[0], "Key": w.get("/v1/keys").items()[0],
		"Test": w.post("/v1/webhooks/"+created["id"].(string)+"/test", "").data(), "Secret": w.get("/v1/webhooks/" + created["id"].(string) + "/secret").data(),
		"Rotated": w.post("/v1/webhooks/"+created["id"].(string)+"/rotate-secret", "").data(), "Founded": w.post("/v1/workspaces", `{"name":"n"}`).data(),
		"CreatedKey": w.post("/v1/keys", `{"name":"n"}`).data(), "Import": w.post("/v1/event-types/import", `{"preset":"ascendkit"}`).data(),
		"Problem": w.get("/v1/webhooks/x").json(),
	} {
		schema, exists := d.Components.Schemas[name]
		if !exists {
			t.Errorf("no schema %s among %v", name, d.Components.Schemas)
			continue
		}
		for member := range got {
			if _, known := schema.Properties[member]; !known {
				t.Errorf("%s has %s, which is not described", name, member)
			}
		}
		for _, member := range schema.Required {
			if _, there := got[member]; !there {
				t.Errorf("%s lacks %s", name, member)
			}
		}
	}
}

// Guards that the page needs nothing from elsewhere and no script.
func TestDocsPageIsSelfContained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.get("/docs").is(200)
	if text := string(page.body); strings.Contains(text, "<script") || strings.Contains(text, "src=") || strings.Contains(text, "http://") || !strings.Contains(text, "/v1/webhooks/{webhookId}/rotate-secret") {
		t.Error("the page needs more than itself, or lacks a route")
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}
