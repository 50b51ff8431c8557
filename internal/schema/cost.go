package schema

import (
	"math/big"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// MaxCost is what checking one value may cost, in units of about one look of a
// subschema at a value.
const MaxCost = 250_000

// What some steps cost.
const (
	// bytesAUnit is how much text is counted, or matched by an instruction of a
	// pattern, for a unit.
	bytesAUnit = 64
	// levelsAUnit is how many levels of the data cost a unit at each look.
	levelsAUnit = 8
)

// meter adds up what a check costs at most, before it is made: as if every
// alternative had to be looked at.
type meter struct {
	parts map[*jsonschema.Schema]part
	spent int
}

func (m *meter) isOver() bool { return m.spent > MaxCost }

// look adds what it costs when a subschema looks at a value, level deep in the data.
func (m *meter) look(s *jsonschema.Schema, value any, level int) {
	known := m.parts[s]
	m.spent += known.weight + level/levelsAUnit
	if s.Bool != nil || m.isOver() {
		return
	}
	for _, next := range known.same {
		if m.look(next, value, level); m.isOver() {
			return
		}
	}
	switch value := value.(type) {
	case map[string]any:
		m.object(s, value, level+1)
	case []any:
		m.array(s, value, level+1)
	case string:
		m.text(s, value)
	}
}

func (m *meter) text(s *jsonschema.Schema, text string) {
	if s.MinLength != nil || s.MaxLength != nil || s.Const != nil || s.Enum != nil {
		m.spent += len(text) / bytesAUnit
	}
	m.match(s.Pattern, text)
}

func (m *meter) match(p jsonschema.Regexp, text string) {
	if known, isOurs := p.(*pattern); isOurs {
		m.spent += 1 + len(text)*known.instructions/bytesAUnit
	}
}

func (m *meter) object(s *jsonschema.Schema, object map[string]any, level int) {
	m.spent += len(object)
	additional, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for name, member := range object {
		if m.isOver() {
			return
		}
		for p := range s.PatternProperties {
			m.match(p, name)
		}
		if s.PropertyNames != nil {
			m.look(s.PropertyNames, name, level)
		}
		if sub := s.Properties[name]; sub != nil {
			m.look(sub, member, level)
		} else if additional != nil {
			m.look(additional, member, level)
		}
		for _, sub := range s.PatternProperties {
			m.look(sub, member, level)
		}
		if s.UnevaluatedProperties != nil {
			m.look(s.UnevaluatedProperties, member, level)
		}
	}
}

func (m *meter) array(s *jsonschema.Schema, array []any, level int) {
	m.spent += len(array)
	if s.UniqueItems {
		m.spent += m.unique(array)
	}
	for i, item := range array {
		if m.isOver() {
			return
		}
		switch {
		case i < len(s.PrefixItems):
			m.look(s.PrefixItems[i], item, level)
		case s.Items2020 != nil:
			m.look(s.Items2020, item, level)
		}
		for _, sub := range appendThere(nil, s.Contains, s.UnevaluatedItems) {
			m.look(sub, item, level)
		}
	}
}

// unique is what comparing the items with each other costs: a few of them each with
// each, many by a digest.
func (m *meter) unique(array []any) int {
	const few = 20
	each := 2
	if len(array) <= few {
		each = len(array)
	}
	total := 0
	for _, item := range array {
		total += each * (size(item) + textSize(item)/bytesAUnit)
		if total > MaxCost {
			break
		}
	}
	return total
}

func textSize(value any) int {
	total := 0
	switch value := value.(type) {
	case string:
		total = len(value)
	case []any:
		for _, item := range value {
			total += textSize(item)
		}
	case map[string]any:
		for name, member := range value {
			total += len(name) + textSize(member)
		}
	}
	return total
}

// shown is a number of a schema as a person writes it.
func shown(number *big.Rat) string {
	if number.IsInt() {
		return clip(number.Num().String())
	}
	const digits = 20
	text, _ := new(big.Float).SetRat(number).MarshalText()
	if len(text) > digits {
		return number.FloatString(digits / 2)
	}
	return string(text)
}
