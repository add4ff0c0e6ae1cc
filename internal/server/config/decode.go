package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/setting"
)

// fill fills a section with the given values, and reports invalid ones.
func (l *loader) fill(s *node, path string, section reflect.Value) {
	for _, c := range s.children {
		at, to := join(path, c.name), section.FieldByIndex(c.field)
		switch {
		case c.key != nil:
			l.fillSetting(c, at, to)
		case c.array:
			n := l.countItems(at)
			to.Set(reflect.MakeSlice(to.Type(), n, n))
			for i := range n {
				l.fill(c, item(at, i), to.Index(i))
			}
		case !c.optional:
			l.fill(c, at, to)
		case !l.off(at):
			to.Set(reflect.New(c.of))
			l.fill(c, at, to.Elem())
		}
	}
	l.check(path, section)
}

// check has a section checked as a whole, and each struct that is tagged inline in
// it. What an embedded one checks is the section's own method.
func (l *loader) check(path string, section reflect.Value) {
	for field, value := range section.Fields() {
		if field.Tag.Get("inline") != "" && !field.Anonymous {
			l.check(path, value)
		}
	}
	if s, ok := reflect.TypeAssert[interface{ Check() error }](section.Addr()); ok {
		l.noteWrong(path, s.Check())
	}
}

// countItems returns how many items of an array are given, and reports one that
// is given although the previous one is not.
func (l *loader) countItems(array string) int {
	n := 0
	for n < maxItems && !l.off(item(array, n)) {
		n++
	}
	for i := n + 1; i < maxItems; i++ {
		if next := item(array, i); !l.off(next) {
			l.report(l.on[next], "%s is given, %s is not", next, item(array, n))
			break
		}
	}
	return n
}

func (l *loader) fillSetting(k *node, at string, to reflect.Value) {
	origin, found := l.decode(k, at, to)
	if !found && k.initial != "" {
		origin, found = Origin{Kind: Default}, true
		l.setInitial(k.key, at, to)
	}
	if !found && k.inherits != "" {
		origin, found = l.inherit(k, at, to)
	}
	if found {
		l.filled[at], l.origins[at] = to, origin
		if k.shown != "" {
			l.noteWeak(k, at, to, origin)
		}
	}
}

// inherit sets a setting to the value of another. If that is in the same section,
// the value counts as a default.
func (l *loader) inherit(k *node, at string, to reflect.Value) (origin Origin, found bool) {
	from, beside := strings.CutPrefix(k.inherits, ".")
	if beside {
		from = join(sectionOf(at), from)
	}
	value, found := l.filled[from]
	if found {
		to.Set(value.Convert(to.Type()))
	}
	if beside {
		return Origin{Kind: Default}, found
	}
	return l.origins[from], found
}

// decode sets a setting to the value from the first layer that has a valid one,
// and checks those in all layers.
func (l *loader) decode(k *node, at string, to reflect.Value) (origin Origin, found bool) {
	for _, in := range l.layers {
		v, ok := in.get(at)
		if !ok || v.form == broken {
			continue
		}
		d := &decoder{key: k.key, in: in, dir: l.from.Dir}
		got := reflect.New(to.Type()).Elem()
		d.setting(at, got)
		l.problems = append(l.problems, d.problems...)
		if !found {
			l.digests[at] = in.digest(at)
			to.Set(got) // even if invalid: to features it is given
			origin, found = v.origin, len(d.problems) == 0
		}
	}
	if !found && k.kind.secret && to.IsZero() && l.has(at) {
		unread, _ := k.kind.parse("unreadable") // to features it is given
		to.Set(reflect.ValueOf(unread))
	}
	return origin, found
}

// setInitial sets a setting to its default.
func (l *loader) setInitial(k *key, at string, to reflect.Value) {
	in := layer{at: value{text: k.initial}}
	if k.list {
		in.put(at, value{form: list})
		for one := range strings.FieldsSeq(k.initial) {
			in.putIn(at, in.next(at), value{text: one})
		}
	}
	d := &decoder{key: k, in: in, dir: l.from.Dir}
	if d.setting(at, to); len(d.problems) > 0 {
		panic("config: " + d.problems[0].Message)
	}
}

// decoder reads a setting from one layer.
type decoder struct {
	*key

	in       layer
	dir      string // the working directory
	problems []Problem
}

func (d *decoder) report(at Origin, format string, args ...any) {
	d.problems = append(d.problems, problemf(at, format, args...))
}

func (d *decoder) setting(at string, to reflect.Value) {
	if d.table {
		d.readTable(at, to)
		return
	}
	d.entry(at, at, to)
}

// entry reads a value of a table, or a setting that is none. name is its name in
// problems.
func (d *decoder) entry(at, name string, to reflect.Value) {
	v := d.in[at]
	switch {
	case !d.list:
		d.one(v, name, to)
	case v.form == list:
		to.Set(reflect.MakeSlice(to.Type(), v.size, v.size))
		for i := range v.size {
			one, ok := d.in[item(at, i)]
			if !ok {
				d.gap(at, i)
				return
			}
			d.one(one, fmt.Sprintf("item %d of %s", i+1, name), to.Index(i))
		}
	case (d.alone || d.table) && !v.form.isTable():
		to.Set(reflect.MakeSlice(to.Type(), 1, 1))
		d.one(v, name, to.Index(0))
	default:
		d.report(v.origin, "%s is %s; it takes a list in brackets", name, v.form.noun())
	}
}

// gap reports that a list lacks an item, although a later one is given.
func (d *decoder) gap(list string, missing int) {
	for _, path := range d.in.lines(list) {
		if n, _ := strconv.Atoi(d.in[path].name); n > missing {
			d.report(d.in[path].origin, "item %d of %s is given, item %d is not", n, list, missing)
			return
		}
	}
}

func (d *decoder) readTable(at string, to reflect.Value) {
	whole := d.in[at]
	if !whole.form.isTable() && (whole.form != list || whole.size > 0) {
		d.report(whole.origin, "%s is %s; it takes a table such as %s", at, whole.form.noun(), d.example)
		return
	}
	to.Set(reflect.MakeMap(to.Type()))
	known := make(map[string]string)
	for _, path := range d.in.lines(at) {
		line := d.in[path]
		name, ok := d.nameOf(path, at)
		folded := strings.ToLower(strings.TrimSpace(line.name))
		other, twice := known[folded]
		switch {
		case !ok:
		case twice:
			d.report(line.origin, "%s has %s and %s, which differ in nothing that counts", at, pathName(other), pathName(line.name))
		default:
			known[folded] = line.name
			entry := reflect.New(to.Type().Elem()).Elem()
			d.entry(path, path, entry)
			to.SetMapIndex(name, entry)
		}
	}
}

// nameOf returns the name of a table's line, or reports that it has none.
func (d *decoder) nameOf(path, whole string) (name reflect.Value, ok bool) {
	line := d.in[path]
	parsed, err := d.names.parse(line.name)
	switch {
	case line.form == dotted:
		within := line.name
		for below := d.in.lines(path); len(below) > 0; below = d.in.lines(below[0]) {
			within = join(within, d.in[below[0]].name)
		}
		d.report(line.origin, "%s has a name with a dot; put quotes around it: %q = …", whole, within)
	case strings.TrimSpace(line.name) == "":
		d.report(line.origin, "%s has a line without a name", whole)
	case err != nil:
		d.report(line.origin, "%s has the name %q; a name is %s", whole, clip(line.name, maxShown), d.names.takes)
	default:
		return reflect.ValueOf(parsed), true
	}
	return name, false
}

// one reads a value that is not a list.
func (d *decoder) one(v value, name string, to reflect.Value) {
	takes := d.kind.takes
	if !slices.Contains(append(d.kind.forms, bare), v.form) {
		d.report(v.origin, "%s is %s; it takes %s", name, v.form.noun(), takes)
		return
	}
	parsed, err := d.kind.parse(v.text)
	if path, ok := parsed.(setting.Path); ok {
		parsed = path.In(string(setting.Path(v.folder).In(d.dir)))
	}
	if parsed != nil {
		to.Set(reflect.ValueOf(parsed))
	}
	if err == nil {
		err = d.checkRange(to)
	}
	shown := clip(v.text, maxShown)
	if m, ok := parsed.(interface{ Masked() string }); ok {
		shown = clip(m.Masked(), maxShown)
	}
	if v.form != number && v.form != moment {
		shown = strconv.Quote(shown)
	}
	switch {
	case err == nil:
	case d.kind.secret && errors.Is(err, setting.ErrForm):
		d.report(v.origin, "%s is not %s", name, takes) // the value is not shown
	case d.kind.secret, errors.Is(err, setting.ErrPassword):
		d.report(v.origin, "%s %v", name, err) // nor here
	case errors.Is(err, setting.ErrForm):
		d.report(v.origin, "%s is %s; it takes %s", name, shown, takes)
	default:
		d.report(v.origin, "%s is %s, which %v", name, shown, err)
	}
}

// checkRange reports a time or a number that is too small or too large.
func (k *key) checkRange(v reflect.Value) error {
	if !v.CanInt() || v.Int() == 0 && k.zero != "" {
		return nil
	}
	limit := func(n int64) string { return format(reflect.ValueOf(n).Convert(v.Type())) }
	switch n := v.Int(); {
	case n < k.min && k.zero != "":
		return fmt.Errorf("is less than %s, the least it may be but for 0, which is %s", limit(k.min), k.zero)
	case n < k.min:
		return fmt.Errorf("is less than %s, the least it may be", limit(k.min))
	case k.max > 0 && n > k.max:
		return fmt.Errorf("is more than %s, the most it may be", limit(k.max))
	}
	return nil
}
