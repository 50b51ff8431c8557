package pace

// Room divides a bounded amount between groups that come and go. What a group may
// hold depends on what is free: whoever wants more than that is refused, so that
// there is always something left for one that holds little. A group that is alone
// gets half; of n that all want more, each gets one part in n+1. Members that hold
// nothing yet are let in more easily than a group's bulk: alone, the group then
// gets two thirds.
type Room[G comparable] struct {
	total, taken int
	by           map[G]int
}

// NewRoom makes a room in which a group that is alone may hold its share.
func NewRoom[G comparable](share int) Room[G] { return Room[G]{total: 2 * share, by: map[G]int{}} }

// Fits reports whether a group may hold so much more. IsFirst is said of what
// would be all that a member holds.
func (r *Room[G]) Fits(group G, amount int, isFirst bool) bool {
	free := r.total - r.taken - amount
	if isFirst {
		free *= 2
	}
	return r.by[group]+amount <= free
}

// Left is how much more a group may hold.
func (r *Room[G]) Left(group G) int { return max(0, (r.total-r.taken-r.by[group])/2) }

// Taken is what all hold together.
func (r *Room[G]) Taken() int { return r.taken }

// Take gives a group so much more; a negative amount gives it back.
func (r *Room[G]) Take(group G, amount int) {
	r.taken += amount
	r.by[group] += amount
	if r.by[group] == 0 {
		delete(r.by, group)
	}
}
