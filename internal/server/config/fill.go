package config

import (
	"cmp"
	"reflect"
	"strings"
)

// fill fills a section with the given values, and reports invalid ones.
func (l *loader) fill(s *node, path string, section reflect.Value) {
	for _, c := range s.children {
		at, to := join(path, c.name), section.Field(c.field)
		switch {
		case c.key != nil:
			l.fillSetting(c, at, to)
		case c.array:
			n := l.countItems(at)
			to.Set(reflect.MakeSlice(to.Type(), n, n))
			for i := range n {
				l.fill(c, item(at, i), to.Index(i))
			}
			l.checkGap(at, n)
		case !c.optional:
			l.fill(c, at, to)
		case !l.off(at):
			to.Set(reflect.New(c.of))
			l.fill(c, at, to.Elem())
		}
	}
}

func (l *loader) fillSetting(k *node, at string, to reflect.Value) {
	parsed, origin, found := l.value(k, at)
	if !found {
		parsed, found = l.initial(k, at)
		origin = Origin{Kind: Default}
	}
	if !found && k.inherits != "" {
		parsed, origin, found = l.inherited(k, at)
	}
	if found {
		to.Set(parsed)
		l.filled[at], l.origins[at] = to, origin
		if k.shown != "" {
			l.noteWeak(k, at, parsed, origin)
		}
	}
}

// inherited returns the value that a setting takes from another. If that is in
// the same section, the value counts as a default.
func (l *loader) inherited(k *node, at string) (parsed reflect.Value, origin Origin, found bool) {
	from := k.inherits
	if beside, ok := strings.CutPrefix(from, "."); ok {
		from = join(sectionOf(at), beside)
	}
	if parsed, found = l.filled[from]; found {
		parsed, origin = parsed.Convert(k.typ), l.origins[from]
	}
	if from != k.inherits {
		origin = Origin{Kind: Default}
	}
	return parsed, origin, found
}

// countItems returns how many items of an array are given.
func (l *loader) countItems(array string) int {
	n := 0
	for n < maxItems && !l.off(item(array, n)) {
		n++
	}
	return n
}

// checkGap reports an item that is given although the previous one is not.
func (l *loader) checkGap(array string, n int) {
	for i := n + 1; i < maxItems; i++ {
		if !l.off(item(array, i)) {
			l.report(l.causes[item(array, i)], "%s is given, %s is not", item(array, i), item(array, n))
			return
		}
	}
}

// value returns the value of a setting from the first layer that has a valid
// one, and checks those in all layers.
func (l *loader) value(k *node, at string) (parsed reflect.Value, origin Origin, found bool) {
	for _, layer := range l.layers {
		v, ok := layer[at]
		if !ok {
			continue
		}
		got, problems := k.parse(v, at, l.from.Dir)
		l.problems = append(l.problems, problems...)
		if !found && len(problems) == 0 {
			parsed, origin, found = got, v.origin, true
		}
	}
	return parsed, origin, found
}

// initial returns the default of a setting.
func (l *loader) initial(k *node, at string) (parsed reflect.Value, found bool) {
	v := &value{text: cmp.Or(l.implied[at], k.initial), origin: Origin{Kind: Default}}
	if l.oldFolder && k.folder != "" {
		v.text = k.folder
	}
	if v.text == "" {
		return reflect.Value{}, false
	}
	if k.list {
		v.form = list
		for one := range strings.FieldsSeq(k.initial) {
			v.items = append(v.items, &value{text: one})
		}
	}
	parsed, problems := k.parse(v, at, l.from.Dir)
	if len(problems) > 0 {
		panic("config: " + problems[0].Message)
	}
	return parsed, true
}

// has says whether a setting has a value in some place, or an implied one.
func (l *loader) has(path string) bool {
	for _, in := range l.layers {
		if _, ok := in[path]; ok {
			return true
		}
	}
	return l.implied[path] != ""
}
