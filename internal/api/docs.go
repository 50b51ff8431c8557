package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// The page needs no script and nothing from elsewhere: it can be read offline,
// and its content policy forbids both.
//
//go:embed docs.html.tmpl
var docsTemplate string

// docsGroup is the routes under one heading.
type docsGroup struct {
	Name   string
	Routes []docsRoute
}

type docsRoute struct {
	Method, Path, Summary string
	Open                  bool
	Parameters            []*huma.Param
	Request, Response     string
}

type docsSchema struct {
	Name, Text string
}

type docsContent struct {
	Title, Version, Description string
	Groups                      []docsGroup
	Schemas                     []docsSchema
}

func renderDocs(document *huma.OpenAPI, table []route) ([]byte, error) {
	page, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	content := docsContent{Title: document.Info.Title, Version: document.Info.Version, Description: document.Info.Description}
	for i := range table {
		if err := content.add(document, &table[i]); err != nil {
			return nil, err
		}
	}
	schemas := document.Components.Schemas.Map()
	for name, schema := range schemas {
		text, err := indent(schema)
		if err != nil {
			return nil, err
		}
		content.Schemas = append(content.Schemas, docsSchema{Name: name, Text: text})
	}
	slices.SortFunc(content.Schemas, func(a, b docsSchema) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	var out bytes.Buffer
	if err := page.Execute(&out, content); err != nil {
		return nil, fmt.Errorf("filling the template: %w", err)
	}
	return out.Bytes(), nil
}

func (d *docsContent) add(document *huma.OpenAPI, r *route) error {
	operation := operationOf(document.Paths[r.path], r.method)
	shown := docsRoute{Method: r.method, Path: r.path, Summary: r.summary, Open: r.open, Parameters: operation.Parameters}
	var err error
	if operation.RequestBody != nil {
		if shown.Request, err = indent(operation.RequestBody.Content[jsonType].Schema); err != nil {
			return err
		}
	}
	for _, response := range operation.Responses {
		if media, isJSON := response.Content[jsonType]; isJSON {
			if shown.Response, err = indent(media.Schema); err != nil {
				return err
			}
		}
	}
	last := len(d.Groups) - 1
	if last < 0 || d.Groups[last].Name != r.tag {
		d.Groups = append(d.Groups, docsGroup{Name: r.tag})
		last++
	}
	d.Groups[last].Routes = append(d.Groups[last].Routes, shown)
	return nil
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	switch method {
	case "GET":
		return item.Get
	case "POST":
		return item.Post
	case "PATCH":
		return item.Patch
	default:
		return item.Delete
	}
}

func indent(schema *huma.Schema) (string, error) {
	text, err := schema.MarshalJSON()
	if err != nil {
		return "", fmt.Errorf("writing a schema: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return "", fmt.Errorf("indenting a schema: %w", err)
	}
	return out.String(), nil
}
