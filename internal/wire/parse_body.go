package wire

import "github.com/posthorn/posthorn"

// readMembers reads a list of "name: value", or of {name, template}, {name, raw},
// {name, number}, {name, constant}, {name, members}, {name, items}.
func readMembers(f *fields, list *node) []posthorn.BodyField {
	if len(list.items) == 0 {
		f.problems.Add(list.wrong("there are no members", "List at least one \"name: value\"."))
	}
	members := make([]posthorn.BodyField, 0, len(list.items))
	for _, entry := range list.items {
		if only, isShort := entry.only(); isShort {
			field := readValue(f, only.value)
			field.Name = only.name
			members = append(members, field)
			continue
		}
		if entry.child("name") == nil {
			f.problems.Add(entry.wrong("each entry must be one \"name: value\"", "Begin each with \"- \"."))
			continue
		}
		members = append(members, readLongMember(f, entry))
	}
	return members
}

func readLongMember(f *fields, entry *node) posthorn.BodyField {
	long := fieldsOf(entry, f.problems)
	field := posthorn.BodyField{Name: long.text("name"), Template: long.text("template"), Raw: long.text("raw"), Number: long.text("number")}
	long.known = append(long.known, "constant", "members", "items")
	if constant := entry.child("constant"); constant != nil {
		field.Constant = readConstant(f, constant)
	}
	if members := entry.child("members"); members != nil {
		field.Members = readMembers(f, members)
	}
	if items := entry.child("items"); items != nil {
		field.Items = readItems(f, items)
	}
	long.finish()
	return field
}

// readValue reads a template, a constant, {raw: …}, {number: …}, {items: […]}, or a
// list of members, which is an object.
func readValue(f *fields, value *node) posthorn.BodyField {
	switch {
	case value.kind == textKind:
		return posthorn.BodyField{Template: value.text}
	case value.isScalar():
		return posthorn.BodyField{Constant: value.text}
	case value.kind == listKind:
		return posthorn.BodyField{Members: readMembers(f, value)}
	}
	only, _ := value.only()
	switch only.name {
	case "raw":
		return posthorn.BodyField{Raw: f.textOf(only.value)}
	case "number":
		return posthorn.BodyField{Number: f.textOf(only.value)}
	case "items":
		return posthorn.BodyField{Items: readItems(f, only.value)}
	}
	f.problems.Add(value.wrong("write a text, a list of members, {raw: "+eventData+"}, {number: \"{timestamp}\"} or {items: [...]}", "The documentation of formats shows examples."))
	return posthorn.BodyField{}
}

func readItems(f *fields, list *node) []posthorn.BodyField {
	if list.kind != listKind || len(list.items) == 0 {
		f.problems.Add(list.wrong("a list with at least one value is expected", "Begin each value with \"- \"."))
	}
	items := make([]posthorn.BodyField, 0, len(list.items))
	for _, item := range list.items {
		items = append(items, readValue(f, item))
	}
	return items
}

func readConstant(f *fields, value *node) string {
	if value.kind == textKind || !value.isScalar() {
		f.problems.Add(value.wrong("a constant is a number, true, false or null", "Give texts as template."))
	}
	return value.text
}
