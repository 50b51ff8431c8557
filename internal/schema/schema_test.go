package schema_test

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
	"github.com/posthorn/posthorn/internal/schema"
)

func compiled(t *testing.T, text string) *schema.Schema {
	t.Helper()
	s, err := schema.Compile("/schema", []byte(text))
	if err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	return s
}

func mistakesOf(s *schema.Schema, data string) []string {
	var list []string
	for _, mistake := range s.Check("/data", eventdata.Of([]byte(data))).Mistakes {
		list = append(list, mistake.Pointer+": "+mistake.Message)
	}
	return list
}

// Invariant: data that doesn't match is told where and what was expected; data that
// matches is not.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ schema, data, want string }{
		{`true`, `1`, ""},
		{`{}`, `null`, ""},
		{`false`, `1`, `/data: "data" isn't allowed here.`},
		{`{"type":"object"}`, `[]`, `/data: "data" must be of type object, not array.`},
		{`{"type":["integer","null"]}`, `1.0`, ""},
		{`{"type":"integer"}`, `1.5`, `/data: "data" must be of type integer, not number.`},
		{`{"required":["a/b"]}`, `{}`, `/data/a~1b: "a/b" is missing.`},
		{`{"additionalProperties":{"items":{"type":"null"}}}`, `{"a~1/b":[null,1]}`, `/data/a~01~1b/1: "1" must be of type null, not number.`},
		{`{"additionalProperties":false,"properties":{"a":{}}}`, `{"a":1,"b":2}`, `/data/b: "b" isn't allowed: the schema doesn't know this member.`},
		{`{"properties":{"a":{"items":{"minimum":2}}}}`, `{"a":[2,1]}`, `/data/a/1: "1" must be at least 2.`},
		{`{"maximum":9007199254740992}`, `9007199254740993`, `/data: "data" must be at most 9007199254740992.`},
		{`{"multipleOf":0.01}`, `4.35`, ""},
		{`{"enum":["a",1]}`, `"b"`, `/data: "data" must be one of "a", 1.`},
		{`{"const":{"a":1}}`, `{"a":1.0}`, ""},
		{`{"pattern":"^a+$"}`, `"ab"`, `/data: "data" must match the pattern ^a+$.`},
		{`{"maxLength":1}`, `"日"`, ""},
		{`{"uniqueItems":true}`, `[1,2,1.0]`, `/data: "data" must have no equal items; 0 and 2 are.`},
		{`{"$ref":"#/$defs/a","$defs":{"a":{"properties":{"n":{"$ref":"#/$defs/a"}},"required":["n"]}}}`, `{"n":{"n":1}}`, ""},
		{`{"$ref":"#/definitions/a","definitions":{"a":{"type":"null"}}}`, `1`, `/data: "data" must be of type null, not number.`},
		{`{"anyOf":[{"type":"string"},{"properties":{"a":{"type":"string"}}}]}`, `{"a":1}`, `/data: "data" matches none of the alternatives; of one, "a" must be of type string, not number.`},
		{`{"oneOf":[{},{"type":"null"}]}`, `null`, `/data: "data" matches the alternatives 1 and 2, but must match exactly one.`},
		{`{"not":{"type":"null"}}`, `null`, `/data: "data" matches what the schema excludes ("not").`},
		{`{"if":{"properties":{"k":{"const":1}}},"then":{"required":["a"]}}`, `{"k":1}`, `/data/a: "a" is missing.`},
		{`{"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false}`, `{"a":1,"b":1}`, `/data/b: "b" isn't allowed here.`},
		{`{"format":"email"}`, `"nobody"`, ""},
		{`{"propertyNames":{"maxLength":1}}`, `{"ab":1}`, `/data/ab: "ab" has a name that isn't allowed.`},
		{`{"type":"integer"}`, `1e999999999`, `/data: The data can't be checked against the schema of its type: the number is too long or too large.`},
		{`{"uniqueItems":true}`, `[1e999999999,2]`, `/data/0: The data can't be checked against the schema of its type: the number is too long or too large.`},
	} {
		if got := strings.Join(mistakesOf(compiled(t, c.schema), c.data), " | "); got != c.want {
			t.Errorf("%s of %s:\n got %s\nwant %s", c.schema, c.data, got, c.want)
		}
	}
}

// Invariant: several mistakes are told at once, in the order of their places, and no
// more than MaxMistakes.
func TestMistakesAreOrderedAndBounded(t *testing.T) {
	t.Parallel()
	s := compiled(t, `{"additionalProperties":{"type":"null"}}`)
	first := mistakesOf(s, `{"b":1,"a":1,"c":null}`)
	if len(first) != 2 || !strings.HasPrefix(first[0], "/data/a") || !strings.HasPrefix(first[1], "/data/b") {
		t.Errorf("got %v", first)
	}
	if many := mistakesOf(compiled(t, `{"items":{"type":"null"}}`), "["+strings.Repeat("1,", 99)+"1]"); len(many) != schema.MaxMistakes {
		t.Errorf("%d mistakes", len(many))
	}
}

// Invariant: what telling the mistakes takes is bounded, however many there are and
// however long their places.
func TestTellingMistakesIsBounded(t *testing.T) { //nolint:paralleltest // it counts what is allocated meanwhile
	const most = 64 << 20
	name, many := strings.Repeat("x", 100_000), strings.Repeat("1,", 3000)+"1"
	members := strings.TrimSuffix(strings.Repeat(`"a#":1,`, 3000), ",")
	for n := range 3000 {
		members = strings.Replace(members, "#", strconv.Itoa(n), 1)
	}
	for text, data := range map[string]string{
		`{"additionalProperties":{"items":{"type":"null"}}}`:                              `{"` + name + `":[` + many + `]}`,
		`{"additionalProperties":{"additionalProperties":false}}`:                         `{"` + name + `":{` + members + `}}`,
		`{"additionalProperties":{"items":{"anyOf":[{"type":"null"},{"type":"array"}]}}}`: `{"` + name + `":[` + many + `]}`,
	} {
		s := compiled(t, text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		verdict := s.Check("/data", eventdata.Of([]byte(data)))
		runtime.ReadMemStats(&after)
		if len(verdict.Mistakes) == 0 {
			t.Errorf("%s: no mistakes", text)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > most {
			t.Errorf("%s: %d bytes were taken for %d", text, taken, len(data))
		}
	}
}

// Invariant: what is no good schema is refused with its place, and nothing is
// fetched for one.
func TestRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[]`:                              "/schema: A JSON Schema is an object",
		`{"type":`:                        "/schema: The schema can't be read",
		`{"properties":{"a":{"type":1}}}`: "/schema/properties/a/type: This is not JSON Schema",
		`{"minLength":-1}`:                `/schema/minLength: This is not JSON Schema: "minLength" must be at least 0.`,
		`{"properties":{"a":{"pattern":"(?=x)"}}}`:                  "/schema/properties/a/pattern: This is not JSON Schema: \"pattern\" can't be used: error parsing regexp: invalid or unsupported Perl syntax",
		`{"pattern":"((a{1,30}){1,30})"}`:                           "/schema/pattern: This is not JSON Schema: \"pattern\" can't be used: the pattern is too large",
		`{"pattern":"` + strings.Repeat("(a{1000}|b)", 500) + `"}`:  "/schema/pattern: This is not JSON Schema: \"pattern\" can't be used: the pattern is too large: at least",
		`{"allOf":[` + differentPatterns(60) + `]}`:                 "/schema/allOf/44/pattern: This is not JSON Schema: \"pattern\" can't be used: all patterns of the schema together",
		`{"$ref":"#/$defs/absent"}`:                                 "/schema: The schema refers to /$defs/absent, where nothing is.",
		`{"$ref":"https://example.com/a.json"}`:                     "/schema: The schema refers to https://example.com/a.json.",
		`{"$ref":"file:///etc/passwd"}`:                             "/schema: The schema refers to file:///etc/passwd.",
		`{"$ref":"other.json"}`:                                     "/schema: The schema refers to https://schema.invalid/other.json.",
		`{"$schema":"https://example.com/meta","type":"object"}`:    "/schema: The schema refers to https://example.com/meta.",
		`{"$schema":"http://json-schema.org/draft-07/schema#"}`:     "/schema: The schema is for another version",
		`{"$ref":"https://json-schema.org/draft/2020-12/schema"}`:   "/schema: The schema refers to https://json-schema.org/draft/2020-12/schema.",
		`{"$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a"}}}`: "/schema: Dynamic references",
		`{"$ref":"#"}`: "/schema: More than 64 subschemas follow from each other for one value, or one",
		`{"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"not":{"$ref":"#"}}}}`: "/schema: More than 64 subschemas",
		`{"maximum":1e999999999}`:                                    "/schema/maximum: The number is too long",
		`{"enum":[` + strings.Repeat("0,", schema.MaxValues) + `0]}`: "/schema: The schema has 5003 values",
		`{"allOf":[` + manyReferences(501) + `]}`:                    "/schema: The schema refers to too much of itself.",
		`{"x":` + strings.Repeat(`{"a":`, 60) + "[" + strings.Repeat("0,", 999) + "0]" + strings.Repeat("}", 60) + `,"allOf":[` + deepReferences(60) + `]}`: "/schema: The schema refers to too much of itself.",
		`{"description":"` + strings.Repeat("x", posthorn.MaxExample) + `"}`:                                                                                "/schema: The schema is",
	} {
		_, err := schema.Compile("/schema", []byte(text))
		var known *posthorn.Error
		if !errors.As(err, &known) || !strings.HasPrefix(known.Pointer+": "+known.Message, want) || known.Hint == "" {
			t.Errorf("%.80s: %v\nwant %s", text, err, want)
			if known != nil {
				t.Logf("%s: %s", known.Pointer, known.Message)
			}
		}
	}
}

// differentPatterns are so many, each as large as one may be.
func differentPatterns(count int) string {
	list := make([]string, count)
	for i := range list {
		list[i] = `{"pattern":"` + strconv.Itoa(i) + `[a-y]{450}"}`
	}
	return strings.Join(list, ",")
}

// manyReferences refers to so many places.
func manyReferences(count int) string {
	list := make([]string, count)
	for i := range list {
		list[i] = `{"$ref":"#/x/` + strconv.Itoa(i) + `"}`
	}
	return strings.Join(list, ",")
}

// deepReferences refers to so many places, each within the one before.
func deepReferences(count int) string {
	list := make([]string, count)
	for i := range list {
		list[i] = `{"$ref":"#/x` + strings.Repeat("/a", i) + `"}`
	}
	return strings.Join(list, ",")
}

// Invariant: a schema whose alternatives multiply is refused to do its work, at once,
// however small it and the data are.
func TestCostIsBounded(t *testing.T) {
	t.Parallel()
	definitions := `"$defs":{"d0":{"type":"string"}`
	for i := 1; i <= 30; i++ {
		from := `{"$ref":"#/$defs/d` + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10)) + `"}`
		if i == 1 {
			from = `{"$ref":"#/$defs/d0"}`
		}
		definitions += `,"d` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `":{"anyOf":[` + from + "," + from + `]}`
	}
	definitions += "}"
	nested := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	long := strings.Repeat("a", 900_000)
	for name, c := range map[string]struct{ schema, data string }{
		"doubling references":  {`{"$ref":"#/$defs/d30",` + definitions + `}`, `1`},
		"doubling with levels": {`{"properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}`, nested},
		"long texts, patterns": {`{"items":{"pattern":"(a|b){0,80}$"}}`, `["` + long + `"]`},
		"required by items":    {`{"items":{"required":[` + strings.Repeat(`"x",`, 900) + `"y"]}}`, "[" + strings.Repeat("{},", 4000) + "{}]"},
		"unique long texts":    {`{"$ref":"#/$defs/u","$defs":{"u":{"allOf":[` + strings.Repeat(`{"uniqueItems":true},`, 99) + `true]}}}`, "[" + strings.Repeat(`"`+long[:40_000]+`",`, 19) + `1]`},
		"enums by items":       {`{"items":{"enum":[` + strings.Repeat("[0],", 900) + `1]}}`, "[" + strings.Repeat("0,", 4000) + "0]"},
	} {
		verdict := compiledLoosely(t, c.schema).Check("/data", eventdata.Of([]byte(c.data)))
		if len(verdict.Mistakes) != 1 || !strings.Contains(verdict.Mistakes[0].Message, "costs more than") {
			t.Errorf("%s: %d mistakes, cost %d", name, len(verdict.Mistakes), verdict.Cost)
		}
	}
	ordinary := compiled(t, `{"type":"object","properties":{"items":{"type":"array","items":{"type":"object","required":["id"],"properties":{"id":{"type":"string","pattern":"^[a-z0-9-]{1,40}$"},"n":{"type":"integer","minimum":0}}}}}}`)
	data := `{"items":[` + strings.Repeat(`{"id":"0b1e","n":3},`, 4999) + `{"id":"0b1e","n":3}]}`
	if verdict := ordinary.Check("/data", eventdata.Of([]byte(data))); len(verdict.Mistakes) > 0 {
		t.Errorf("an ordinary schema on many items: %v", verdict.Mistakes[0])
	}
}

// compiledLoosely passes over required lists with repeated names, which are no good
// schema.
func compiledLoosely(t *testing.T, text string) *schema.Schema {
	t.Helper()
	for i := 0; strings.Contains(text, `"x",`); i++ {
		text = strings.Replace(text, `"x",`, `"x`+strings.Repeat("y", i%60)+strings.Repeat("z", i/60)+`",`, 1)
	}
	for i := 0; strings.Contains(text, `[0],`); i++ {
		text = strings.Replace(text, `[0],`, `[1,`+strings.Repeat("2", i%90+1)+`,`+strings.Repeat("3", i/90+1)+`],`, 1)
	}
	return compiled(t, text)
}
