package schema_test

import "testing"

// Invariant: an example is made of what the schema says, is the same each time, and
// is said to match only if it does.
func TestExample(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schema, want string
		matches      bool
	}{
		{`true`, `null`, true},
		{`{"const":{"a":1}}`, `{"a":1}`, true},
		{`{"enum":["b","a"]}`, `"b"`, true},
		{`{"type":"string","examples":["x"]}`, `"x"`, true},
		{`{"type":["null","integer"],"minimum":5,"multipleOf":3}`, `6`, true},
		{`{"type":"number","exclusiveMinimum":1.5}`, `2.5`, true},
		{`{"type":"integer","maximum":-3}`, `-3`, true},
		{`{"type":"string","format":"date-time"}`, `"2026-01-02T03:04:05Z"`, true},
		{`{"type":"string","minLength":6}`, `"textxx"`, true},
		{`{"type":"string","maxLength":2}`, `"te"`, true},
		{`{"type":"string","pattern":"^[0-9]+$"}`, `"text"`, false},
		{`{"required":["b","c"],"properties":{"a":{"type":"boolean"},"b":{"type":"null"}}}`, `{"a":true,"b":null,"c":"text"}`, true},
		{`{"items":{"type":"integer"},"minItems":2}`, `[1,1]`, true},
		{`{"prefixItems":[{"type":"string"}],"type":"array"}`, `["text"]`, true},
		{`{"$ref":"#/$defs/a%20b","$defs":{"a b":{"default":7}}}`, `7`, true},
		{`{"allOf":[{"properties":{"a":{"const":1}}},{"properties":{"b":{"const":2}}}],"properties":{"c":{"const":3}}}`, `{"a":1,"b":2,"c":3}`, true},
		{`{"oneOf":[{"type":"string"},{"type":"null"}]}`, `"text"`, true},
		{`{"type":"object","properties":{"next":{"$ref":"#"}},"required":["id"]}`, `{"id":"text","next":{"id":"text","next":{"id":"text","next":{"id":"text"}}}}`, true},
	} {
		text, matches, err := compiled(t, c.schema).Example()
		if err != nil || string(text) != c.want || matches != c.matches {
			t.Errorf("%s: %s, %v, %v; want %s", c.schema, text, matches, err, c.want)
		}
	}
	wide := `{"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#"},"c":{"$ref":"#"},"d":{"$ref":"#"}},"required":["a","b","c","d"]}`
	if text, _, err := compiled(t, wide).Example(); err != nil || len(text) > 20_000 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
