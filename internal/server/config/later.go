package config

import "strings"

// deferred is an agreed section or key of the settings file whose feature is
// not in this version. If we ignored it, an operator could believe in a feature
// that is not there, so it is refused with the reason.
type deferred struct {
	path   string
	reason string // completes "NAME is of no use yet: "
}

// deferrals returns the agreed names that are not settings yet. When a feature
// arrives, move its line from here to the struct Settings.
func deferrals() []deferred {
	return []deferred{
		{"speech", "the server of this version speaks to nobody itself"},
		{"core.sip", "the Core of this version takes no calls over SIP"},
		{"core.media_ports", "the Core of this version takes no calls over SIP"},
	}
}

// findDeferred returns the deferral that covers a name; names are joined by a
// dot in files and by an underscore in the environment.
func findDeferred(name, joint string) (deferred, bool) {
	for _, d := range deferrals() {
		own := d.path
		if joint != "." {
			own = variableName(d.path)
		}
		if name == own || strings.HasPrefix(name, own+joint) {
			return d, true
		}
	}
	return deferred{}, false
}
