package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/switchhook/switchhook/internal/setting"
)

// requireWhatIsNeeded reports the settings that are missing, and what features
// find in theirs.
func (l *loader) requireWhatIsNeeded(s *Settings) {
	if !l.anythingOn() && !l.refused {
		l.report(l.top(), "nothing is switched on: %s", l.whatToSwitchOn())
	}
	l.schema.walk("", reflect.ValueOf(s).Elem(), func(k *node, path string, _ reflect.Value) {
		if k.need != "" && !l.off(k.needed(path)) {
			l.require(path, "is missing")
		}
	})
	for _, p := range l.wrong {
		_, valid := l.filled[p.Path]
		switch {
		case p.Missing:
			l.require(p.Path, p.Text)
		case valid || !l.has(p.Path): // otherwise it was reported already
			l.report(l.placeGiven(p.Path), "%s %s", p.Path, p.Text)
		}
	}
}

// noteWrong keeps what a feature finds in its settings, which stand below a path.
func (l *loader) noteWrong(path string, err error) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range several.Unwrap() {
			l.noteWrong(path, one)
		}
		return
	}
	if p, ok := errors.AsType[*setting.Problem](err); ok {
		l.wrong = append(l.wrong, setting.Problem{Path: join(path, p.Path), Text: p.Text, Missing: p.Missing})
	}
}

// needed returns the section that requires a setting.
func (k *key) needed(path string) string {
	if k.need == needOfItem {
		return sectionOf(path)
	}
	return k.need
}

// require reports a setting that is missing.
func (l *loader) require(path, isMissing string) {
	if !l.has(path) {
		l.report(l.placeOf(path), "%s %s: %s", path, isMissing, l.remedy(path))
	}
}

// placeGiven returns where a setting was given; if it was not, its section's
// place.
func (l *loader) placeGiven(path string) Origin {
	if at := l.origins[path]; at.Kind > Default {
		return at
	}
	return l.on[sectionOf(path)]
}

// anythingOn says whether any section is on that makes the server do something.
func (l *loader) anythingOn() bool {
	for _, s := range l.schema.children {
		if s.optional && !l.off(s.name) {
			return true
		}
	}
	return false
}

// whatToSwitchOn says how to make the server do something.
func (l *loader) whatToSwitchOn() string {
	var heads []string
	for _, s := range l.schema.children {
		if s.optional {
			heads = append(heads, s.head())
		}
	}
	end := len(heads) - 1
	remedy := "write a section " + strings.Join(heads[:end], ", ") + " or " + heads[end]
	if l.from.Path == "" {
		remedy += fmt.Sprintf(" into a settings file and name that file, or start in a folder with %s and %s", oldEntries, dotenvFile)
	}
	return remedy
}

// top returns the start of the settings file, or nowhere.
func (l *loader) top() Origin {
	if l.from.Path == "" {
		return Origin{}
	}
	return Origin{Kind: File, File: l.from.Path, Line: 1}
}

// placeOf returns where in the settings file a missing setting belongs; if its
// section is missing, what made it necessary.
func (l *loader) placeOf(path string) Origin {
	section := sectionOf(path)
	if l.from.Path == "" || section == "" {
		return l.top()
	}
	if own, ok := l.on[section]; ok {
		return own
	}
	return l.on[l.schema.find(path).needed(path)]
}

// remedy says how to give a setting that is missing.
func (l *loader) remedy(path string) string {
	k := l.schema.find(path)
	if f, ok := formerName(path, l.pagerDuty); ok && f.isOnCall() {
		return l.remedyBefore(k, path, f)
	}
	names := k.variables(path, l.pagerDuty)
	name := names[len(names)-1]
	if l.from.Path == "" {
		return fmt.Sprintf("set %s, in the environment or in %s", name, dotenvFile)
	}
	return fmt.Sprintf("write %s %s, or set %s in the environment", k.line(), l.where(path), name)
}

// line returns a line of the settings file that gives the setting.
func (n *node) line() string { return n.name + " = " + n.literal(cmp.Or(n.example, "…")) }

// where says where in the settings file a setting belongs.
func (l *loader) where(path string) string {
	if section := sectionOf(path); section != "" {
		return "below " + l.schema.find(section).head()
	}
	return "at the top of the file"
}
