package guess

// Remembered returns how many networks with wrong secrets a Watch remembers.
func (w *Watch) Remembered() int { return len(w.tallies.at) }
