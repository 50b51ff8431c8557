// Package flame draws CPU profiles as flame graphs: who called whom, and how much of
// the processor's time went there.
package flame

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/google/pprof/profile"
)

// frame is a function on the stack, called in the way that its parents show.
type frame struct {
	name   string
	value  int64
	called map[string]*frame
}

// Write reads a profile as runtime/pprof writes it and draws it as an SVG picture: the
// roots on top, every function as wide as its part of the time. It returns an error
// when the profile can't be read or holds no samples.
func Write(w io.Writer, from io.Reader) error {
	read, err := profile.Parse(from)
	if err != nil {
		return fmt.Errorf("reading the profile: %w", err)
	}
	root := gather(read)
	if root.value == 0 {
		return fmt.Errorf("the profile holds no samples")
	}
	return draw(w, root)
}

// gather adds up the samples; the last of a sample's values is its time.
func gather(p *profile.Profile) *frame {
	root := &frame{name: "all", called: map[string]*frame{}}
	for _, sample := range p.Sample {
		value := sample.Value[len(sample.Value)-1]
		root.value += value
		at := root
		for _, location := range slices.Backward(sample.Location) {
			for _, line := range slices.Backward(location.Line) {
				at = at.call(line.Function.Name, value)
			}
		}
	}
	return root
}

func (f *frame) call(name string, value int64) *frame {
	next := f.called[name]
	if next == nil {
		next = &frame{name: name, called: map[string]*frame{}}
		f.called[name] = next
	}
	next.value += value
	return next
}

// widest returns what a function called, the most costly first.
func (f *frame) widest() []*frame {
	var called []*frame
	for _, next := range f.called {
		called = append(called, next)
	}
	slices.SortFunc(called, func(a, b *frame) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.name, b.name))
	})
	return called
}
