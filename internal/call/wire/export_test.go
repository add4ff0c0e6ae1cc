package wire

// Keep keeps a recording and returns its URL.
func (r *Recordings) Keep(sound []byte) string { return r.keep(sound) }

// Kept returns how many recordings are kept.
func (r *Recordings) Kept() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.kept)
}
