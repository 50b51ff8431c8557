package apidoc

import "strings"

// openAPI reads the section "webhooks".
func (r *reader) openAPI() {
	webhooks, _ := r.root["webhooks"].(map[string]any)
	for _, name := range r.sortedNames(webhooks) {
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

// maxMediaType is the longest name of a media type that is looked at, in bytes
// (RFC 6838, section 4.2).
const maxMediaType = 255

// mediaType picks the JSON of a body.
func (r *reader) mediaType(body map[string]any) (map[string]any, error) {
	content, _ := body["content"].(map[string]any)
	for _, name := range r.sortedNames(content) {
		plain, _, _ := strings.Cut(name, ";")
		if plain = strings.TrimSpace(plain); len(plain) > maxMediaType {
			continue
		}
		plain = strings.ToLower(plain)
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
		return r.encode("example", example)
	}
	examples, _ := media["examples"].(map[string]any)
	for _, name := range r.sortedNames(examples) {
		example, _, err := r.resolve(examples[name])
		if err != nil {
			return nil, err
		}
		if value, exists := example["value"]; exists {
			return r.encode("example", value)
		}
	}
	schema, _, err := r.resolve(media["schema"])
	if err != nil {
		return nil, nil //nolint:nilerr // reading the schema tells what is wrong with it
	}
	return r.exampleOf(schema)
}

// exampleOf picks the example that a schema itself has.
func (r *reader) exampleOf(schema map[string]any) ([]byte, error) {
	if example, exists := schema["example"]; exists {
		return r.encode("example", example)
	}
	if list, isList := schema["examples"].([]any); isList && len(list) > 0 {
		return r.encode("example", list[0])
	}
	return nil, nil
}
