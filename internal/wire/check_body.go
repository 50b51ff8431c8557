package wire

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/posthorn/posthorn"
)

func countFields(fields []posthorn.BodyField, count *int) {
	for _, field := range fields {
		*count++
		countFields(field.Members, count)
		countFields(field.Items, count)
	}
}

// checkFieldsAs checks the members of an object and what is within them. Only
// the body may hold the data.
func (c *compiler) checkFieldsAs(pointer string, fields []posthorn.BodyField, isBody bool) {
	c.checkMembers(pointer, fields, isBody, 1)
}

func (c *compiler) checkMembers(pointer string, fields []posthorn.BodyField, isBody bool, depth int) {
	seen := make(map[string]bool, len(fields))
	for i, field := range fields {
		place := pointerTo(pointer, i)
		switch {
		case field.Name == "" || len(field.Name) > maxFieldName || !utf8.ValidString(field.Name):
			c.problems.Add(posthorn.Invalid(place, fmt.Sprintf("A member's name must be 1 to %d bytes of UTF-8.", maxFieldName), "For example: id"))
		case seen[field.Name]:
			c.problems.Add(posthorn.Invalid(place, fmt.Sprintf("There are two members called %q.", field.Name), "Remove one of them."))
		}
		seen[field.Name] = true
		c.checkField(place, field, isBody, depth)
	}
}

func (c *compiler) checkField(pointer string, field posthorn.BodyField, isBody bool, depth int) {
	kinds := 0
	for _, isSet := range []bool{field.Template != "", field.Raw != "", field.Number != "", field.Constant != "", len(field.Members) > 0, len(field.Items) > 0} {
		if isSet {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		c.problems.Add(posthorn.Invalid(pointer, "A member is one of template, raw, number, constant, members and items.", "Keep one of them."))
	case field.Raw != "" && (field.Raw != eventData || !isBody):
		c.problems.Add(posthorn.Invalid(pointer, fmt.Sprintf("%q can't be put in raw here.", clip(field.Raw)), "In the body, use event.data."))
	case field.Constant != "" && !isConstant(field.Constant):
		c.problems.Add(posthorn.Invalid(pointer, fmt.Sprintf("%q is not a JSON number, true, false or null.", clip(field.Constant)), "Give texts as template."))
	case depth > maxBodyDepth:
		c.problems.Add(posthorn.Invalid(pointer, fmt.Sprintf("Members are nested more than %d deep.", maxBodyDepth), "Nest them less."))
		return
	}
	if len(field.Members) > 0 {
		c.checkMembers(pointer, field.Members, isBody, depth+1)
	}
	for i, item := range field.Items {
		if item.Name != "" {
			c.problems.Add(posthorn.Invalid(pointerTo(pointer, i), "An item of a list has no name.", "Leave the name out."))
		}
		c.checkField(pointerTo(pointer, i), item, isBody, depth+1)
	}
}

func isConstant(text string) bool {
	return len(text) <= maxFieldName && json.Valid([]byte(text)) && text[0] != '"' && text[0] != '{' && text[0] != '[' && text[0] > ' '
}

// checkForm: the fields of a form are texts, or the data.
func (c *compiler) checkForm() {
	c.checkMembers("/body/form", c.format.Body, true, 1)
	for i, field := range c.format.Body {
		if field.Number != "" || field.Constant != "" || len(field.Members) > 0 || len(field.Items) > 0 {
			c.problems.Add(posthorn.Invalid(pointerTo("/body/form", i), "A form's field is a template or raw.", "For example: {type: \"{event.type}\"}"))
		}
	}
	if len(c.format.Body) == 0 {
		c.problems.Add(posthorn.Invalid("/body", "The form has no fields.", "List at least one."))
	}
}
