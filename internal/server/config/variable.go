package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// notSettings are the names that look like settings but belong to commands
// other than the server.
var notSettings = []string{
	"SWITCHHOOK_TOKEN", // the operator's, for `switchhook call` to a Core elsewhere
}

// variable is a variable of the environment or .env, or a flag.
type variable struct {
	name, value string
	origin      Origin
}

// flags returns the flags as variables.
func (l *loader) flags() []variable {
	var all []variable
	for _, path := range slices.Sorted(maps.Keys(l.from.Flags)) {
		all = append(all, variable{variableName(path), l.from.Flags[path], Origin{Kind: Flag, Name: path}})
	}
	return all
}

func (l *loader) environ() []variable {
	var all []variable
	for _, pair := range l.from.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok && name != "" {
			all = append(all, variable{name, value, Origin{Kind: Environ, Name: name}})
		}
	}
	slices.SortStableFunc(all, func(a, b variable) int { return cmp.Compare(a.name, b.name) })
	return all
}

// variables are the layers that a set of variables provides.
type variables struct {
	own    layer // by SWITCHHOOK_…
	old    layer // by former names
	onCall layer // by pagerduty-voys-webhook's names, which are not paths
}

// variables finds the settings among variables, and reports those that only
// look like settings. If a name is given twice, the last one counts.
func (l *loader) variables(all []variable) variables {
	found := variables{make(layer), make(layer), make(layer)}
	items := make(map[string]map[int]value)
	lines := make(map[string]int, len(all))
	for i, v := range all {
		lines[v.name] = i
	}
	for i, v := range all {
		if lines[v.name] != i {
			continue
		}
		given := value{text: v.value, origin: v.origin}
		if v.origin.Kind == Dotenv {
			given.folder = filepath.Dir(v.origin.File)
		}
		switch own := strings.HasPrefix(v.name, variablePrefix); {
		case !own && v.value != "":
			l.oldVariable(found, v.name, given)
		case own:
			l.variable(found.own, items, v, given)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(items)) {
		l.putItems(found.own, path, items[path])
	}
	return found
}

// oldVariable adds a setting by its former name, if the variable is one.
func (l *loader) oldVariable(found variables, name string, given value) {
	switch f, ok := findFormer(0, func(f former) bool { return f.variable == name }); {
	case !ok:
	case f.isOnCall():
		found.onCall.put(name, given)
	default:
		found.old.put(f.path, given)
		l.given(f.path, given.origin)
	}
}

// variable adds the setting that a variable gives, or one item of it.
func (l *loader) variable(own layer, items map[string]map[int]value, v variable, given value) {
	k, path := l.schema.named(v.name)
	if k == nil {
		l.refuseVariable(v)
		return
	}
	if v.value == "" {
		return
	}
	switch whole := sectionOf(path); {
	case l.schema.setting(path) == nil: // it is an item
		if items[whole] == nil {
			items[whole] = make(map[int]value)
		}
		index, _ := strconv.Atoi(last(path)) // named has found a number
		items[whole][index] = given
	case k.table, k.list && !k.alone:
		l.reportValue(path, v.origin, "%s takes a list, one item a variable: %s_0, %s_1 and so on", path, v.name, v.name)
	default:
		own.put(path, given)
		l.given(path, v.origin)
	}
}

// putItems adds a list or table whose items were given one by one.
func (l *loader) putItems(own layer, path string, items map[int]value) {
	k := l.schema.setting(path)
	for n, index := range slices.Sorted(maps.Keys(items)) {
		one := items[index]
		if index != n {
			l.reportValue(path, one.origin, "item %d of %s is given, item %d is not", index, path, n)
			delete(own, path)
			return
		}
		if n == 0 {
			own.put(path, value{form: k.holder(), origin: one.origin})
			l.given(path, one.origin)
		}
		if k.table {
			l.putLine(k, own, path, n, one)
			continue
		}
		own.putIn(path, own.next(path), one)
	}
}

// holder is the form of what holds the items of a setting.
func (k *key) holder() form {
	if k.table {
		return table
	}
	return list
}

// Outside TOML a line of a table is one text: NAME = VALUE, or NAME = VALUE,
// VALUE for a list.
const (
	assigns   = "="
	separates = ","
)

// putLine adds a line of a table.
func (l *loader) putLine(k *node, own layer, path string, n int, line value) {
	at := strings.LastIndex(line.text, assigns) // a name may contain one, a value does not
	if at < 0 {
		l.report(line.origin, "item %d of %s is not NAME = VALUE", n+1, path)
		return
	}
	name, given := strings.TrimSpace(line.text[:at]), line
	given.text = strings.TrimSpace(line.text[at+1:])
	if _, twice := own[join(path, pathName(name))]; twice {
		l.report(line.origin, "%s has %s twice", path, pathName(name))
		return
	}
	if !k.list {
		own.putIn(path, name, given)
		return
	}
	whole := own.putIn(path, name, value{form: list, origin: line.origin})
	for part := range strings.SplitSeq(given.text, separates) {
		if given.text = strings.TrimSpace(part); given.text != "" {
			own.putIn(whole, own.next(whole), given)
		}
	}
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
	name := v.name
	meant, path := l.schema.meantVariable(v.name)
	if v.origin.Kind == Flag {
		name, meant = v.origin.Name, path
	}
	if path == "" {
		l.report(v.origin, "%s is not a setting", name)
		return
	}
	l.reportValue(path, v.origin, "%s is not a setting; is %s meant?", name, meant)
}

// refuse reports a name whose feature is not in this version.
func (l *loader) refuse(at Origin, name string, d deferred) {
	l.report(at, "%s is of no use yet, leave it out: %s", name, d.reason)
	l.refused = append(l.refused, d.path)
}

// attemptVariable records that a variable's setting was given.
func (l *loader) attemptVariable(at Origin) {
	f, ok := findFormer(0, func(f former) bool { return f.variable == at.Name })
	switch _, path := l.schema.named(at.Name); {
	case !ok:
		l.attempt(path, at)
	case f.common: // it may be another program's
		l.broken.put(f.path, value{form: broken, origin: at})
	default:
		l.attempt(f.path, at)
	}
}
