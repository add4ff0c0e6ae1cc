package config

import (
	"path/filepath"
	"slices"
	"strings"
)

// fileLayers is what the settings file says of keys.
type fileLayers struct {
	own   layer
	files layer // the names of files that hold a secret, by …_file
}

// file reads the settings file, if there is to be one.
func (l *loader) file() fileLayers {
	f := &fileReader{loader: l, found: fileLayers{make(layer), make(layer)}, items: make(map[*array]int)}
	if l.from.Path == "" {
		return f.found
	}
	content, err := l.read(l.from.Path)
	if err != nil {
		l.report(Origin{Kind: File, File: l.from.Path}, "this file cannot be read: %s", reason(err))
		l.incomplete = true
		return f.found
	}
	document := readDocument(content, l.from.Path, filepath.Dir(l.from.Path))
	l.problems = append(l.problems, document.problems...)
	l.incomplete = l.incomplete || document.incomplete
	for _, s := range document.statements {
		f.read(s)
	}
	for _, s := range document.attempts {
		f.attempt(pathName(f.placed(s.path, document.statements, s.at.Line)), s.at)
	}
	return f.found
}

// fileReader finds the settings among the statements of the settings file.
type fileReader struct {
	*loader

	found   fileLayers
	items   map[*array]int // how many items there are so far
	within  bool           // a section that was refused with all it holds
	refused []string       // the paths of the deferrals that were refused
}

// read reads one statement.
func (f *fileReader) read(s statement) {
	if s.head {
		f.within = false
	} else if f.within {
		return
	}
	s, ok := f.inItem(s)
	if !ok {
		return
	}
	name := pathName(s.path)
	k, twin := f.plan.key(name), f.plan.twin(name)
	d, isDeferred := findDeferred(name, ".")
	within, entry := f.entry(name, s.path)
	switch {
	case isDeferred:
		f.deferred(s, d)
	case f.plan.section(name) != nil:
		f.section(s, name)
	case k != nil && k.table:
		f.table(s, k)
	case within != nil:
		f.field(s, within, entry)
	case s.head && k != nil:
		f.report(s.at, "%s is a setting, not a section: write %s = … in place of [%s]", name, last(name), name)
		f.attempts[k] = true
		f.within = true
	case s.head:
		f.unknown(s, name)
		f.within = true
	case k != nil:
		f.set(f.found.own, k, s.value)
	case twin != nil:
		f.twin(twin, name, s.value)
	default:
		f.unknown(s, name)
	}
}

// section reads the head of a section, or a section in braces.
func (f *fileReader) section(s statement, name string) {
	f.causes[name] = s.at // its own head is a better reason than any before
	f.switchOn(f.plan.section(name).switches, s.at)
	section := f.plan.section(name)
	switch {
	case s.many && section.array == nil:
		head := section.head()
		f.report(s.at, "there is one section %s: write %s in place of [%s]", name, head, head)
	case s.head:
	case s.value.form == table:
		for _, field := range s.value.fields {
			field.path, field.item = slices.Concat(s.path, field.path), s.item
			f.read(field)
		}
	default:
		f.report(s.at, "%s is a section: write %s on a line of its own, and its keys below", name, section.head())
	}
}

// twin reads the name of the file that holds a secret.
func (f *fileReader) twin(k *key, name string, v value) {
	if v.form != text {
		f.report(v.origin, "%s is %s; it takes the name of a file, in quotes", name, v.form.noun())
		f.attempts[k] = true
		f.given(k, v.origin)
		return
	}
	f.nameFile(f.found.files, k, v)
}

// deferred refuses what the file asks of a feature that is not in this
// version, once for each feature.
func (f *fileReader) deferred(s statement, d deferred) {
	if !s.head && s.value.asksNothing() || slices.Contains(f.refused, d.path) {
		return
	}
	f.refused = append(f.refused, d.path)
	name := pathName(s.path)
	if s.head {
		name = "[" + name + "]"
	}
	f.refuse(s.at, name, d)
}

// unknown reports a name that is none of a setting or section.
func (f *fileReader) unknown(s statement, name string) {
	what := "setting"
	if s.head {
		what = "section"
	}
	meant := nearest(name, f.plan.names(name))
	if s.head && meant != "" {
		f.incomplete = true // the keys below it are for that section
	}
	switch {
	case meant == "":
		f.report(s.at, "%s is not a %s", name, what)
	case !strings.Contains(meant, ".") && f.plan.key(meant) != nil && last(name) == meant:
		f.report(s.at, "%s is not a %s; %s belongs at the top of the file, above the first section", name, what, meant)
	default:
		f.report(s.at, "%s is not a %s; is %s meant?", name, what, meant)
	}
	f.attempt(meant, s.at)
}

// attempt notes that somebody tried to set what has a path.
func (f *fileReader) attempt(path string, at Origin) {
	k := f.plan.key(path)
	if k == nil {
		k = f.plan.twin(path)
	}
	if k != nil {
		f.attempts[k] = true
		f.given(k, at)
	}
}
