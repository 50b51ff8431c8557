package pace

import "slices"

// Turns is the order in which members of groups are served: one group after the
// other, and within a group one member after the other. A group with a thousand
// members so gets no more turns than one with a single member. The zero Turns is
// ready for use.
type Turns[G, M comparable] struct {
	groups  []G
	members map[G][]M
}

// Add lines a member up behind the others of its group. A member that is already
// there would get two turns: that is for the caller to know.
func (t *Turns[G, M]) Add(group G, member M) {
	if t.members == nil {
		t.members = map[G][]M{}
	}
	waiting := t.members[group]
	if len(waiting) == 0 {
		t.groups = append(t.groups, group)
	}
	t.members[group] = append(waiting, member)
}

// Remove takes out a member of a group, and reports whether it was there.
func (t *Turns[G, M]) Remove(group G, member M) bool {
	waiting := t.members[group]
	place := slices.Index(waiting, member)
	if place < 0 {
		return false
	}
	if t.members[group] = slices.Delete(waiting, place, place+1); len(waiting) == 1 {
		delete(t.members, group)
		t.groups = slices.DeleteFunc(t.groups, func(other G) bool { return other == group })
	}
	return true
}

// Next takes out whose turn it is; the answer is false when nobody is there.
func (t *Turns[G, M]) Next() (M, bool) {
	var nobody M
	if len(t.groups) == 0 {
		return nobody, false
	}
	group := t.groups[0]
	t.groups = t.groups[1:]
	waiting := t.members[group]
	member := waiting[0]
	waiting[0] = nobody
	if len(waiting) == 1 {
		delete(t.members, group)
		return member, true
	}
	t.members[group] = waiting[1:]
	t.groups = append(t.groups, group)
	return member, true
}
