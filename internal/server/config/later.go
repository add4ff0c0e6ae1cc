package config

// deferrals returns the agreed names of the settings file whose features are not
// in this version, and what completes "NAME is of no use yet: ". If we ignored
// them, an operator could believe in a feature that is not there. When a feature
// arrives, move its line from here to the struct Settings.
func deferrals() [][2]string {
	const noRecogniser = "this version has no service that speaks, or that understands what callers say"
	return [][2]string{
		{"speech.recogniser", noRecogniser},
		{"speech.url", noRecogniser},
		{"speech.api_key", noRecogniser},
	}
}

// refuse reports a name whose feature is not in this version.
func (l *loader) refuse(at Origin, name string, n *node) {
	l.report(at, "%s is of no use yet, leave it out: %s", name, n.later)
	l.refused = true
}
