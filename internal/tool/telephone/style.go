package telephone

import "charm.land/lipgloss/v2"

// The styles of the screen. Colours are from the terminal's own sixteen, so that
// they suit its background, and nothing is shown by colour alone: with NO_COLOR
// what remains says the same.
var (
	plain   = lipgloss.NewStyle()
	strong  = plain.Bold(true)
	faint   = plain.Faint(true)
	caller  = plain.Foreground(lipgloss.Cyan)
	ready   = plain.Foreground(lipgloss.Green)
	warning = plain.Foreground(lipgloss.Yellow)
	failing = plain.Foreground(lipgloss.Red)
	markup  = plain.Foreground(lipgloss.Cyan)
	lit     = plain.Bold(true).Reverse(true)
)
