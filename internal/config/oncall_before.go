package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The paths of what the on-call service before had names of its own for.
const (
	onCallSection = "oncall"
	sourceArray   = "oncall.source"
	routeArray    = "oncall.route"
	legacyFolder  = "oncall.legacy_folder"
)

// impliedRoute is the name of the route where nobody writes one.
const impliedRoute = "default"

// takeOverOnCall looks at the variables and files of the on-call service before,
// and makes what nobody has to write.
//
// API_KEY and SECRET_KEY are names that many programs use. They, and the folder
// of that service, switch on-call routing on where nothing else is on; the name
// ESCALATION_POLICY_ID does so anywhere.
func (l *loader) takeOverOnCall(environ, dotenv variableLayers) {
	if at := l.runsOnCallBefore(environ.late, dotenv.late); l.off(onCallSection) && at.Kind != NotSet {
		l.switchOn(onCallSection, at)
	}
	if l.off(onCallSection) {
		return
	}
	l.imply(sourceArray, "kind", string(PagerDuty))
	l.imply(routeArray, "name", impliedRoute)
	a := l.plan.array(sourceArray)
	named := l.plan.nameAsBefore(func(n int) bool {
		return a.items[n] != nil && !l.off(a.items[n].path) && l.text(l.plan.sibling(l.plan.key(sourceArray+".0.kind"), a.items[n])) == string(PagerDuty)
	})
	for _, variables := range []variableLayers{environ, dotenv} {
		for _, k := range l.plan.keys {
			v, given := variables.late[k]
			switch {
			case !given:
			case k.section.item == nil:
				l.set(variables.old, k, v)
			case named != nil: // else no source is asked with them
				l.set(variables.old, l.plan.sibling(k, named), v)
			}
		}
	}
}

// runsOnCallBefore returns why on-call routing is on where no setting says so;
// NotSet: it is not.
func (l *loader) runsOnCallBefore(named ...layer) Origin {
	anything := slices.ContainsFunc(l.plan.sections, func(s *section) bool { return s.optional && !l.off(s.path) })
	for _, variables := range named {
		for _, k := range l.plan.keys {
			if v, ok := variables[k]; ok && (!anything && !l.incomplete || !k.common) {
				return v.origin
			}
		}
	}
	if anything || l.from.Path != "" {
		return Origin{}
	}
	for _, k := range l.plan.keys {
		if k.before == "" {
			continue
		}
		file := l.fileBefore(k)
		if info, err := os.Stat(l.resolve(file)); err == nil && info.Mode().IsRegular() {
			return Origin{Kind: SecretFile, File: file}
		}
	}
	return Origin{}
}

// imply makes the first item of an array that has none, and gives it a value
// that nobody has to write. Where the settings file has the item it says that
// itself.
func (l *loader) imply(array, name, value string) {
	item := l.plan.array(array).items[0]
	others := slices.ContainsFunc(l.plan.sections, func(s *section) bool {
		return s.array != nil && s.array.path == array && !l.off(s.path)
	})
	if others && (l.off(item.path) || l.causes[item.path].Kind == File) {
		return
	}
	l.switchOn(item.path, l.causes[onCallSection])
	l.implied[l.plan.key(item.path+"."+name)] = value
}

// nameAsBefore gives the names of the service before to the first source that
// is one of PagerDuty, which it returns; nil: there is none.
func (p *plan) nameAsBefore(isPagerDuty func(n int) bool) *section {
	a := p.array(sourceArray)
	for n := range maxItems {
		if isPagerDuty(n) {
			p.moveOldNames(a, a.items[n])
			return a.items[n]
		}
	}
	p.moveOldNames(a, nil)
	return nil
}

// text returns the text of a key as it was written, or what nobody has to write.
func (l *loader) text(k *key) string {
	for _, layer := range l.layers {
		if v, ok := layer[k]; ok {
			return v.text
		}
	}
	return cmp.Or(l.implied[k], k.initial)
}

// fileBefore returns the file that holds a key in the folder of the service
// before.
func (l *loader) fileBefore(k *key) string {
	folder := l.plan.key(legacyFolder)
	parsed, _, found := l.value(folder)
	if !found {
		parsed, _, _ = l.initial(folder)
	}
	return filepath.Join(parsed.String(), k.before)
}

// filesBefore returns what the files of the service before say of keys that
// nothing else gives.
func (l *loader) filesBefore() layer {
	found := make(layer)
	if l.off(onCallSection) {
		return found
	}
	for _, k := range l.plan.keys {
		if k.before == "" || k.section.gate != onCallSection && l.off(k.section.gate) || l.has(k) || l.attempts[k] {
			continue
		}
		file := l.fileBefore(k)
		content, err := l.read(file)
		switch {
		case err == nil:
			l.set(found, k, value{text: strings.TrimSpace(content), origin: Origin{Kind: SecretFile, File: file}})
		case !errors.Is(err, fs.ErrNotExist):
			l.report(Origin{Kind: SecretFile, File: file}, "%s is to be in this file, which cannot be read: %s", k.path, reason(err))
			l.attempts[k] = true
		}
	}
	return found
}

// remedyBefore says how to give a key that the service before had, with every
// place where it may stand.
func (l *loader) remedyBefore(k *key) string {
	var ways []string
	if l.from.Path != "" {
		way := "write " + k.line()
		if k.secret() {
			way += fmt.Sprintf(" or %s = \"…\"", last(k.path)+twinPath)
		}
		ways = append(ways, way+" "+k.where())
	}
	ways = append(ways, fmt.Sprintf("set %s, in the environment or in %s", strings.Join(k.variables(), " or "), dotenvFile))
	if k.secret() {
		ways = append(ways, "hand over the systemd credential "+k.path)
	}
	return strings.Join(ways, ", ") + ", or put it into the file " + l.fileBefore(k)
}
