package config

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// settings makes Settings of the layers, and reports every value that a key
// does not take.
func (l *loader) settings() *Settings {
	s := &Settings{origins: make(map[string]Origin)}
	for _, section := range l.plan.sections {
		if _, on := l.causes[section.path]; on && section.optional {
			field, _ := field(s, section.index)
			field.Set(reflect.New(field.Type().Elem()))
		}
	}
	for _, a := range l.plan.arrays {
		l.makeItems(s, a)
	}
	for _, k := range l.plan.keys {
		parsed, origin, found := l.value(k)
		if !found {
			parsed, origin, found = l.initial(k)
		}
		if !found && k.inherits != "" {
			parsed, origin, found = s.inherited(l.plan.key(k.inherits))
		}
		field, on := field(s, k.index)
		if !found || !on {
			continue
		}
		field.Set(parsed)
		s.origins[k.path] = origin
	}
	return s
}

// inherited returns the value of a key that stands before the one that has it
// as well.
func (s *Settings) inherited(k *key) (parsed reflect.Value, origin Origin, found bool) {
	origin, found = s.origins[k.path]
	parsed, on := field(s, k.index)
	return parsed, origin, found && on
}

// makeItems makes room for the items of an array that are given, and reports
// one that is given where the one before it is not.
func (l *loader) makeItems(s *Settings, a *array) {
	all, on := field(s, a.index)
	if !on {
		return
	}
	n := 0
	for n < maxItems && a.items[n] != nil && !l.off(a.items[n].path) {
		n++
	}
	all.Set(reflect.MakeSlice(all.Type(), n, n))
	for i := n + 1; i < maxItems; i++ {
		if item := a.items[i]; item != nil && !l.off(item.path) {
			l.report(l.causes[item.path], "%s.%d is given, %s.%d is not", a.path, i, a.path, n)
			return
		}
	}
}

func (l *loader) off(section string) bool {
	_, on := l.causes[section]
	return !on
}

// value returns the value of a key from the first layer that has one, and
// looks at those in all of them.
func (l *loader) value(k *key) (parsed reflect.Value, origin Origin, found bool) {
	for _, layer := range l.layers {
		v, ok := layer[k]
		if !ok {
			continue
		}
		got, problems := k.parse(v, l.from.Dir)
		l.problems = append(l.problems, problems...)
		if !found && len(problems) == 0 {
			parsed, origin, found = got, v.origin, true
		}
	}
	return parsed, origin, found
}

// initial returns the default of a key.
func (l *loader) initial(k *key) (parsed reflect.Value, origin Origin, found bool) {
	v := value{text: cmp.Or(l.implied[k], k.initial), origin: Origin{Kind: Default}}
	if l.oldFolder && k.folder != "" {
		v.text = k.folder
	}
	if v.text == "" {
		return reflect.Value{}, Origin{}, false
	}
	if k.list {
		v.form = list
		for item := range strings.FieldsSeq(k.initial) {
			v.items = append(v.items, value{text: item, origin: v.origin})
		}
	}
	parsed, problems := k.parse(v, l.from.Dir)
	if len(problems) > 0 {
		panic("config: " + problems[0].Message)
	}
	return parsed, v.origin, true
}

// parse returns what a value says, as the key's field holds it. Relative paths
// begin in the value's folder, and that in dir.
func (k *key) parse(v value, dir string) (reflect.Value, []Problem) {
	switch {
	case k.table:
		return k.parseTable(v, dir)
	case k.list:
		return k.parseList(v, k.typ, k.path, dir)
	default:
		return k.parseEntry(v, k.path, dir)
	}
}

// parseOne returns what a value says that is not a list. name is what problems
// call it.
func (k *key) parseOne(v value, name, dir string) (reflect.Value, *Problem) {
	fail := func(format string, args ...any) (reflect.Value, *Problem) {
		p := problemf(v.origin, "%s %s", name, fmt.Sprintf(format, args...))
		return reflect.Value{}, &p
	}
	takes := k.kind.takes
	if v.form != bare && v.form != k.kind.written() && (v.form != moment || !k.kind.moment) {
		return fail("is %s; it takes %s", v.form.noun(), takes)
	}
	folder := v.folder
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(dir, folder)
	}
	parsed, err := k.kind.parse(v.text, folder)
	if err == nil {
		err = k.checkRange(parsed)
	}
	shown := clip(v.text)
	if k.kind.masked {
		shown = phone.Mask(shown)
	}
	if v.form != number && v.form != moment {
		shown = strconv.Quote(shown)
	}
	switch {
	case err == nil:
		return reflect.ValueOf(parsed), nil
	case k.secret() && errors.Is(err, errOther):
		return fail("is not %s", takes) // the value is not shown
	case k.secret(), errors.Is(err, errPassword):
		return fail("%v", err) // nor here
	case errors.Is(err, errOther):
		return fail("is %s; it takes %s", shown, takes)
	default:
		return fail("is %s, which %v", shown, err)
	}
}

// checkRange says what is wrong with a time or a number that is too small or
// too large.
func (k *key) checkRange(parsed any) error {
	n, ok := integer(parsed)
	limit := func(n int64) string {
		return k.kind.format(reflect.ValueOf(n).Convert(reflect.TypeOf(parsed)).Interface())
	}
	switch {
	case !ok || n == 0 && k.zero != "":
		return nil
	case n < k.min && k.zero != "":
		return fmt.Errorf("is less than %s, the least it may be but for 0, which is %s", limit(k.min), k.zero)
	case n < k.min:
		return fmt.Errorf("is less than %s, the least it may be", limit(k.min))
	case k.max > 0 && n > k.max:
		return fmt.Errorf("is more than %s, the most it may be", limit(k.max))
	}
	return nil
}

// maxShown is how much of a value is shown in a sentence, in characters.
const maxShown = 60

func clip(text string) string {
	if chars := []rune(text); len(chars) > maxShown {
		return string(chars[:maxShown]) + "…"
	}
	return text
}

// requireWhatIsNeeded reports the keys that are missing.
func (l *loader) requireWhatIsNeeded() {
	if l.incomplete {
		return
	}
	on := slices.ContainsFunc(l.plan.sections, func(s *section) bool { return s.optional && !l.off(s.path) })
	if !on && !l.refused {
		l.report(l.top(), "nothing is switched on: %s", l.whatToSwitchOn())
	}
	for _, k := range l.plan.keys {
		if k.need != "" && !l.off(k.need) && !l.attempts[k] && !l.has(k) {
			l.report(l.placeOf(k), "%s is missing: %s", k.path, l.remedy(k))
		}
	}
}

// whatToSwitchOn says how to have the server do something.
func (l *loader) whatToSwitchOn() string {
	var heads []string
	for _, s := range l.plan.sections {
		if s.optional {
			heads = append(heads, s.head())
		}
	}
	end := len(heads) - 1
	remedy := "write a section " + strings.Join(heads[:end], ", ") + " or " + heads[end]
	if l.from.Path == "" {
		remedy += fmt.Sprintf(" into a settings file and name that file, or start in a folder with %s and %s", oldEntries, dotenvFile)
	}
	return remedy
}

// has says whether a place has a value for a key, or nobody has to write one.
func (l *loader) has(k *key) bool {
	return l.implied[k] != "" || slices.ContainsFunc(l.layers, func(in layer) bool { _, ok := in[k]; return ok })
}

// top returns the start of the settings file, or nowhere.
func (l *loader) top() Origin {
	if l.from.Path == "" {
		return Origin{}
	}
	return Origin{Kind: File, File: l.from.Path, Line: 1}
}

// placeOf returns where in the settings file a missing key belongs; where its
// section is not there, what made it needed.
func (l *loader) placeOf(k *key) Origin {
	if l.from.Path == "" || k.section == nil {
		return l.top()
	}
	if own, ok := l.causes[k.section.path]; ok {
		return own
	}
	return l.causes[k.need]
}

// remedy says how to give a key that is missing.
func (l *loader) remedy(k *key) string {
	if k.before != "" {
		return l.remedyBefore(k)
	}
	names := k.variables()
	name := names[len(names)-1]
	if l.from.Path == "" {
		return fmt.Sprintf("set %s, in the environment or in %s", name, dotenvFile)
	}
	return fmt.Sprintf("write %s %s, or set %s in the environment", k.line(), k.where(), name)
}

// line returns a line of the settings file that gives the key.
func (k *key) line() string { return last(k.path) + " = " + k.literal(cmp.Or(k.example, "…")) }

// where says where in the settings file a key belongs.
func (k *key) where() string {
	if k.section == nil {
		return "at the top of the file"
	}
	return "below " + k.section.head()
}
