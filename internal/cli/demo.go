package cli

type demoCommand struct{}

// Run is written last.
func (demoCommand) Run(m *Main) error { return nil }
