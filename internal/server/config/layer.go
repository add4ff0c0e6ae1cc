package config

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// layer is what one place says, by path: settings, the items of lists and the
// lines of tables, and also the sections, lists and tables that hold them.
type layer map[string]value

// value is what one place says about a path.
type value struct {
	form   form
	text   string // except of a list, table or section
	size   int    // how many values it holds
	in     string // the path of the list, table or section around it
	name   string // its own, within that
	depth  int    // how many are around it
	order  int    // in the layer, from 1
	origin Origin
	folder string // for relative paths in the text
}

// form is how a value is written.
type form int

const (
	bare    form = iota // outside TOML, where everything is text without quotes
	text                // "in quotes"
	boolean             // true, false
	number
	moment // a date, a time of day, or both
	list   // […]
	table  // {…}
	headed // [name]
	heads  // [[name]], the array
	dotted // name.key = …
	broken // not readable; the problem is reported already
)

// noun is the name of a form in a sentence.
func (f form) noun() string {
	return [...]string{
		"a word", "text in quotes", "true or false without quotes", "a number", "a date or time of day", "a list in brackets",
		"a table in braces", "a section", "sections", "a table", "unreadable",
	}[f]
}

func (f form) isTable() bool { return f == table || f == headed || f == dotted }

// isEmpty says whether a value is empty text, which is no value.
func (v value) isEmpty() bool { return v.form <= text && v.text == "" }

// asksNothing says whether a value means "no" or "none".
func (v value) asksNothing() bool {
	return v.isEmpty() || v.form == boolean && v.text == "false" || v.form == list && v.size == 0
}

// put adds a value, or replaces it where it stands.
func (l layer) put(path string, v value) {
	v.order, v.size = cmp.Or(l[path].order, len(l)+1), l[path].size
	l[path] = v
}

// putIn adds a value to a list, table or section, and returns its path.
func (l layer) putIn(in, name string, v value) (path string) {
	around, isIn := l[in]
	path = join(in, pathName(name))
	if _, known := l[path]; isIn && !known {
		around.size++
		l[in] = around
	}
	v.in, v.name, v.depth = in, name, around.depth+1
	l.put(path, v)
	return path
}

// next returns the name of the next item of a list.
func (l layer) next(list string) string { return strconv.Itoa(l[list].size) }

// get returns the value of a setting, unless it is empty.
func (l layer) get(path string) (v value, ok bool) {
	v, ok = l[path]
	return v, ok && !v.isEmpty()
}

// digest is what one value of a setting is told from another by. It holds no secret.
type digest [sha256.Size]byte

// digest returns that of a value, and of what it holds.
func (l layer) digest(path string) digest {
	h := sha256.New()
	l.write(h, path)
	return digest(h.Sum(nil))
}

func (l layer) write(to hash.Hash, path string) {
	v := l[path]
	_, _ = fmt.Fprintf(to, "%s %q %d\n", path, v.text, v.size) // a hash takes all
	if v.size > 0 {
		for _, line := range slices.Sorted(slices.Values(l.lines(path))) {
			l.write(to, line)
		}
	}
}

// paths returns all paths in the order of the place.
func (l layer) paths() []string { return l.sorted(maps.Keys(l)) }

// lines returns the paths of a table's lines.
func (l layer) lines(table string) []string {
	return l.sorted(func(yield func(string) bool) {
		for path, v := range l {
			if v.in == table && !yield(path) {
				return
			}
		}
	})
}

func (l layer) sorted(paths func(yield func(string) bool)) []string {
	return slices.SortedFunc(paths, func(a, b string) int { return cmp.Compare(l[a].order, l[b].order) })
}

// join appends a name to the path of its section.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// item is the path of an item.
func item(array string, n int) string { return join(array, strconv.Itoa(n)) }

func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// sectionOf returns the path of the section, or item, that contains a setting;
// "" for the top of the file.
func sectionOf(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }

// pathName writes a part of a path as TOML does; only the start of a part that
// is too long for any name.
func pathName(part string) string {
	part = clip(part, maxLine)
	if part == "" || strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return strconv.Quote(part)
	}
	return part
}

// maxShown is how much of a value problems show, in characters.
const maxShown = 60

// clip cuts a text that is longer than some characters.
func clip(text string, most int) string {
	if chars := []rune(text); len(chars) > most {
		return string(chars[:most]) + "…"
	}
	return text
}
