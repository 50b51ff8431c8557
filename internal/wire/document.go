package wire

import (
	"strconv"

	"github.com/posthorn/posthorn"
)

// FormatJSON writes a format as a JSON document, which ParseFormat reads back.
func FormatJSON(format posthorn.Format) []byte { return documentOf(format).appendJSON(nil) }

// FormatYAML writes a format as a YAML document, which ParseFormat reads back.
func FormatYAML(format posthorn.Format) []byte { return documentOf(format).writeYAML() }

// object gathers the members of an object, but for empty ones.
type object struct{ members []member }

func (o *object) text(name, text string) {
	if text != "" {
		o.add(name, textNode(text))
	}
}

func (o *object) add(name string, value *node) { o.members = append(o.members, member{name, value}) }

func (o *object) texts(name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	list := &node{kind: listKind}
	for _, text := range texts {
		list.items = append(list.items, textNode(text))
	}
	o.add(name, list)
}

func (o *object) flag(name string, isSet bool) {
	if isSet {
		o.add(name, &node{kind: booleanKind, text: "true"})
	}
}

func (o *object) node() *node { return &node{kind: objectKind, members: o.members} }

func textNode(text string) *node { return &node{kind: textKind, text: text} }

// pair is an object of one member.
func pair(name string, value *node) *node {
	return &node{kind: objectKind, members: []member{{name, value}}}
}

func documentOf(format posthorn.Format) *node {
	var o object
	o.text("name", format.Name)
	o.text("description", format.Description)
	o.add("body", bodyNode(format))
	o.text("contentType", format.ContentType)
	if len(format.Headers) > 0 {
		headers := &node{kind: listKind}
		for _, header := range format.Headers {
			headers.items = append(headers.items, pair(header.Name, textNode(header.Value)))
		}
		o.add("headers", headers)
	}
	switch {
	case isSingle(format.Signatures):
		o.add("signature", schemeNode(format.Signatures[0]))
	case len(format.Signatures) > 0:
		list := &node{kind: listKind}
		for _, scheme := range format.Signatures {
			list.items = append(list.items, schemeNode(scheme))
		}
		o.add("signatures", list)
	}
	o.texts("success", format.Success)
	if format.Retries != nil {
		o.add("retries", &node{kind: numberKind, text: strconv.Itoa(*format.Retries)})
	}
	if format.Tolerance > 0 {
		o.add("verify", pair("tolerance", textNode(format.Tolerance.String())))
	}
	return o.node()
}

// isSingle: the schemes are written as signature, not as a list of signatures.
func isSingle(schemes []posthorn.SignatureScheme) bool {
	return len(schemes) == 1 && schemes[0].Name == ""
}

func bodyNode(format posthorn.Format) *node {
	switch {
	case len(format.Body) == 0:
		return pair("raw", textNode(eventData))
	case format.IsForm:
		return pair("form", membersNode(format.Body))
	default:
		return membersNode(format.Body)
	}
}

func membersNode(fields []posthorn.BodyField) *node {
	list := &node{kind: listKind}
	for _, field := range fields {
		list.items = append(list.items, pair(field.Name, valueNode(field)))
	}
	return list
}

func valueNode(field posthorn.BodyField) *node {
	switch {
	case field.Raw != "":
		return pair("raw", textNode(field.Raw))
	case field.Number != "":
		return pair("number", textNode(field.Number))
	case field.Constant != "":
		return &node{kind: numberKind, text: field.Constant}
	case len(field.Members) > 0:
		return membersNode(field.Members)
	case len(field.Items) > 0:
		list := &node{kind: listKind}
		for _, item := range field.Items {
			list.items = append(list.items, valueNode(item))
		}
		return pair("items", list)
	default:
		return textNode(field.Template)
	}
}

func schemeNode(scheme posthorn.SignatureScheme) *node {
	var o object
	o.text("name", scheme.Name)
	o.text("algorithm", string(scheme.Algorithm))
	o.text("content", scheme.Content)
	o.text("encoding", string(scheme.Encoding))
	o.text("key", string(scheme.Key))
	o.text("keyPrefix", scheme.KeyPrefix)
	o.text("ecdsa", string(scheme.ECDSA))
	o.text("several", scheme.Several)
	if scheme.SeveralLines {
		o.add("several", pair("lines", &node{kind: booleanKind, text: "true"}))
	}
	o.flag("optional", scheme.IsOptional)
	o.text("appendTo", scheme.AppendTo)
	if len(scheme.Claims) > 0 {
		o.add("claims", membersNode(scheme.Claims))
	}
	if message := scheme.Message; len(message.Components) > 0 {
		var m object
		m.text("label", message.Label)
		m.texts("components", message.Components)
		m.texts("parameters", message.Parameters)
		m.text("keyid", message.KeyID)
		m.text("tag", message.Tag)
		if message.Expires > 0 {
			m.text("expires", message.Expires.String())
		}
		o.add("message", m.node())
	}
	return o.node()
}
