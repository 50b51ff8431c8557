package posthorn

// Conservation is the books of all deliveries: what was accepted and where it is
// now.
type Conservation struct {
	// Accepted is how many deliveries were ever made: accepted events times the
	// webhooks that wanted them.
	Accepted int64
	// Pending are waiting or leased; Leased are those of them that a node holds.
	Pending   int64
	Leased    int64
	Succeeded int64
	Exhausted int64
	Cancelled int64
	Expired   int64
	// Quarantined wait for a person to decide.
	Quarantined int64
}

// Holds reports whether no delivery has vanished and none was made out of
// nothing.
func (c Conservation) Holds() bool {
	return c.Accepted == c.Pending+c.Succeeded+c.Exhausted+c.Cancelled+c.Expired+c.Quarantined && c.Leased <= c.Pending
}
