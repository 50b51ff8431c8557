package wire

import (
	"fmt"
	"net/url"

	"github.com/posthorn/posthorn"
)

// compileBody makes one template of the whole body, in which every value but
// the raw ones is escaped.
func (c *compiler) compileBody() {
	switch {
	case len(c.format.Body) == 0:
		c.body = template{{value: eventDataValue}}
		c.places++
	case c.format.IsForm:
		c.body = c.compileForm()
	default:
		c.body = c.appendMembers(nil, "/body", c.format.Body, inBody)
	}
	const perValue = 48 // most values are shorter; a longer one makes a body grow
	data := 0
	for _, p := range c.body {
		switch {
		case p.value == literalValue:
			c.bodyBytes += len(p.literal)
		case p.value == eventDataValue && len(p.filters) > 0: // a form's
			data += 3 // escaping may triple it
		case p.value == eventDataValue:
			data++
		default:
			c.bodyBytes += perValue
		}
	}
	if data > maxOfData {
		c.problems.Add(posthorn.Invalid("/body", fmt.Sprintf("The data stands in the body too often: at most %d times in JSON, once in a form.", maxOfData), "Send it once."))
	}
}

func (c *compiler) compileForm() template {
	var body template
	for i, field := range c.format.Body {
		separator := "&"
		if i == 0 {
			separator = ""
		}
		body = body.withLiteral(separator + url.QueryEscape(field.Name) + "=")
		value, err := template{{value: eventDataValue}}, (*posthorn.Error)(nil)
		if field.Raw == "" {
			value, err = c.parseTemplate(pointerTo("/body/form", i), field.Template, inBody)
			c.problems.Add(err)
		} else {
			c.places++
		}
		for _, p := range value {
			if p.value == literalValue {
				body = body.withLiteral(url.QueryEscape(p.literal))
				continue
			}
			p.filters = append(p.filters, formFilter)
			body = append(body, p)
		}
	}
	return body
}

// appendMembers writes a JSON object behind the template.
func (c *compiler) appendMembers(to template, pointer string, fields []posthorn.BodyField, where place) template {
	for i, field := range fields {
		opening := ","
		if i == 0 {
			opening = "{"
		}
		to = to.withLiteral(opening + `"` + string(appendJSONText(nil, field.Name)) + `":`)
		to = c.appendValue(to, pointerTo(pointer, i), field, where)
	}
	return to.withLiteral("}")
}

func (c *compiler) appendValue(to template, pointer string, field posthorn.BodyField, where place) template {
	switch {
	case field.Raw != "":
		c.places++
		return append(to, part{value: eventDataValue})
	case field.Constant != "":
		return to.withLiteral(field.Constant)
	case field.Number != "":
		return c.appendNumber(to, pointer, field.Number, where)
	case len(field.Members) > 0:
		return c.appendMembers(to, pointer, field.Members, where)
	case len(field.Items) > 0:
		opening := "["
		for i, item := range field.Items {
			to = c.appendValue(to.withLiteral(opening), pointerTo(pointer, i), item, where)
			opening = ","
		}
		return to.withLiteral("]")
	default:
		return c.appendText(to, pointer, field.Template, where)
	}
}

// appendText writes a JSON string.
func (c *compiler) appendText(to template, pointer, text string, where place) template {
	parsed, err := c.parseTemplate(pointer, text, where)
	c.problems.Add(err)
	to = to.withLiteral(`"`)
	for _, p := range parsed {
		if p.value == literalValue {
			to = to.withLiteral(string(appendJSONText(nil, p.literal)))
			continue
		}
		p.filters = append(p.filters, jsonFilter)
		to = append(to, p)
	}
	return to.withLiteral(`"`)
}

// appendNumber writes a JSON number, which the placeholder's value must be.
func (c *compiler) appendNumber(to template, pointer, text string, where place) template {
	parsed, err := c.parseTemplate(pointer, text, where)
	if err == nil && (len(parsed) != 1 || !parsed[0].value.isNumber() || len(parsed[0].filters) > 0) {
		err = posthorn.Invalid(pointer, "A number must be one placeholder whose value is a number.", "For example: {number: \"{timestamp}\"}")
	}
	c.problems.Add(err)
	if err != nil {
		return to
	}
	return append(to, parsed[0])
}
