package guess

// Remembered returns how many networks a Watch remembers the wrong secrets of.
func (w *Watch) Remembered() int { return len(w.tallies.at) }
