package api

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const schemaPrefix = "#/components/schemas/"

// describe makes the OpenAPI document and its page from the table of routes.
func (s *Server) describe() error {
	document := s.document()
	text, err := document.MarshalJSON()
	if err != nil {
		return fmt.Errorf("describing the API: %w", err)
	}
	s.openAPI = text
	if s.docsPage, err = renderDocs(document, s.table); err != nil {
		return fmt.Errorf("writing the API's page: %w", err)
	}
	return nil
}

func (s *Server) document() *huma.OpenAPI {
	d := &describer{registry: huma.NewMapRegistry(schemaPrefix, schemaName)}
	document := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Posthorn", Version: versionOr(s.Version),
			Description: "Posthorn sends webhooks for you. Errors are problem details (RFC 9457). Every POST takes an Idempotency-Key. A thing beyond your key's reach is answered exactly like one that does not exist.",
		},
		Paths: make(map[string]*huma.PathItem),
		Components: &huma.Components{
			Schemas: d.registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"apiKey": {Type: "apiKey", In: "header", Name: "X-Api-Key"},
				"bearer": {Type: "http", Scheme: "bearer"},
			},
		},
	}
	for i := range s.table {
		document.AddOperation(d.operation(&s.table[i]))
	}
	d.settleOutputs()
	return document
}

func versionOr(version string) string {
	if version == "" {
		return "0.0.0"
	}
	return version
}

// schemaName drops what only tells our own types apart.
func schemaName(t reflect.Type, hint string) string {
	return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "Body")
}

// describer turns routes into operations.
type describer struct {
	registry huma.Registry
	inputs   []string
}

func (d *describer) operation(r *route) *huma.Operation {
	operation := &huma.Operation{
		Method: r.method, Path: r.path, Summary: r.summary, Tags: []string{r.tag},
		OperationID: operationID(r), Parameters: d.parameters(r), RequestBody: d.requestBody(r), Responses: d.responses(r),
	}
	if !r.open {
		operation.Security = []map[string][]string{{"apiKey": {}}, {"bearer": {}}}
	}
	return operation
}

// operationID makes a name such as post-v1-webhooks-webhookId-test.
func operationID(r *route) string {
	path := strings.NewReplacer("/", "-", "{", "", "}", "", ".", "-").Replace(r.path)
	return strings.ToLower(r.method) + path
}

func (d *describer) parameters(r *route) []*huma.Param {
	var parameters []*huma.Param
	for _, name := range r.pathParameters() {
		parameters = append(parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	for _, p := range r.query {
		parameters = append(parameters, &huma.Param{Name: p.name, In: "query", Description: p.summary, Schema: p.schema()})
	}
	if r.method == http.MethodPost {
		longest := maxIdempotencyKey
		parameters = append(parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header",
			Description: "The same key with the same request gets the first answer again, for 24 hours.",
			Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
		})
	}
	return parameters
}

func (p parameter) schema() *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString}
	if p.number {
		schema.Type = huma.TypeInteger
	}
	if p.time {
		schema.Format = "date-time"
	}
	for _, choice := range p.choices {
		schema.Enum = append(schema.Enum, choice)
	}
	return schema
}

func (d *describer) requestBody(r *route) *huma.RequestBody {
	if r.input == nil {
		return nil
	}
	schema := d.registry.Schema(r.input, true, "")
	d.noteInput(schema)
	if described := d.registry.SchemaFromRef(schema.Ref); described != nil {
		described.Required = append(described.Required, r.needed...)
	}
	content := map[string]*huma.MediaType{jsonType: {Schema: schema}}
	if r.takesYAML {
		content[yamlType] = &huma.MediaType{Schema: schema}
	}
	if r.inputList {
		most := maxBatch
		content[jsonType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeArray, Items: schema, MaxItems: &most}}
		content[linesType] = &huma.MediaType{Schema: schema}
	}
	return &huma.RequestBody{Required: !r.bodyOptional, Content: content}
}

func (d *describer) responses(r *route) map[string]*huma.Response {
	good := &huma.Response{Description: http.StatusText(r.status)}
	if schema := d.envelope(r); schema != nil {
		good.Content = map[string]*huma.MediaType{jsonType: {Schema: schema}}
	}
	responses := map[string]*huma.Response{strconv.Itoa(r.status): good}
	if !r.open {
		responses["default"] = &huma.Response{
			Description: "A mistake, yours or ours",
			Content:     map[string]*huma.MediaType{problemType: {Schema: d.registry.Schema(reflect.TypeFor[problem](), true, "")}},
		}
	}
	return responses
}

// envelope describes what stands around an answer's data.
func (d *describer) envelope(r *route) *huma.Schema {
	if r.output == nil {
		return nil
	}
	data := d.registry.Schema(r.output, true, "")
	properties := map[string]*huma.Schema{"success": {Type: huma.TypeBoolean}, "data": data}
	required := []string{"success", "data"}
	if r.outputList {
		properties["data"] = &huma.Schema{Type: huma.TypeArray, Items: data}
	}
	switch {
	case r.paged:
		properties["pagination"] = d.registry.Schema(reflect.TypeFor[pagination](), true, "")
		required = append(required, "pagination")
	case r.outputList:
		properties["accepted"] = &huma.Schema{Type: huma.TypeInteger}
		properties["rejected"] = &huma.Schema{Type: huma.TypeInteger}
		required = append(required, "accepted", "rejected")
	}
	return &huma.Schema{Type: huma.TypeObject, Properties: properties, Required: required}
}

// noteInput remembers which schemas describe what clients send.
func (d *describer) noteInput(schema *huma.Schema) {
	if schema == nil {
		return
	}
	d.noteInput(schema.Items)
	name := strings.TrimPrefix(schema.Ref, schemaPrefix)
	if schema.Ref == "" || slices.Contains(d.inputs, name) {
		return
	}
	d.inputs = append(d.inputs, name)
	for _, property := range d.registry.Map()[name].Properties {
		d.noteInput(property)
	}
}

// settleOutputs says of what the server sends that lists are never null, which
// the registry takes for possible of every Go slice, and that members may be
// added in later versions.
func (d *describer) settleOutputs() {
	for name, schema := range d.registry.Map() {
		if slices.Contains(d.inputs, name) {
			continue
		}
		schema.AdditionalProperties = nil
		for _, property := range schema.Properties {
			if property.Type == huma.TypeArray {
				property.Nullable = false
			}
		}
	}
}
