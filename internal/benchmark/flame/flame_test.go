package flame_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/posthorn/posthorn/internal/benchmark/flame"
)

// profileOf is a profile in which each stack, its root first, took a time.
func profileOf(t *testing.T, stacks map[string]int64) io.Reader {
	t.Helper()
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}}
	for stack, value := range stacks {
		sample := &profile.Sample{Value: []int64{1, value}}
		for name := range strings.SplitSeq(stack, " ") {
			id := uint64(len(p.Function) + 1)
			function := &profile.Function{ID: id, Name: name}
			location := &profile.Location{ID: id, Line: []profile.Line{{Function: function}}}
			p.Function, p.Location = append(p.Function, function), append(p.Location, location)
			sample.Location = append([]*profile.Location{location}, sample.Location...)
		}
		p.Sample = append(p.Sample, sample)
	}
	var written bytes.Buffer
	if err := p.Write(&written); err != nil {
		t.Fatal(err)
	}
	return &written
}

// Invariant: each function is as wide as its part of the time, in every way in which
// it was called, and the picture is sound XML.
func TestWidths(t *testing.T) {
	t.Parallel()
	var picture bytes.Buffer
	err := flame.Write(&picture, profileOf(t, map[string]int64{
		"main.main modernc.org/sqlite/lib._step": 60, "main.main net/http.(*conn).serve": 30, "runtime.mcall": 10, "main.main modernc.org/sqlite/lib._step modernc.org/sqlite/lib._<tiny>": 0,
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<title>all: 100.0 %</title><rect class="other" x="10.0" y="10" width="1200.0"`,
		`<title>main.main: 90.0 %</title><rect class="other" x="10.0" y="26" width="1080.0"`,
		`<title>modernc.org/sqlite/lib._step: 60.0 %</title><rect class="store" x="10.0" y="42" width="720.0"`,
		`<title>net/http.(*conn).serve: 30.0 %</title><rect class="http" x="730.0" y="42" width="360.0"`,
		`<title>runtime.mcall: 10.0 %</title><rect class="runtime" x="1090.0" y="26" width="120.0"`,
		`>lib._step</text>`,
	} {
		if !strings.Contains(picture.String(), want) {
			t.Errorf("%s is missing in\n%s", want, picture.String())
		}
	}
	if strings.Contains(picture.String(), "tiny") {
		t.Error("what took no time is drawn")
	}
	decoder := xml.NewDecoder(&picture)
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// Invariant: what is no profile, or an empty one, is told.
func TestNoProfile(t *testing.T) {
	t.Parallel()
	if err := flame.Write(io.Discard, strings.NewReader("no")); err == nil {
		t.Error("what is no profile was drawn")
	}
	if err := flame.Write(io.Discard, profileOf(t, nil)); err == nil {
		t.Error("an empty profile was drawn")
	}
}
