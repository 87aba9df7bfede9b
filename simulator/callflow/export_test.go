package callflow

// Kept is what the engine holds: timers of calls, and buckets of accounts.
func (e *Engine) Kept() (timers, buckets int) {
	for _, l := range e.legs {
		if l.act != nil {
			timers += len(l.act.timers)
		}
	}
	return timers, len(e.buckets)
}
