package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Outside TOML a line of a table is one text: NAME = VALUE, or NAME = VALUE,
// VALUE for a list.
const (
	assigns   = "="
	separates = ","
)

// parseTable returns a table as the key's field holds it.
func (k *key) parseTable(v *value, at, dir string) (reflect.Value, []Problem) {
	fields, problems := k.fields(v, at)
	whole := reflect.MakeMap(k.typ)
	known := make(map[string]string, len(fields))
	for _, f := range fields {
		name, problem := k.parseName(f, at)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		folded := strings.ToLower(strings.TrimSpace(f.name))
		if other, twice := known[folded]; twice {
			problems = append(problems, problemf(f.origin, "%s has %s and %s, which differ in nothing that counts", at, pathName(other), pathName(f.name)))
			continue
		}
		known[folded] = f.name
		parsed, wrong := k.parseEntry(f.value, join(at, pathName(f.name)), dir)
		if problems = append(problems, wrong...); len(wrong) == 0 {
			whole.SetMapIndex(name, parsed)
		}
	}
	return whole, problems
}

func (k *key) parseEntry(v *value, path, dir string) (reflect.Value, []Problem) {
	if k.list {
		return k.parseList(v, k.typ.Elem(), path, dir)
	}
	parsed, problem := k.parseOne(v, path, dir)
	if problem != nil {
		return parsed, []Problem{*problem}
	}
	return parsed, nil
}

// fields returns the lines of a table in any notation.
func (k *key) fields(v *value, path string) (fields []field, problems []Problem) {
	if v.form == table {
		return v.fields, nil
	}
	if v.form != list || slices.ContainsFunc(v.items, func(item *value) bool { return item.form != bare }) {
		return nil, []Problem{problemf(v.origin, "%s is %s; it takes a table such as %s", path, v.form.noun(), k.example)}
	}
	for i, item := range v.items {
		at := strings.LastIndex(item.text, assigns) // a name may contain one, a value does not
		if at < 0 {
			problems = append(problems, problemf(item.origin, "item %d of %s is not NAME = VALUE", i+1, path))
			continue
		}
		given := *item
		given.text = strings.TrimSpace(item.text[at+1:])
		if k.list {
			given.form, given.text = list, ""
			for part := range strings.SplitSeq(item.text[at+1:], separates) {
				one := *item
				if one.text = strings.TrimSpace(part); one.text != "" {
					given.items = append(given.items, &one)
				}
			}
		}
		fields = append(fields, field{strings.TrimSpace(item.text[:at]), &given})
	}
	return fields, problems
}

// parseName returns the name of a line.
func (k *key) parseName(f field, path string) (name reflect.Value, problem *Problem) {
	fail := func(format string, args ...any) {
		p := problemf(f.origin, format, args...)
		problem = &p
	}
	parsed, err := k.names.parse(f.name)
	switch {
	case f.form == table && f.notation == dotted:
		for rest := range f.leaves() {
			fail("%s has a name with a dot; put quotes around it: %q = …", path, join(f.name, rest))
			break
		}
	case f.form == table && f.notation == headed:
		fail("%s has no sections: write %s = … on a line of its own", path, pathName(f.name))
	case strings.TrimSpace(f.name) == "":
		fail("%s has a line without a name", path)
	case err != nil:
		fail("%s has the name %q; a name is %s", path, clip(f.name), k.names.takes)
	}
	return reflect.ValueOf(parsed), problem
}

// formatTable writes the value of a table: NAME = VALUE; NAME = VALUE, VALUE.
func (k *key) formatTable(field reflect.Value) string {
	lines := make(map[string]string, field.Len())
	for all := field.MapRange(); all.Next(); {
		name := k.names.format(all.Key().Interface())
		lines[name] = name + " " + assigns + " " + k.formatEntry(all.Value())
	}
	ordered := make([]string, 0, len(lines))
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		ordered = append(ordered, lines[name])
	}
	return strings.Join(ordered, "; ")
}

func (k *key) formatEntry(v reflect.Value) string {
	if k.list {
		return k.formatList(v)
	}
	return k.kind.format(v.Interface())
}

// formatList writes the items of a list: VALUE, VALUE.
func (k *key) formatList(v reflect.Value) string {
	items := make([]string, v.Len())
	for i := range items {
		items[i] = k.kind.format(v.Index(i).Interface())
	}
	return strings.Join(items, separates+" ")
}

// parseList returns a list as a slice of the type.
func (k *key) parseList(v *value, typ reflect.Type, name, dir string) (reflect.Value, []Problem) {
	if v.form != list && (k.alone || k.table) && v.form != table {
		parsed, problem := k.parseOne(v, name, dir)
		if problem != nil {
			return parsed, []Problem{*problem}
		}
		return reflect.Append(reflect.MakeSlice(typ, 0, 1), parsed), nil
	}
	if v.form != list {
		return reflect.Value{}, []Problem{problemf(v.origin, "%s is %s; it takes a list in brackets", name, v.form.noun())}
	}
	whole := reflect.MakeSlice(typ, 0, len(v.items))
	var problems []Problem
	for i, item := range v.items {
		parsed, problem := k.parseOne(item, fmt.Sprintf("item %d of %s", i+1, name), dir)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		whole = reflect.Append(whole, parsed)
	}
	return whole, problems
}
