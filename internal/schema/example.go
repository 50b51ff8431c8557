package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/posthorn/posthorn/internal/eventdata"
)

// Bounds of a generated example.
const (
	// maxOptionalDepth is how deep members that aren't required are still shown.
	maxOptionalDepth = 5
	maxExampleDepth  = 16
	maxExampleValues = 1000
)

// Example makes a value of the schema, the same each time: what the schema gives as
// example, default, constant or first choice, and otherwise something simple of the
// right type. It reports whether the value matches the schema, which it doesn't where
// patterns and conditions ask for more.
func (s *Schema) Example() ([]byte, bool, error) {
	g := &generator{document: s.document, left: maxExampleValues}
	text, err := json.Marshal(g.value(s.document, 0))
	if err != nil {
		return nil, false, fmt.Errorf("writing an example: %w", err)
	}
	return text, len(s.Check("", eventdata.Of(text)).Mistakes) == 0, nil
}

type generator struct {
	document any
	left     int
}

func (g *generator) value(schema any, depth int) any {
	g.left--
	object, isObject := schema.(map[string]any)
	if !isObject || g.left < 0 || depth > maxExampleDepth {
		return nil
	}
	if target, refers := object["$ref"].(string); refers {
		_, fragment, _ := strings.Cut(target, "#")
		if found, exists := at(g.document, unescape(fragment)); exists {
			return g.value(found, depth+1)
		}
	}
	if given, exists := givenExample(object); exists {
		return given
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		if list, _ := object[keyword].([]any); len(list) > 0 {
			return g.merged(object, list[:1], depth)
		}
	}
	if list, _ := object["allOf"].([]any); len(list) > 0 {
		return g.merged(object, list, depth)
	}
	return g.plain(object, depth)
}

func givenExample(object map[string]any) (any, bool) {
	for _, keyword := range []string{"const", "example", "default"} {
		if value, exists := object[keyword]; exists {
			return value, true
		}
	}
	for _, keyword := range []string{"examples", "enum"} {
		if list, _ := object[keyword].([]any); len(list) > 0 {
			return list[0], true
		}
	}
	return nil, false
}

// merged makes one object of what a schema and those beside it ask for; where they
// don't make objects, the first of those beside it counts.
func (g *generator) merged(own map[string]any, parts []any, depth int) any {
	result, _ := g.plain(own, depth).(map[string]any)
	for _, part := range parts {
		value := g.value(part, depth+1)
		members, isObject := value.(map[string]any)
		if !isObject {
			return value
		}
		if result == nil {
			result = map[string]any{}
		}
		for name, member := range members {
			result[name] = member
		}
	}
	return result
}

func (g *generator) plain(object map[string]any, depth int) any {
	switch typeOf(object) {
	case "object":
		return g.object(object, depth)
	case "array":
		return g.array(object, depth)
	case "string":
		return exampleText(object)
	case "integer", "number":
		return exampleNumber(object)
	case "boolean":
		return true
	case "null":
		return nil
	default:
		return map[string]any{}
	}
}

// typeOf returns the first type other than null that a schema allows, or what its
// keywords are about.
func typeOf(object map[string]any) string {
	if name, isText := object["type"].(string); isText {
		return name
	}
	if list, isList := object["type"].([]any); isList {
		for _, item := range list {
			if name, isText := item.(string); isText && name != "null" {
				return name
			}
		}
		return "null"
	}
	for _, about := range []struct {
		name     string
		keywords []string
	}{
		{"object", []string{"properties", "required"}},
		{"array", []string{"items", "prefixItems"}},
		{"string", []string{"minLength", "format", "pattern"}},
		{"number", []string{"minimum", "maximum"}},
	} {
		for _, keyword := range about.keywords {
			if _, exists := object[keyword]; exists {
				return about.name
			}
		}
	}
	return ""
}

func (g *generator) object(object map[string]any, depth int) any {
	properties, _ := object["properties"].(map[string]any)
	needed := map[string]bool{}
	required, _ := object["required"].([]any)
	for _, item := range required {
		if name, isText := item.(string); isText {
			needed[name] = true
		}
	}
	result := map[string]any{}
	for _, name := range names(properties) {
		if needed[name] || depth < maxOptionalDepth {
			result[name] = g.value(properties[name], depth+1)
		}
	}
	for name := range needed {
		if _, exists := result[name]; !exists {
			result[name] = "text"
		}
	}
	return result
}

func (g *generator) array(object map[string]any, depth int) any {
	const most = 10
	prefix, _ := object["prefixItems"].([]any)
	list := make([]any, 0, len(prefix))
	for _, item := range prefix {
		list = append(list, g.value(item, depth+1))
	}
	wanted := int(wholeOf(object["minItems"], 0))
	if wanted == 0 && depth < maxOptionalDepth && object["items"] != nil {
		wanted = 1
	}
	for len(list) < min(wanted, most) {
		list = append(list, g.value(object["items"], depth+1))
	}
	return list
}

func exampleText(object map[string]any) string {
	format, _ := object["format"].(string)
	if text, known := map[string]string{
		"date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02", "time": "03:04:05Z", "duration": "P1D",
		"email": "ada@example.com", "hostname": "example.com", "uri": "https://example.com/", "url": "https://example.com/", "uri-reference": "/path",
		"uuid": "0190b0a0-0000-7000-8000-000000000001", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
	}[format]; known {
		return text
	}
	const longest = 1000
	text := "text"
	if least := int(wholeOf(object["minLength"], 0)); least > len(text) && least <= longest {
		text += strings.Repeat("x", least-len(text))
	}
	if most := int(wholeOf(object["maxLength"], longest)); most >= 0 && most < len(text) {
		text = text[:most]
	}
	return text
}

// exampleNumber is the least number that is allowed, or else 1.
func exampleNumber(object map[string]any) any {
	number := big.NewRat(1, 1)
	one := big.NewRat(1, 1)
	least, hasLeast := ratOf(object["minimum"])
	above, hasAbove := ratOf(object["exclusiveMinimum"])
	most, hasMost := ratOf(object["maximum"])
	below, hasBelow := ratOf(object["exclusiveMaximum"])
	switch {
	case hasLeast && number.Cmp(least) < 0:
		number = least
	case hasAbove && number.Cmp(above) <= 0:
		number = new(big.Rat).Add(above, one)
	case hasMost && number.Cmp(most) > 0:
		number = most
	case hasBelow && number.Cmp(below) >= 0:
		number = new(big.Rat).Sub(below, one)
	}
	if step, hasStep := ratOf(object["multipleOf"]); hasStep && step.Sign() > 0 {
		quotient := new(big.Rat).Quo(number, step)
		whole := new(big.Int).Div(quotient.Num(), quotient.Denom())
		if !quotient.IsInt() {
			whole.Add(whole, big.NewInt(1))
		}
		number = new(big.Rat).Mul(step, new(big.Rat).SetInt(whole))
	}
	return json.Number(shown(number))
}

func ratOf(value any) (*big.Rat, bool) {
	number, isNumber := value.(json.Number)
	if !isNumber {
		return nil, false
	}
	return new(big.Rat).SetString(number.String())
}

func wholeOf(value any, otherwise int64) int64 {
	const farBeyond = 1 << 30
	number, exists := ratOf(value)
	if !exists || !number.IsInt() || !number.Num().IsInt64() || number.Num().Int64() > farBeyond {
		return otherwise
	}
	return number.Num().Int64()
}
