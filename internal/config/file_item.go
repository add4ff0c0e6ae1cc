package config

import (
	"slices"
	"strconv"
	"strings"
)

// inItem puts the number of the item into the path of a statement that stands
// in one. It is false where nothing is left to read of the statement.
func (f *fileReader) inItem(s statement) (statement, bool) {
	for _, a := range f.plan.arrays {
		parts := a.parts()
		if s.item || len(s.path) < len(parts) || !slices.Equal(s.path[:len(parts)], parts) {
			continue
		}
		own := len(s.path) == len(parts)
		switch {
		case own && s.many:
			return f.newItem(s, a)
		case own && !s.head && s.value.form == list:
			f.listed(s, a)
			return s, false
		case own, f.items[a] == 0:
			f.report(s.at, "%s is there as often as you need it: write [[%s]] on a line of its own, and its keys below", a.path, a.path)
			f.within, f.incomplete = s.head, true
			return s, false
		}
		s.path = slices.Concat(parts, []string{strconv.Itoa(f.items[a] - 1)}, s.path[len(parts):])
		s.item = true
		return s, true
	}
	return s, true
}

// newItem begins the next item of an array.
func (f *fileReader) newItem(s statement, a *array) (statement, bool) {
	n := f.items[a]
	f.items[a]++
	if f.plan.item(a, n) == nil {
		if n == maxItems { // once
			f.report(s.at, "there are more than %d of [[%s]]", maxItems, a.path)
		}
		f.within, f.incomplete = true, true
		return s, false
	}
	s.path, s.item = slices.Concat(a.parts(), []string{strconv.Itoa(n)}), true
	return s, true
}

// listed reads an array that stands in brackets, as a list of tables.
func (f *fileReader) listed(s statement, a *array) {
	for _, item := range s.value.items {
		if item.form != table {
			f.report(item.origin, "%s is %s; it takes tables in braces, or write [[%s]] on a line of its own", a.path, item.form.noun(), a.path)
			f.incomplete = true
			continue
		}
		f.read(statement{path: s.path, head: true, many: true, at: item.origin})
		for _, field := range item.fields {
			field.path = slices.Concat(s.path, field.path)
			f.read(field)
		}
	}
	f.within = false
}

// placed returns the path of a line that cannot be read, with the number of the
// item that it stands in.
func (f *fileReader) placed(path []string, statements []statement, line int) []string {
	for _, a := range f.plan.arrays {
		parts := a.parts()
		if len(path) <= len(parts) || !slices.Equal(path[:len(parts)], parts) {
			continue
		}
		n := -1
		for _, s := range statements {
			if s.many && s.at.Line < line && slices.Equal(s.path, parts) {
				n++
			}
		}
		return slices.Concat(parts, []string{strconv.Itoa(n)}, path[len(parts):])
	}
	return path
}

// entry returns the table that a path leads into, and what of the path is
// within it.
func (f *fileReader) entry(name string, path []string) (*key, []string) {
	for _, k := range f.plan.keys {
		if k.table && strings.HasPrefix(name, k.path+".") {
			return k, path[1+strings.Count(k.path, "."):]
		}
	}
	return nil, nil
}

// table reads a table that the operator chooses the names of, or its head.
func (f *fileReader) table(s statement, k *key) {
	switch {
	case s.many:
		f.report(s.at, "there is one table %s: write one pair of brackets around its name", k.path)
		f.attempts[k] = true
	case !s.head:
		f.set(f.found.own, k, s.value)
	default:
		f.set(f.found.own, k, value{form: table, origin: s.at, fields: f.found.own[k].fields})
	}
}

// field reads a line of such a table.
func (f *fileReader) field(s statement, k *key, entry []string) {
	if s.head {
		f.report(s.at, "%s has no sections: write %s = … on a line of its own", k.path, pathName(entry))
		f.attempts[k] = true
		f.within = true
		return
	}
	whole := f.found.own[k]
	if whole.form != table {
		whole = value{form: table, origin: s.at}
	}
	whole.fields = append(whole.fields, statement{path: entry, value: s.value, at: s.at})
	f.set(f.found.own, k, whole)
}
