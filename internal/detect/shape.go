package detect

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// maxConstants is how many values of an envelope may be taken for constants; with
// more, the body is data.
const maxConstants = 32

// readBody decides what the body is: an envelope with the data in it, a form, or
// the data alone.
func (g *guess) readBody() {
	g.data = g.request.Body
	if g.request.isForm() {
		g.addForm()
		return
	}
	body, isJSON := g.request.json()
	if !isJSON {
		if len(g.request.Body) == 0 {
			g.differ("The body is empty; what Posthorn sends has one.")
		} else {
			g.differ("The body is not JSON; published data is.")
		}
		return
	}
	data := g.dataMember(body)
	if data == nil {
		return
	}
	fields, isGood := g.members(body, data)
	if !isGood || len(g.constants) > maxConstants {
		g.constants = nil
		return
	}
	g.body, g.data = fields, data.raw
}

// dataMember returns the member that holds the data, or nil when the whole body
// is.
func (g *guess) dataMember(body *value) *value {
	if body.kind != objectKind || len(body.members) > maxEnvelope {
		return nil
	}
	known, times, inside := 0, 0, []*value{}
	hasOtherType := false
	for _, m := range body.members {
		_, isMoment := momentIn(&value{members: []member{m}}, plainName(m.name))
		switch {
		case g.isKnown(m):
			known++
		case isMoment && isTimeName(m.name):
			times++
		case m.value.kind == objectKind && !isSureData(m.name) && slices.ContainsFunc(m.value.members, g.isKnown):
			known++
		case m.value.kind == objectKind, m.value.kind == listKind:
			inside = append(inside, m.value)
		case m.value.kind == textKind && isTypeName(m.name) && isTypeText(m.value.text):
			hasOtherType = true
		}
	}
	isElsewhere := strings.HasPrefix(g.kindPlace, "the header")
	if known+times == 0 || isElsewhere && hasOtherType && known == 0 {
		return nil // the headers speak of the event, and the body of something else
	}
	if data := g.memberNamed(body, known > 0 || !isElsewhere); data != nil {
		return data
	}
	if known > 0 && known+times > 1 && len(inside) == 1 {
		return inside[0]
	}
	return nil
}

// memberNamed finds the data by its name; by another than the surest only where
// the body speaks of the event.
func (g *guess) memberNamed(body *value, isEnvelope bool) *value {
	for _, name := range dataNames() {
		isSure := isSureData(name)
		if !isSure && !isEnvelope {
			return nil
		}
		for _, m := range body.members {
			isInside := (m.value.kind == objectKind || m.value.kind == listKind) && (isSure || !slices.ContainsFunc(m.value.members, g.isKnown))
			if plainName(m.name) == name && (isInside || isSure && !g.isKnown(m)) {
				return m.value
			}
		}
	}
	return nil
}

func (g *guess) isKnown(m member) bool {
	return m.value.kind == textKind && m.value.text != "" && (m.value.text == g.kind || m.value.text == g.id)
}

// members makes fields of an object; one of the values within may be the data.
func (g *guess) members(object, data *value) ([]posthorn.BodyField, bool) {
	fields := make([]posthorn.BodyField, 0, len(object.members))
	for _, m := range object.members {
		if m.value == data {
			fields = append(fields, posthorn.BodyField{Name: m.name, Raw: "event.data"})
			continue
		}
		field, isGood := g.field(m.name, m.value)
		if !isGood {
			return nil, false
		}
		field.Name = m.name
		fields = append(fields, field)
	}
	return fields, true
}

// field makes a field of a value; a format can't say an empty object or list.
func (g *guess) field(name string, v *value) (posthorn.BodyField, bool) {
	switch v.kind {
	case textKind:
		template, isKnown := g.template(v.text, false)
		if !isKnown {
			g.constants = append(g.constants, name)
		}
		return posthorn.BodyField{Template: template}, true
	case constantKind:
		if at, isMoment := readMoment(string(v.raw)); isMoment && isTimeName(name) {
			return posthorn.BodyField{Number: timeTemplate(at.form, false)}, true
		}
		g.constants = append(g.constants, name)
		return posthorn.BodyField{Constant: string(v.raw)}, true
	case objectKind:
		fields, isGood := g.members(v, nil)
		return posthorn.BodyField{Members: fields}, isGood && len(fields) > 0
	default:
		items := make([]posthorn.BodyField, 0, len(v.items))
		for i, item := range v.items {
			field, isGood := g.field(fmt.Sprintf("%s/%d", name, i), item)
			if !isGood {
				return posthorn.BodyField{}, false
			}
			items = append(items, field)
		}
		return posthorn.BodyField{Items: items}, len(items) > 0
	}
}

// readForm returns the names and values of a form's fields (WHATWG URL, section
// 5.1).
func readForm(body []byte) [][2]string {
	var fields [][2]string
	for pair := range strings.SplitSeq(string(body), "&") {
		name, text, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		text, errText := url.QueryUnescape(text)
		if len(fields) == maxEnvelope {
			break
		}
		if errName == nil && errText == nil && name != "" {
			fields = append(fields, [2]string{name, text})
		}
	}
	return fields
}

// addForm makes fields of a form; the first that holds a JSON object or list is
// the data.
func (g *guess) addForm() {
	g.isForm = true
	hasData := false
	for _, field := range readForm(g.request.Body) {
		name, text := field[0], field[1]
		isData := !hasData && json.Valid([]byte(text)) && strings.ContainsAny(text[:1], "{[")
		if isData {
			hasData, g.data = true, []byte(text)
			g.body = append(g.body, posthorn.BodyField{Name: name, Raw: "event.data"})
			continue
		}
		template, isKnown := g.template(text, false)
		if !isKnown {
			g.constants = append(g.constants, name)
		}
		g.body = append(g.body, posthorn.BodyField{Name: name, Template: template})
	}
	if !hasData {
		g.data = []byte("null")
		g.differ("No field of the form holds JSON: its fields are the data themselves, and a format's form has the same fields in every request.")
	}
}
