package config

import (
	"cmp"
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

// variables finds the settings among variables, and reports those that only
// look like settings. Those with a former name are returned by that name. If a
// name is given twice, the last one counts.
func (l *loader) variables(all []variable) (own, former layer) {
	own, former = make(layer), make(layer)
	last := make(map[string]variable)
	for _, v := range all {
		last[v.name] = v
	}
	for _, v := range all {
		if v != last[v.name] {
			continue
		}
		delete(last, v.name) // an equal one is the same
		given := value{text: v.value, origin: v.origin}
		if v.origin.Kind == Dotenv {
			given.folder = filepath.Dir(v.origin.File)
		}
		if _, isFormer := formerVariable(v.name); isFormer && v.value != "" {
			former.put(v.name, given)
		} else if strings.HasPrefix(v.name, variablePrefix) {
			l.variable(own, v.name, given)
		}
	}
	return own, former
}

// variable adds the setting that a variable gives, or one item of it.
func (l *loader) variable(own layer, name string, given value) {
	k, path := l.schema.named(name)
	if k == nil {
		l.refuseVariable(name, given)
		return
	}
	isItem := l.schema.setting(path) == nil
	switch {
	case given.text == "":
		return
	case !isItem && (k.table || k.list && !k.alone):
		l.reportValue(path, given.origin, "%s takes a list, one item a variable: %s_0, %s_1 and so on", path, name, name)
		return
	case !isItem:
		own.put(path, given)
	default:
		path = l.putItem(k, own, path, given)
	}
	l.given(path, given.origin)
}

// putItem adds an item of a list, or a line of a table, and returns the path of
// the whole.
func (l *loader) putItem(k *node, own layer, path string, given value) (whole string) {
	holder := value{form: list, origin: given.origin}
	if k.table {
		holder.form = table
	}
	number, whole := last(path), sectionOf(path)
	if own[whole].order == 0 || number == "0" { // the first item says where all are from
		own.put(whole, holder)
	}
	if k.table {
		l.putLine(k, own, whole, given)
	} else {
		own.putIn(whole, number, given)
	}
	return whole
}

// Outside TOML a line of a table is one text: NAME = VALUE, or NAME = VALUE,
// VALUE for a list.
const (
	assigns   = "="
	separates = ","
)

// putLine adds a line to a table.
func (l *loader) putLine(k *node, own layer, path string, line value) {
	at := strings.LastIndex(line.text, assigns) // a name may contain one, a value does not
	if at < 0 {
		l.report(line.origin, "%s takes NAME = VALUE, one a variable", path)
		return
	}
	name, text := strings.TrimSpace(line.text[:at]), line.text[at+1:]
	switch _, twice := own[join(path, pathName(name))]; {
	case twice:
		l.report(line.origin, "%s has %s twice", path, pathName(name))
		return
	case !k.list:
		line.text = strings.TrimSpace(text)
		own.putIn(path, name, line)
		return
	}
	whole := own.putIn(path, name, value{form: list, origin: line.origin})
	for part := range strings.SplitSeq(text, separates) {
		if line.text = strings.TrimSpace(part); line.text != "" {
			own.putIn(whole, own.next(whole), line)
		}
	}
}

// refuseVariable reports a variable that only looks like a setting.
func (l *loader) refuseVariable(name string, given value) {
	if slices.Contains(notSettings, name) {
		return
	}
	if n := l.schema.laterVariable(name); n != nil {
		if given.text != "" {
			l.refuse(given.origin, name, n)
		}
		return
	}
	path := l.schema.meant(name, false)
	meant := path
	if given.origin.Kind == Flag {
		name = given.origin.Name
	} else if path != "" {
		meant = l.schema.find(path).variable(path)
	}
	if path == "" {
		l.report(given.origin, "%s is not a setting", name)
		return
	}
	l.reportValue(path, given.origin, "%s is not a setting; is %s meant?", name, meant)
}

// attemptVariable records that a variable's setting was given.
func (l *loader) attemptVariable(at Origin) {
	f, ok := formerVariable(at.Name)
	switch _, path := l.schema.named(at.Name); {
	case !ok:
		l.attempt(path, at)
	case f.common: // it may be another program's
		l.broken.put(f.path, value{form: broken, origin: at})
	default:
		l.attempt(f.path, at)
	}
}
