package wire

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/posthorn/posthorn"
)

// kind is the kind of a node.
type kind uint8

const (
	textKind kind = iota
	numberKind
	booleanKind
	nullKind
	listKind
	objectKind
)

// node is a value of a document, of YAML and JSON alike, in its order and with
// its place.
type node struct {
	kind kind
	// text is what a text says, and how a number, true, false or null is written.
	text    string
	items   []*node
	members []member
	// pointer is the place as a JSON pointer, and line the line in YAML.
	pointer string
	line    int
}

type member struct {
	name  string
	value *node
}

// Bounds of a document, far beyond what a format needs.
const (
	maxDepth = 16
	maxNodes = 4096
)

// place gives the nodes of a tree their pointers, and finds members that stand
// twice and trees that are too large.
func (n *node) place(pointer string, depth int, count *int) *posthorn.Error {
	n.pointer = pointer
	if *count++; *count > maxNodes || depth > maxDepth {
		return n.wrong("the format is nested too deeply, or has too many parts", "Leave something out.")
	}
	for i, item := range n.items {
		if err := item.place(pointer+"/"+strconv.Itoa(i), depth+1, count); err != nil {
			return err
		}
	}
	seen := make(map[string]bool, len(n.members))
	for _, m := range n.members {
		if err := m.value.place(pointer+"/"+escapePointer(m.name), depth+1, count); err != nil {
			return err
		}
		if seen[m.name] {
			return m.value.wrong(fmt.Sprintf("%q stands there twice", clip(m.name)), "Remove one of them.")
		}
		seen[m.name] = true
	}
	return nil
}

// escapePointer writes a name as part of a JSON pointer (RFC 6901, section 3).
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(clip(name))
}

// wrong says what is wrong with the node.
func (n *node) wrong(message, hint string) *posthorn.Error {
	where := ""
	if n.line > 0 {
		where = "line " + strconv.Itoa(n.line) + ": "
	}
	return malformed(n.pointer, "The format can't be read: "+where+message+".", hint)
}

// child returns a member's value, or nil.
func (n *node) child(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (n *node) isScalar() bool { return n.kind < listKind }

// only returns the one member of an object that has no other.
func (n *node) only() (member, bool) {
	if n.kind != objectKind || len(n.members) != 1 {
		return member{}, false
	}
	return n.members[0], true
}
