package apidoc_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn/internal/apidoc"
)

func read(t *testing.T, text string) apidoc.Catalogue {
	t.Helper()
	found, err := apidoc.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

type brief struct {
	Name, Description, Schema, Example string
	Deprecated                         bool
}

func briefs(c apidoc.Catalogue) []brief {
	var list []brief
	for _, found := range c.Types {
		list = append(list, brief{found.Name, found.Description, string(found.Schema), string(found.Example), found.Deprecated})
	}
	return list
}

func refusals(c apidoc.Catalogue) []string {
	var list []string
	for _, refused := range c.Refused {
		list = append(list, refused.Place+" "+refused.Name+": "+refused.Reason)
	}
	return list
}

const openAPI = `openapi: 3.1.0
info: {title: Shop, version: "1"}
webhooks:
  pet.created:
    post:
      summary: A pet was added
      description: |
        A pet was added to the shop.
      requestBody:
        $ref: '#/components/requestBodies/Pet'
  pet.deleted:
    $ref: '#/components/pathItems/deleted'
  pet.renamed: {post: {deprecated: true}}
  "pet moved":
    post: {requestBody: {content: {application/json: {schema: {type: object}}}}}
  pet.xml:
    post: {requestBody: {content: {application/xml: {schema: {type: object}}}}}
  pet.remote:
    post: {requestBody: {content: {application/json: {schema: {$ref: 'other.yaml#/Pet'}}}}}
components:
  pathItems:
    deleted:
      summary: A pet is gone
      post: {requestBody: {content: {application/json; charset=utf-8: {schema: {type: object, properties: {default: {$ref: '#/components/schemas/Id'}}}}}}}
  requestBodies:
    Pet:
      content:
        text/plain: {}
        application/json:
          schema: {$ref: '#/components/schemas/Pet'}
          examples:
            b: {value: {id: 2}}
            a: {$ref: '#/components/examples/rex'}
  examples:
    rex: {value: {id: 1, weight: 9007199254740993, born: 2026-01-02}}
  schemas:
    Id: {type: integer, minimum: 0x10}
    Pet:
      $id: https://example.com/pet
      type: object
      required: [id]
      properties:
        id: {$ref: '#/components/schemas/Id'}
        parent: {$ref: '#/components/schemas/Pet'}
        kind: {enum: [{$ref: '#/nowhere'}]}
`

// Invariant: each webhook of an OpenAPI document becomes an event type with a schema
// that stands alone; what can't is told by itself.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	found := read(t, openAPI)
	const id = `{"minimum":16,"type":"integer"}`
	want := []brief{
		{
			Name: "pet.created", Description: "A pet was added to the shop.", Example: `{"born":"2026-01-02","id":1,"weight":9007199254740993}`,
			Schema: `{"$defs":{"Id":` + id + `,"Pet":{"properties":{"id":{"$ref":"#/$defs/Id"},"kind":{"enum":[{"$ref":"#/nowhere"}]},"parent":{"$ref":"#/$defs/Pet"}},"required":["id"],"type":"object"}},"$ref":"#/$defs/Pet"}`,
		},
		{Name: "pet.deleted", Description: "A pet is gone", Schema: `{"$defs":{"Id":` + id + `},"properties":{"default":{"$ref":"#/$defs/Id"}},"type":"object"}`},
		{Name: "pet.renamed", Deprecated: true},
	}
	if diff := cmp.Diff(want, briefs(found)); diff != "" {
		t.Error(diff)
	}
	wantRefused := []string{
		"/webhooks/pet moved pet moved: An event type's name must be 1 to 128 characters of A-Z, a-z, 0-9, '_', '-', in parts separated by single dots.",
		"/webhooks/pet.remote pet.remote: It refers to other.yaml#/Pet, and nothing is fetched: bundle the document first.",
		"/webhooks/pet.xml pet.xml: Its body is not JSON.",
	}
	if diff := cmp.Diff(wantRefused, refusals(found)); diff != "" {
		t.Error(diff)
	}
}

// Invariant: each message of the channels of an AsyncAPI document becomes an event
// type, in both major versions.
func TestAsyncAPI(t *testing.T) {
	t.Parallel()
	two := read(t, `{"asyncapi":"2.6.0","channels":{
		"user/signed-up":{"subscribe":{"summary":"Somebody came","message":{"payload":{"type":"object"},"examples":[{"payload":{"a":1}}]}}},
		"orders":{"publish":{"message":{"oneOf":[{"$ref":"#/components/messages/orderPaid"},{"name":"order.sent","schemaFormat":"application/vnd.apache.avro;version=1.9.0","payload":{}}]}}}},
		"components":{"messages":{"orderPaid":{"title":"Paid","payload":{"$ref":"#/components/schemas/Order"}}},"schemas":{"Order":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}}}}`)
	if diff := cmp.Diff([]brief{
		{Name: "orderPaid", Description: "Paid", Schema: `{"$defs":{"Order":{"type":"object"}},"$ref":"#/$defs/Order"}`},
		{Name: "user.signed-up", Description: "Somebody came", Schema: `{"type":"object"}`, Example: `{"a":1}`},
	}, briefs(two)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/channels/orders/publish/message/oneOf/1 order.sent: Its payload is described in application/vnd.apache.avro;version=1.9.0, not in JSON Schema."}, refusals(two)); diff != "" {
		t.Error(diff)
	}
	three := read(t, `
asyncapi: 3.0.0
channels:
  users:
    address: users
    messages:
      user.created: {$ref: '#/components/messages/UserCreated'}
      user.gone: {payload: {schemaFormat: application/schema+json;version=draft-07, schema: {type: object}}}
components:
  messages:
    UserCreated: {name: user.created, summary: Somebody came, payload: {type: object, definitions: {a: {type: 'null'}}, properties: {a: {$ref: '#/definitions/a'}}}}
`)
	if diff := cmp.Diff([]brief{
		{Name: "user.created", Description: "Somebody came", Schema: `{"$defs":{"a":{"type":"null"}},"properties":{"a":{"$ref":"#/$defs/a"}},"type":"object"}`},
		{Name: "user.gone", Schema: `{"type":"object"}`},
	}, briefs(three)); diff != "" {
		t.Error(diff)
	}
}

// Invariant: what is no such document, or grows without measure when it is read, is
// refused.
func TestRefusedDocuments(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for _, level := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		before := string(level[0] - 1)
		bomb += "a" + level + ": &a" + level + " [" + strings.TrimSuffix(strings.Repeat("*a"+before+",", 10), ",") + "]\n"
	}
	for text, want := range map[string]string{
		"":                 "it is empty",
		"a: [":             "can't be read",
		"[1]":              "not an object",
		bomb:               "more than 200000 values",
		"a: &a\n  b: *a\n": "nests deeper",
		strings.Repeat("[", 5000) + strings.Repeat("]", 5000): "can't be read",
		"openapi: 3.0.3\nwebhooks: {a: {}}":                   "neither OpenAPI 3.1",
		"openapi: 3.1.0\npaths: {}":                           "no event types",
		"swagger: '2.0'":                                      "neither",
		"? [a]\n: b":                                          "a name must be a text",
		strings.Repeat(" ", apidoc.MaxDocument+1):             "limit",
	} {
		if _, err := apidoc.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %q", text, err, want)
		}
	}
	cycle := read(t, "openapi: 3.1.0\nwebhooks: {a: {$ref: '#/webhooks/b'}, b: {$ref: '#/webhooks/a'}}")
	if len(cycle.Refused) != 2 || !strings.Contains(cycle.Refused[0].Reason, "without an end") {
		t.Errorf("a cycle: %+v", cycle)
	}
}
