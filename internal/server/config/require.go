package config

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/setting"
)

// requireWhatIsNeeded reports the settings that are missing.
func (l *loader) requireWhatIsNeeded() {
	if l.incomplete {
		return
	}
	if !l.anythingOn() && !l.refused {
		l.report(l.top(), "nothing is switched on: %s", l.whatToSwitchOn())
	}
	items := func(array string) []int {
		var all []int
		for i := range l.countItems(array) {
			all = append(all, i)
		}
		return all
	}
	l.schema.walk("", items, func(k *node, path string) {
		if k.need != "" && !l.off(k.needed(path)) {
			l.require(path)
		}
	})
}

// needed returns the section that requires a setting.
func (k *key) needed(path string) string {
	if k.need == needOfItem {
		return sectionOf(path)
	}
	return k.need
}

// require reports a setting that is missing.
func (l *loader) require(path string) {
	if !l.attempts[path] && !l.has(path) {
		l.report(l.placeOf(path), "%s is missing: %s", path, l.remedy(path))
	}
}

// check reports the problems that a feature finds in its settings.
func (l *loader) check(problems []setting.Problem) {
	for _, p := range problems {
		switch {
		case p.Or != "":
			l.report(l.placeOf(p.Path), "%s is missing, and so is %s; a calendar has one of them: %s", p.Path, p.Or, l.remedy(p.Path))
		case p.Text == "":
			l.require(p.Path)
		case !l.attempts[p.Path]: // otherwise it was reported already
			l.report(l.placeGiven(p.Path), "%s", p.Text)
		}
	}
}

// isGiven says whether a setting was given, valid or not.
func (l *loader) isGiven(path string) bool { return l.origins[path].Kind > Default || l.attempts[path] }

// placeGiven returns where a setting was given; if it was not, its section's
// place.
func (l *loader) placeGiven(path string) Origin {
	if at := l.origins[path]; at.Kind > Default {
		return at
	}
	return l.causes[sectionOf(path)]
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
			heads = append(heads, l.schema.head(s.name))
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
	if own, ok := l.causes[section]; ok {
		return own
	}
	return l.causes[l.schema.find(path).needed(path)]
}

// remedy says how to give a setting that is missing.
func (l *loader) remedy(path string) string {
	k := l.schema.find(path)
	if old := oldNameOf(path, l.pagerDuty); old != nil && old.file != "" {
		return l.remedyBefore(k, path, old)
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
		return "below " + l.schema.head(section)
	}
	return "at the top of the file"
}
