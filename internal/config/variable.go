package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// notSettings are the names that begin as settings do and are read by commands
// other than the server.
var notSettings = []string{
	"SWITCHHOOK_TOKEN", // of the operator, for `switchhook call` to a Core elsewhere
}

// variableLayers is what a set of variables says of keys.
type variableLayers struct {
	own   layer // by SWITCHHOOK_…
	old   layer // by the names from before
	files layer // the names of files that hold a secret, by SWITCHHOOK_…_FILE
	late  layer // by names from before that are looked at when it is known what is on
}

// variables finds the settings among variables, and reports those that look
// like settings and are none. Of a name that stands twice the last counts.
func (l *loader) variables(all []variable) variableLayers {
	found := variableLayers{make(layer), make(layer), make(layer), make(layer)}
	items := make(map[*key]map[int]value)
	last := make(map[string]int, len(all))
	for i, v := range all {
		last[v.name] = i
	}
	for i, v := range all {
		if last[v.name] != i {
			continue
		}
		given := value{text: v.value, origin: v.origin}
		if v.origin.Kind == Dotenv {
			given.folder = filepath.Dir(v.origin.File)
		}
		if !strings.HasPrefix(v.name, variablePrefix) {
			switch k := l.plan.oldName(v.name); {
			case k == nil:
			case k.before == "":
				l.set(found.old, k, given)
			case v.value != "":
				found.late[k] = given
			}
			continue
		}
		k, index, twin := l.plan.named(v.name)
		switch {
		case k == nil:
			l.refuseVariable(v)
		case twin:
			l.nameFile(found.files, k, given)
		case !k.list && !k.table, index < 0 && k.alone:
			l.set(found.own, k, given)
		case index < 0:
			if v.value != "" {
				l.report(v.origin, "%s takes a list, one item a variable: %s_0, %s_1 and so on", k.path, v.name, v.name)
				l.attempts[k] = true
			}
		case v.value != "":
			if items[k] == nil {
				items[k] = make(map[int]value)
			}
			items[k][index] = given
		}
	}
	for _, k := range l.plan.keys {
		if items[k] != nil {
			l.setItems(found.own, k, items[k])
		}
	}
	return found
}

// nameFile notes the file that holds a secret, unless its name is empty. The
// secret counts as given: where the file cannot be read, that is the problem.
func (l *loader) nameFile(in layer, k *key, name value) {
	if name.text != "" {
		in[k] = name
		l.given(k, name.origin)
	}
}

// setItems notes a list whose items were given one by one.
func (l *loader) setItems(in layer, k *key, items map[int]value) {
	whole := value{form: list}
	for n, index := range slices.Sorted(maps.Keys(items)) {
		item := items[index]
		if n == 0 {
			whole.origin = item.origin
		}
		if index != n {
			l.report(item.origin, "item %d of %s is given, item %d is not", index, k.path, n)
			l.attempts[k] = true
			return
		}
		whole.items = append(whole.items, item)
	}
	l.set(in, k, whole)
}

// refuseVariable reports a variable that begins like a setting and is none.
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
	name, meant := v.name, variablePrefix+nearest(strings.TrimPrefix(v.name, variablePrefix), l.plan.variableNames(v.name))
	k, _, _ := l.plan.named(meant)
	if v.origin.Kind == Flag {
		name = v.origin.Name
		if k != nil {
			meant = k.path
		}
	}
	if k == nil {
		l.report(v.origin, "%s is not a setting", name)
		return
	}
	l.report(v.origin, "%s is not a setting; is %s meant?", name, meant)
	l.attempts[k] = true
	l.given(k, v.origin)
}

// refuse reports a name whose feature is not in this version.
func (l *loader) refuse(at Origin, name string, d deferred) {
	l.report(at, "%s is of no use yet, leave it out: %s", name, d.reason)
	l.refused = true
}

// attemptVariable notes that somebody tried to set the key of a variable.
func (l *loader) attemptVariable(name string, at Origin) {
	k, _, _ := l.plan.named(name)
	if k == nil {
		k = l.plan.oldName(name)
	}
	if k != nil {
		l.attempts[k] = true
		if !k.common {
			l.given(k, at)
		}
	}
}

func (p *plan) oldName(name string) *key {
	for _, k := range p.keys {
		if k.old == name {
			return k
		}
	}
	return nil
}

// named returns the key that a variable SWITCHHOOK_… is for, the index where
// it is for one item of a list, else -1, and whether it names the file that
// holds a secret.
func (p *plan) named(name string) (k *key, index int, twin bool) {
	for _, a := range p.arrays {
		if rest, ok := strings.CutPrefix(name, a.own); ok {
			p.makeItem(a, rest, "_")
		}
	}
	for _, k := range p.keys {
		suffix, ok := strings.CutPrefix(name, k.own)
		switch {
		case !ok:
			continue
		case suffix == "":
			return k, -1, false
		case k.secret() && suffix == twinVariable:
			return k, -1, true
		}
		if suffix, ok = strings.CutPrefix(suffix, "_"); ok && (k.list || k.table) {
			if n, err := strconv.Atoi(suffix); err == nil && strconv.Itoa(n) == suffix && n >= 0 {
				return k, n, false
			}
		}
	}
	return nil, -1, false
}

// variableNames returns the names that variables may have, without their prefix.
// Of arrays it has those of the first item and of the one that the mistyped
// name begins with.
func (p *plan) variableNames(mistyped string) []string {
	var all []string
	for _, k := range p.keys {
		if s := k.section; s != nil && s.item != nil && s.item != s.item.array.items[0] && !strings.HasPrefix(mistyped, variableName(s.item.path)+"_") {
			continue
		}
		name := strings.TrimPrefix(k.variable(), variablePrefix)
		switch {
		case k.list, k.table:
			all = append(all, name+"_0")
		case k.secret():
			all = append(all, name, name+twinVariable)
		default:
			all = append(all, name)
		}
	}
	return all
}
