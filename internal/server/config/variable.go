package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// notSettings are the names that look like settings but belong to commands
// other than the server.
var notSettings = []string{
	"SWITCHHOOK_TOKEN", // the operator's, for `switchhook call` to a Core elsewhere
}

// variableLayers are the layers that a set of variables provides.
type variableLayers struct {
	own   layer // by SWITCHHOOK_…
	old   layer // by the old names
	files layer // the names of files that hold a secret, by SWITCHHOOK_…_FILE

	onCall map[string]*value // by pagerduty-voys-webhook's names
}

// variables finds the settings among variables, and reports those that only
// look like settings. If a name is given twice, the last one counts.
func (l *loader) variables(all []variable) variableLayers {
	found := variableLayers{make(layer), make(layer), make(layer), make(map[string]*value)}
	items := make(map[string]map[int]*value)
	lines := make(map[string]int, len(all))
	for i, v := range all {
		lines[v.name] = i
	}
	for i, v := range all {
		if lines[v.name] != i {
			continue
		}
		given := &value{text: v.value, origin: v.origin}
		if v.origin.Kind == Dotenv {
			given.folder = filepath.Dir(v.origin.File)
		}
		own, isOwn := strings.CutPrefix(v.name, variablePrefix)
		if !isOwn {
			switch old := oldName(v.name); {
			case old == nil:
			case old.file == "":
				l.set(found.old, old.path, given)
			case v.value != "":
				found.onCall[v.name] = given
			}
			continue
		}
		k, at, index, file := l.schema.variable(own, "")
		switch {
		case k == nil:
			l.refuseVariable(v)
		case file:
			l.nameFile(found.files, at, given)
		case !k.list && !k.table, index < 0 && k.alone:
			l.set(found.own, at, given)
		case v.value == "":
		case index < 0:
			l.report(v.origin, "%s takes a list, one item a variable: %s_0, %s_1 and so on", at, v.name, v.name)
			l.attempts[at] = true
		default:
			if items[at] == nil {
				items[at] = make(map[int]*value)
			}
			items[at][index] = given
		}
	}
	for _, at := range slices.Sorted(maps.Keys(items)) {
		l.setItems(found.own, at, items[at])
	}
	return found
}

// nameFile records the file that holds a secret, unless its name is empty. The
// secret counts as given: if the file cannot be read, that is the problem.
func (l *loader) nameFile(in layer, secret string, name *value) {
	if name.text != "" {
		in[secret] = name
		l.given(secret, name.origin)
	}
}

// setItems records a list whose items were given one by one.
func (l *loader) setItems(in layer, at string, items map[int]*value) {
	whole := &value{form: list}
	for n, index := range slices.Sorted(maps.Keys(items)) {
		one := items[index]
		if n == 0 {
			whole.origin = one.origin
		}
		if index != n {
			l.report(one.origin, "item %d of %s is given, item %d is not", index, at, n)
			l.attempts[at] = true
			return
		}
		whole.items = append(whole.items, one)
	}
	l.set(in, at, whole)
}

// refuseVariable reports a variable that only looks like a setting.
func (l *loader) refuseVariable(v variable) {
	if slices.Contains(notSettings, v.name) {
		return
	}
	if d, ok := findDeferred(v.name, "_"); ok {
		if v.value != "" {
			l.refuse(v.origin, v.name, d)
		}
		return
	}
	// Without the prefix, which would make two short names nearly the same.
	meant := nearest(strings.TrimPrefix(v.name, variablePrefix), l.schema.variableNames(v.name))
	_, at, _, _ := l.schema.variable(meant, "")
	name, meant := v.name, variablePrefix+meant
	if v.origin.Kind == Flag {
		name, meant = v.origin.Name, at
	}
	if at == "" {
		l.report(v.origin, "%s is not a setting", name)
		return
	}
	l.report(v.origin, "%s is not a setting; is %s meant?", name, meant)
	l.attempt(at, v.origin)
}

// refuse reports a name whose feature is not in this version.
func (l *loader) refuse(at Origin, name string, d deferred) {
	l.report(at, "%s is of no use yet, leave it out: %s", name, d.reason)
	l.refused = true
}

// attempt records that a path was given, if it is a setting.
func (l *loader) attempt(path string, at Origin) {
	if k := l.schema.find(path); k != nil && k.key != nil {
		l.attempts[path] = true
		l.given(path, at)
	}
}

// attemptVariable records that a variable's setting was given.
func (l *loader) attemptVariable(name string, at Origin) {
	if old := oldName(name); old != nil {
		path := old.of(0)
		l.attempts[path] = true
		if !old.common {
			l.given(path, at)
		}
		return
	}
	_, path, _, _ := l.schema.variable(strings.TrimPrefix(name, variablePrefix), "")
	l.attempt(path, at)
}
