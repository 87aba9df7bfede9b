package pivot

// Settings are a cluster's, as records of the reference have them.
type Settings = settings

// Set has a cluster's settings hold.
func (e *Engine) Set(s Settings) { e.settings = s.filled() }
