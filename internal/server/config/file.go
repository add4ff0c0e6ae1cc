package config

import (
	"path/filepath"
	"strconv"
)

// file reads the settings file, if there is one.
func (l *loader) file() layer {
	if l.from.Path == "" {
		return nil
	}
	content, err := l.read(l.from.Path)
	if err != nil {
		l.report(Origin{Kind: File, File: l.from.Path}, "this file cannot be read: %s", reason(err))
		l.incomplete = true
		return nil
	}
	arrays := func(path string) (isArray bool, named string) {
		if n := l.schema.find(path); n != nil && n.array {
			return true, n.named
		}
		return false, ""
	}
	found, odd, problem := readDocument(content, l.from.Path, filepath.Dir(l.from.Path), arrays)
	if problem != nil {
		l.problems = append(l.problems, *problem)
		l.incomplete = true
		return nil
	}
	for _, v := range odd {
		if n := l.schema.find(v.text); n != nil && (n.key == nil || n.table) { // it is read all the same
			l.report(v.origin, "there is one section %s: write %s in place of [%s]", v.text, n.head(), n.head())
		}
	}
	l.sift(found)
	return found
}

// fate is what becomes of a value of the settings file.
type fate int

const (
	open fate = iota // a section, whose contents are sifted by themselves
	kept             // a setting; what is in it is checked as its value
	shut             // reported, or to be ignored, with all that is in it
)

// sift reports everything in the settings file that is neither setting nor
// section, and removes it. Sections that are given are on.
func (l *loader) sift(file layer) {
	fates := make(map[string]fate)
	for _, path := range file.paths() {
		v := file[path]
		became := fates[v.in]
		if became == open {
			became = l.judge(path, v)
		}
		if fates[path] = became; became == shut {
			delete(file, path)
		}
	}
}

// judge returns the fate of a value in a section.
func (l *loader) judge(path string, v value) fate {
	n, around := l.schema.find(path), l.schema.find(v.in)
	isItem := around != nil && around.array && !isNumber(last(v.in))
	switch {
	case isItem && n == nil: // its number is too large
		if l.incomplete = true; v.name == strconv.Itoa(maxItems) { // once is enough
			l.report(v.origin, "there are more than %d of %s", maxItems, around.head())
		}
		return shut
	case n == nil:
		return l.unknown(path, v)
	case n.later != "":
		return l.judgeLater(n, path, v)
	case n.key == nil:
		return l.judgeSection(n, isItem, path, v)
	case n.holds != "" && v.form != text:
		l.reportValue(path, v.origin, "%s is %s; it takes the name of a file, in quotes", path, v.form.noun())
		return shut
	case !v.isEmpty():
		l.given(path, v.origin)
	}
	return kept
}

// judgeSection returns the fate of a section, an array of sections, or an item.
func (l *loader) judgeSection(n *node, isItem bool, path string, v value) fate {
	isArray := n.array && !isItem
	switch {
	case isArray && (v.form == list || v.form == heads), !isArray && v.form == dotted:
		return open // what is in it says whether it is on
	case !isArray && v.form == headed:
		l.on[path] = v.origin // the head is a better reason than any before
		fallthrough
	case !isArray && v.form == table:
		l.switchOn(path, v.origin)
		return open
	}
	l.report(v.origin, "%s is %s; write %s on a line of its own, and its keys below", path, v.form.noun(), n.head())
	l.incomplete = l.incomplete || n.array
	l.switchOn(path, v.origin)
	return shut
}

// judgeLater refuses what is not in this version, unless it asks for nothing.
func (l *loader) judgeLater(n *node, path string, v value) fate {
	switch {
	case v.asksNothing():
	case v.form == headed:
		l.refuse(v.origin, n.head(), n)
	default:
		l.refuse(v.origin, path, n)
	}
	return shut
}

// unknown reports a name that is no setting or section.
func (l *loader) unknown(path string, v value) fate {
	if v.form == dotted {
		return open
	}
	what := "setting"
	meant := l.schema.meantPath(path)
	if v.form == headed {
		what = "section"
		l.incomplete = l.incomplete || meant != "" // the keys below it are for that section
	}
	switch k := l.schema.setting(meant); {
	case meant == "":
		l.report(v.origin, "%s is not a %s", path, what)
	case k != nil && meant == last(path):
		l.report(v.origin, "%s is not a %s; %s belongs at the top of the file, above the first section", path, what, meant)
	default:
		l.report(v.origin, "%s is not a %s; is %s meant?", path, what, meant)
	}
	l.attempt(meant, v.origin)
	return shut
}
