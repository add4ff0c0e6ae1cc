package config

import (
	"path/filepath"
	"slices"
	"strings"
)

// fileLayers are the layers that the settings file provides.
type fileLayers struct {
	own   layer
	files layer // the names of files that hold a secret, by …_file
}

// file reads the settings file, if there is one.
func (l *loader) file() fileLayers {
	f := &fileReader{loader: l, found: fileLayers{make(layer), make(layer)}}
	if l.from.Path == "" {
		return f.found
	}
	content, err := l.read(l.from.Path)
	if err != nil {
		l.report(Origin{Kind: File, File: l.from.Path}, "this file cannot be read: %s", reason(err))
		l.incomplete = true
		return f.found
	}
	whole, problem := readDocument(content, l.from.Path, filepath.Dir(l.from.Path))
	if problem != nil {
		l.problems = append(l.problems, *problem)
		l.incomplete = true
		return f.found
	}
	f.section(l.schema, "", whole)
	return f.found
}

// fileReader finds the settings among the tables of the settings file.
type fileReader struct {
	*loader

	found   fileLayers
	refused []string // the paths of deferrals already refused
}

// section reads the contents of a section.
func (f *fileReader) section(s *node, path string, v *value) {
	for _, given := range v.fields {
		at, c := join(path, pathName(given.name)), s.child(given.name)
		d, isDeferred := findDeferred(at, ".")
		secret := f.schema.secretFile(at)
		switch {
		case isDeferred:
			f.deferred(d, at, given.value)
		case secret != "":
			f.secretFile(secret, at, given.value)
		case c == nil:
			f.unknown(at, given.value)
		case c.key != nil:
			f.setting(c, at, given.value)
		case c.array:
			f.array(c, at, given.value)
		default:
			f.oneSection(c, at, given.value)
		}
	}
}

// oneSection reads a section in any notation.
func (f *fileReader) oneSection(s *node, at string, v *value) {
	head := f.schema.head(at)
	switch {
	case v.form == table:
		if v.notation != dotted { // its own head is a better reason than any before
			f.causes[at] = v.origin
			f.switchOn(at, v.origin)
		}
		f.section(s, at, v)
	case v.form == list && v.notation == headed:
		for _, item := range v.items {
			f.report(item.origin, "there is one section %s: write %s in place of [%s]", at, head, head)
			f.switchOn(at, item.origin)
			f.section(s, at, item)
		}
	default:
		f.report(v.origin, "%s is a section: write %s on a line of its own, and its keys below", at, head)
		f.switchOn(at, v.origin)
	}
}

// array reads the items of an array.
func (f *fileReader) array(a *node, at string, v *value) {
	if v.form != list {
		f.report(v.origin, "%s is there as often as you need it: write %s on a line of its own, and its keys below", at, f.schema.head(at))
		f.incomplete = true
		return
	}
	n := 0
	for _, one := range v.items {
		switch {
		case n == maxItems:
			f.report(one.origin, "there are more than %d of %s", maxItems, f.schema.head(at))
			f.incomplete = true
			return
		case one.form != table:
			f.report(one.origin, "%s is %s; it takes tables in braces, or write %s on a line of its own", at, one.form.noun(), f.schema.head(at))
			f.incomplete = true
		default:
			f.switchOn(item(at, n), one.origin)
			f.section(a, item(at, n), one)
			n++
		}
	}
}

// setting reads a setting.
func (f *fileReader) setting(k *node, at string, v *value) {
	switch {
	case k.table && v.form == list && v.notation == headed:
		f.report(v.origin, "there is one table %s: write one pair of brackets around its name", at)
		f.attempts[at] = true
	case k.table || v.notation == inline:
		f.set(f.found.own, at, v)
	case v.notation == headed:
		f.report(v.origin, "%s is a setting, not a section: write %s = … in place of [%s]", at, last(at), at)
		f.attempts[at] = true
	default:
		f.unknown(at, v)
	}
}

// secretFile reads the name of the file that holds a secret.
func (f *fileReader) secretFile(secret, at string, v *value) {
	if v.form != text {
		f.report(v.origin, "%s is %s; it takes the name of a file, in quotes", at, v.form.noun())
		f.attempt(secret, v.origin)
		return
	}
	f.nameFile(f.found.files, secret, v)
}

// deferred refuses settings of a feature that is not in this version, once for
// each feature.
func (f *fileReader) deferred(d deferred, at string, v *value) {
	if slices.Contains(f.refused, d.path) {
		return
	}
	switch {
	case v.notation == headed:
		at = "[" + at + "]"
	case v.notation == dotted:
		for path, leaf := range v.leaves() {
			f.deferred(d, join(at, path), leaf)
		}
		return
	case v.asksNothing():
		return
	}
	f.refused = append(f.refused, d.path)
	f.refuse(v.origin, at, d)
}

// unknown reports a name that is no setting or section.
func (f *fileReader) unknown(at string, v *value) {
	what := "setting"
	switch {
	case v.notation == dotted:
		for path, leaf := range v.leaves() {
			f.unknown(join(at, path), leaf)
		}
		return
	case v.notation == headed && v.form == list:
		for _, item := range v.items {
			f.unknown(at, item)
		}
		return
	case v.notation == headed:
		what = "section"
	}
	meant := nearest(at, f.schema.paths(at))
	if v.notation == headed && meant != "" {
		f.incomplete = true // the keys below it are for that section
	}
	k := f.schema.find(meant)
	switch {
	case meant == "":
		f.report(v.origin, "%s is not a %s", at, what)
	case !strings.Contains(meant, ".") && k != nil && k.key != nil && last(at) == meant:
		f.report(v.origin, "%s is not a %s; %s belongs at the top of the file, above the first section", at, what, meant)
	default:
		f.report(v.origin, "%s is not a %s; is %s meant?", at, what, meant)
	}
	if secret := f.schema.secretFile(meant); secret != "" {
		meant = secret
	}
	f.attempt(meant, v.origin)
}
