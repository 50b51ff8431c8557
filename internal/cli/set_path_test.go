package cli

import (
	"strings"
	"testing"
)

// Invariant: a path reaches every member, whatever its name, and a value keeps its type;
// what can't be set is refused.
func TestChanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ data, set, want string }{
		{`{"a":{"b":1}}`, `a.b=2`, `{"a":{"b":2}}`},
		{`{"a.b":1}`, `a\.b=2`, `{"a.b":2}`},
		{`{}`, `a\=b\\c=x=y`, `{"a=b\\c":"x=y"}`},
		{`{}`, `日\.本.語=1`, `{"日.本":{"語":1}}`},
		{`{"n":1}`, `n=9007199254740993`, `{"n":9007199254740993}`},
		{`{"n":1}`, `n=1.0`, `{"n":1.0}`},
		{`{"n":1}`, `n=012`, `{"n":"012"}`},
		{`{"n":1}`, `n="1"`, `{"n":"1"}`},
		{`{"n":1}`, `n=`, `{"n":""}`},
		{`{"n":1}`, `n=null`, `{"n":null}`},
		{`{"n":1}`, `n=<b>`, `{"n":"<b>"}`},
		{`null`, `a..b=1`, `{"a":{"":{"b":1}}}`},
		{`[1]`, `1={"a":[]}`, `[1,{"a":[]}]`},
		{`[1]`, `2=1`, `no position`},
		{`[1]`, `-1=1`, `no position`},
		{`[1]`, `a=1`, `no position`},
		{`{"a":1}`, `a.b=1`, `there is a value`},
		{`{}`, `=1`, `PATH=VALUE`},
		{`{}`, `a\=1`, `PATH=VALUE`},
		{`{}`, `a`, `PATH=VALUE`},
		{`{`, `a=1`, `not JSON`},
	} {
		got, err := changed([]byte(c.data), []string{c.set})
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s with %s: %v, want %s", c.data, c.set, err, c.want)
			}
			continue
		}
		if string(got) != c.want {
			t.Errorf("%s with %s: %s, want %s", c.data, c.set, got, c.want)
		}
	}
}
