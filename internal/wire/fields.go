package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// fields reads the members of one object, and keeps what is wrong with them.
type fields struct {
	object   *node
	problems *posthorn.Problems
	known    []string
}

func fieldsOf(object *node, problems *posthorn.Problems) *fields {
	if object.kind != objectKind {
		problems.Add(object.wrong("names with values are expected here", "Write \"name: value\" lines."))
		object = &node{kind: objectKind, pointer: object.pointer}
	}
	return &fields{object: object, problems: problems}
}

// child returns a member's value, or nil; null is as good as nothing.
func (f *fields) child(name string) *node {
	f.known = append(f.known, name)
	if child := f.object.child(name); child != nil && child.kind != nullKind {
		return child
	}
	return nil
}

func (f *fields) text(name string) string {
	child := f.child(name)
	if child == nil {
		return ""
	}
	return f.textOf(child)
}

func (f *fields) textOf(n *node) string {
	if !n.isScalar() || n.kind == nullKind {
		f.problems.Add(n.wrong("a text is expected", "Write it on one line, in quotes if need be."))
		return ""
	}
	return n.text
}

func (f *fields) texts(name string) []string {
	list := f.list(name)
	texts := make([]string, 0, len(list))
	for _, item := range list {
		texts = append(texts, f.textOf(item))
	}
	if len(texts) == 0 {
		return nil
	}
	return texts
}

func (f *fields) list(name string) []*node {
	child := f.child(name)
	if child == nil {
		return nil
	}
	if child.kind != listKind {
		f.problems.Add(child.wrong("a list is expected", "Write one entry on each line, with \"- \" before it."))
	}
	return child.items
}

func (f *fields) number(name string) *int {
	child := f.child(name)
	if child == nil {
		return nil
	}
	number, err := strconv.Atoi(child.text)
	if child.kind != numberKind || err != nil {
		f.problems.Add(child.wrong(fmt.Sprintf("%q is not a whole number", clip(child.text)), "For example: 3"))
	}
	return &number
}

func (f *fields) boolean(name string) bool {
	child := f.child(name)
	if child != nil && child.kind != booleanKind {
		f.problems.Add(child.wrong("true or false is expected", "Leave it out for false."))
	}
	return child != nil && child.text == "true"
}

func (f *fields) duration(name string) time.Duration {
	child := f.child(name)
	if child == nil {
		return 0
	}
	duration, err := time.ParseDuration(f.textOf(child))
	if err != nil {
		f.problems.Add(child.wrong(fmt.Sprintf("%q is not a length of time", clip(child.text)), "For example: 5m"))
	}
	return duration
}

// finish complains about members that nobody asked for.
func (f *fields) finish() {
	for _, m := range f.object.members {
		if !slices.Contains(f.known, m.name) {
			f.problems.Add(m.value.wrong(fmt.Sprintf("%q is not known here", clip(m.name)), "Known here: "+strings.Join(f.known, ", ")+"."))
		}
	}
}
