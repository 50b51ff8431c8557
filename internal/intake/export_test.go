package intake

// Shares is how many workspaces are held in memory.
func (a *Admission) Shares() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.shares)
}

// Turns is how many workspaces have a turn or wait for one.
func (i *Intake) Turns() int {
	i.writes.mu.Lock()
	defer i.writes.mu.Unlock()
	return len(i.writes.lines)
}
