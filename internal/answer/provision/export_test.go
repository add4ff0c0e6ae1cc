package provision

// Known returns how many entries are remembered.
func (s *Suspects) Known() int { return len(s.next) }
