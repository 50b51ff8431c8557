package apidoc

import "strings"

// openAPI reads the section "webhooks".
func (r *reader) openAPI() {
	webhooks, _ := r.root["webhooks"].(map[string]any)
	for _, name := range sortedNames(webhooks) {
		place := pointerTo("webhooks", name)
		found, err := r.openAPIWebhook(name, webhooks[name])
		if err != nil {
			r.refuse(name, place, sentence(err))
			continue
		}
		r.take(place, found)
	}
}

func (r *reader) openAPIWebhook(name string, value any) (EventType, error) {
	item, _, err := r.resolve(value)
	if err != nil {
		return EventType{}, err
	}
	found := EventType{Name: name, Description: describe(firstText(item, "description", "summary"))}
	operation := map[string]any{}
	for _, method := range []string{"post", "put", "patch", "get", "delete"} {
		if candidate, exists := item[method].(map[string]any); exists {
			operation = candidate
			break
		}
	}
	if text := firstText(operation, "description", "summary"); text != "" {
		found.Description = describe(text)
	}
	found.Deprecated, _ = operation["deprecated"].(bool)
	if operation["requestBody"] == nil {
		return found, nil
	}
	body, _, err := r.resolve(operation["requestBody"])
	if err != nil {
		return EventType{}, err
	}
	media, err := r.mediaType(body)
	if err != nil || media == nil {
		return found, err
	}
	if found.Example, err = r.openAPIExample(media); err != nil {
		return EventType{}, err
	}
	if schema, exists := media["schema"]; exists {
		found.Schema, err = r.bundle(schema)
	}
	return found, err
}

// mediaType picks the JSON of a body.
func (r *reader) mediaType(body map[string]any) (map[string]any, error) {
	content, _ := body["content"].(map[string]any)
	for _, name := range sortedNames(content) {
		plain, _, _ := strings.Cut(strings.ToLower(name), ";")
		plain = strings.TrimSpace(plain)
		if plain == "application/json" || strings.HasSuffix(plain, "+json") || plain == "*/*" {
			media, _, err := r.resolve(content[name])
			return media, err
		}
	}
	if len(content) > 0 {
		return nil, errNotJSON
	}
	return nil, nil //nolint:nilnil // a body without content has no media type
}

// openAPIExample picks an example of a media type: its own, the first of the named
// ones, or that of its schema.
func (r *reader) openAPIExample(media map[string]any) ([]byte, error) {
	if example, exists := media["example"]; exists {
		return encode(example), nil
	}
	examples, _ := media["examples"].(map[string]any)
	for _, name := range sortedNames(examples) {
		example, _, err := r.resolve(examples[name])
		if err != nil {
			return nil, err
		}
		if value, exists := example["value"]; exists {
			return encode(value), nil
		}
	}
	schema, _, err := r.resolve(media["schema"])
	if err != nil {
		return nil, nil //nolint:nilerr // reading the schema tells what is wrong with it
	}
	return exampleOf(schema), nil
}

// exampleOf picks the example that a schema itself has.
func exampleOf(schema map[string]any) []byte {
	if example, exists := schema["example"]; exists {
		return encode(example)
	}
	if list, isList := schema["examples"].([]any); isList && len(list) > 0 {
		return encode(list[0])
	}
	return nil
}
