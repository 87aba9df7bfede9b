package timeline

// Kept is how much is kept of what was planned.
func (t *Timeline) Kept() int { return len(t.planned) }
