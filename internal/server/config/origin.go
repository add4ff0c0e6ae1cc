package config

import (
	"cmp"
	"fmt"
)

// OriginKind says what kind of place a value came from.
type OriginKind int

// The places that a value can come from. After the first two they are in the
// order in which problems are reported; Load says which place wins.
const (
	NotSet     OriginKind = iota // no value
	Default                      // nobody set it
	File                         // the settings file
	Dotenv                       // .env
	Environ                      // the environment
	Credential                   // a systemd credential
	SecretFile                   // a file that holds one secret
	Flag                         // the command line
)

// Origin is the place that a value came from.
type Origin struct {
	Kind OriginKind
	Name string // of the variable, the credential or the flag
	File string // the file's name, where there is one
	Line int    // in File, from 1; 0 for the whole file
}

// String returns the place in readable form: switchhook.toml:3, .env:1,
// "environment NS_TOKEN", "default".
func (o Origin) String() string {
	switch o.Kind {
	case Default:
		return "default"
	case File, Dotenv:
		if o.Line == 0 {
			return o.File
		}
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case Environ:
		return "environment " + o.Name
	case Credential:
		return "credential " + o.Name
	case SecretFile:
		return "file " + o.File
	case Flag:
		return "command line " + o.Name
	default:
		return "not set"
	}
}

// before compares two places in the order of reports: file by file, line by
// line, and what has no place at the end.
func (o Origin) before(other Origin) int {
	if (o.Kind == NotSet) != (other.Kind == NotSet) {
		return cmp.Compare(other.Kind, o.Kind)
	}
	return cmp.Or(cmp.Compare(o.Kind, other.Kind), cmp.Compare(o.File, other.File), cmp.Compare(o.Line, other.Line))
}
