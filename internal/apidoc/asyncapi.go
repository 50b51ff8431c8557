package apidoc

import (
	"errors"
	"strconv"
	"strings"
)

var errNotJSON = errors.New("its body is not JSON")

// sentence makes a sentence of an error.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// asyncAPI2 reads the messages of all channels, whoever sends them.
func (r *reader) asyncAPI2() {
	channels, _ := r.root["channels"].(map[string]any)
	for _, name := range r.sortedNames(channels) {
		channel, _, err := r.resolve(channels[name])
		if err != nil {
			r.refuse(name, pointerTo("channels", name), sentence(err))
			continue
		}
		for _, action := range []string{"publish", "subscribe"} {
			operation, exists := channel[action].(map[string]any)
			if !exists {
				continue
			}
			place := pointerTo("channels", name, action, "message")
			message, _ := operation["message"].(map[string]any)
			several, isSeveral := message["oneOf"].([]any)
			if !isSeveral {
				r.message(place, dotted(name), operation["message"], operation)
				continue
			}
			for i, one := range several {
				r.message(place+pointerTo("oneOf", strconv.Itoa(i)), dotted(name), one, operation)
			}
		}
	}
}

// asyncAPI3 reads the messages of all channels, or those of the components when
// there are no channels.
func (r *reader) asyncAPI3() {
	channels, _ := r.root["channels"].(map[string]any)
	for _, name := range r.sortedNames(channels) {
		channel, _, err := r.resolve(channels[name])
		if err != nil {
			r.refuse(name, pointerTo("channels", name), sentence(err))
			continue
		}
		messages, _ := channel["messages"].(map[string]any)
		for _, key := range r.sortedNames(messages) {
			r.message(pointerTo("channels", name, "messages", key), key, messages[key], channel)
		}
	}
	if len(channels) > 0 {
		return
	}
	components, _ := r.root["components"].(map[string]any)
	messages, _ := components["messages"].(map[string]any)
	for _, key := range r.sortedNames(messages) {
		r.message(pointerTo("components", "messages", key), key, messages[key], nil)
	}
}

// dotted makes a name of a channel's address.
func dotted(channel string) string { return strings.ReplaceAll(strings.Trim(channel, "/"), "/", ".") }

// message makes an event type of a message. It is called by its own name, or else by
// that under which the document keeps it.
func (r *reader) message(place, fallback string, value any, around map[string]any) {
	message, kept, err := r.resolve(value)
	if err != nil {
		r.refuse(fallback, place, sentence(err))
		return
	}
	found := EventType{Name: firstText(message, "name", "messageId")}
	for _, name := range []string{kept, fallback} {
		if found.Name == "" {
			found.Name = name
		}
	}
	found.Description = describe(firstText(message, "description", "summary", "title"))
	if found.Description == "" {
		found.Description = describe(firstText(around, "description", "summary"))
	}
	found.Deprecated, _ = message["deprecated"].(bool)
	if found.Example, err = r.messageExample(message); err == nil {
		found.Schema, err = r.payload(message)
	}
	if err != nil {
		r.refuse(found.Name, place, sentence(err))
		return
	}
	r.take(place, found)
}

func (r *reader) payload(message map[string]any) ([]byte, error) {
	payload, exists := message["payload"]
	if !exists {
		return nil, nil
	}
	format := firstText(message, "schemaFormat")
	if object, _, err := r.resolve(payload); err == nil && object["schemaFormat"] != nil && object["schema"] != nil {
		format, payload = firstText(object, "schemaFormat"), object["schema"]
	}
	if len(format) > maxMediaType {
		format = format[:maxMediaType]
	}
	if format != "" && !strings.Contains(format, "vnd.aai.asyncapi") && !strings.Contains(format, "schema+json") && !strings.Contains(format, "schema+yaml") {
		return nil, errors.New("its payload is described in " + clip(format) + ", not in JSON Schema")
	}
	return r.bundle(payload)
}

func (r *reader) messageExample(message map[string]any) ([]byte, error) {
	examples, _ := message["examples"].([]any)
	for _, example := range examples {
		r.look(1)
		if object, isObject := example.(map[string]any); isObject {
			if payload, exists := object["payload"]; exists {
				return r.encode("example", payload)
			}
		}
	}
	if schema, isObject := message["payload"].(map[string]any); isObject {
		return r.exampleOf(schema)
	}
	return nil, nil
}
