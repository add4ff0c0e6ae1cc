package oncall

// Ready returns rules as a route has them: their numbers are read once.
func (r Rules) Ready() Rules {
	r.reader, _ = newNumberReader(&r)
	return r
}
