package apidoc

import (
	"errors"
	"fmt"
	"strings"
)

// maxKnown bounds the references of which it is remembered what they name.
const maxKnown = 10_000

// referred remembers what references name below a root. Many refer to the same, and
// to follow a reference costs as much as it has names.
type referred struct {
	root  map[string]any
	known map[string]place
}

// place is what a reference names and the last of its names, or why it names nothing.
type place struct {
	value any
	name  string
	err   error
}

func newReferred(root map[string]any) *referred {
	return &referred{root: root, known: map[string]place{}}
}

// at returns what a reference names. It counts as one value that is looked at, and the
// first time each of its names as another one.
func (r *reader) at(within *referred, target string) place {
	if found, isKnown := within.known[target]; isKnown {
		if !r.look(1) {
			return place{err: errSpent}
		}
		return found
	}
	if len(target) > maxReference {
		return place{err: fmt.Errorf("it refers to %s, which is longer than %d bytes", clip(target), maxReference)}
	}
	pointer, isLocal := strings.CutPrefix(target, "#")
	if !isLocal || (pointer != "" && pointer[0] != '/') {
		return place{err: fmt.Errorf("it refers to %s, and nothing is fetched: bundle the document first", clip(target))}
	}
	names := namesOf(pointer)
	if !r.look(1 + len(names)) {
		return place{err: errSpent}
	}
	found := follow(within.root, names)
	if found.err != nil {
		found.err = fmt.Errorf("it refers to %s, where nothing is", clip(target))
	}
	if len(within.known) < maxKnown {
		within.known[target] = found
	}
	return found
}

var (
	errSpent   = errors.New("the document repeats too much of itself")
	errNothing = errors.New("nothing is there")
)

func follow(root map[string]any, names []string) place {
	found := place{value: root}
	for _, name := range names {
		next, exists := step(found.value, name)
		if !exists {
			return place{err: errNothing}
		}
		found = place{value: next, name: name}
	}
	return found
}
