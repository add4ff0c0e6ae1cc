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
)

// settings makes Settings of the layers, and reports every value that a key
// does not take.
func (l *loader) settings() *Settings {
	s := &Settings{origins: make(map[string]Origin)}
	root := reflect.ValueOf(s).Elem()
	for _, section := range l.plan.sections {
		if _, on := l.causes[section.path]; on && section.optional {
			field := root.FieldByIndex(section.index)
			field.Set(reflect.New(field.Type().Elem()))
		}
	}
	for _, k := range l.plan.keys {
		parsed, origin, found := l.value(k)
		if !found {
			parsed, origin, found = l.initial(k)
		}
		if !found || k.section != nil && k.section.optional && l.off(k.section.path) {
			continue
		}
		root.FieldByIndex(k.index).Set(parsed)
		s.origins[k.path] = origin
	}
	return s
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
	v := value{text: k.initial, origin: Origin{Kind: Default}}
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
	if !k.list {
		parsed, problem := k.parseOne(v, k.path, dir)
		if problem != nil {
			return parsed, []Problem{*problem}
		}
		return parsed, nil
	}
	if v.form != list {
		return reflect.Value{}, []Problem{problemf(v.origin, "%s is %s; it takes a list in brackets", k.path, v.form.noun())}
	}
	whole := reflect.MakeSlice(k.typ, 0, len(v.items))
	var problems []Problem
	for i, item := range v.items {
		parsed, problem := k.parseOne(item, fmt.Sprintf("item %d of %s", i+1, k.path), dir)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		whole = reflect.Append(whole, parsed)
	}
	return whole, problems
}

// parseOne returns what a value says that is not a list. name is what problems
// call it.
func (k *key) parseOne(v value, name, dir string) (reflect.Value, *Problem) {
	fail := func(format string, args ...any) (reflect.Value, *Problem) {
		p := problemf(v.origin, "%s %s", name, fmt.Sprintf(format, args...))
		return reflect.Value{}, &p
	}
	takes := k.kind.takes
	if v.form != bare && v.form != k.kind.written() {
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
	shown := strconv.Quote(clip(v.text))
	if v.form == number {
		shown = clip(v.text)
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
	limit := func(n int64) string { return k.kind.format(reflect.ValueOf(n).Convert(k.typ).Interface()) }
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
	var switches []string
	on := false
	for _, s := range l.plan.sections {
		if s.optional {
			switches = append(switches, "["+s.path+"]")
			on = on || !l.off(s.path)
		}
	}
	if !on && !l.refused {
		remedy := "write a section " + strings.Join(switches, " or ")
		if l.from.Path == "" {
			remedy += fmt.Sprintf(" into a settings file and name that file, or start in a folder with %s and %s", oldEntries, dotenvFile)
		}
		l.report(l.top(), "nothing is switched on: %s", remedy)
	}
	for _, k := range l.plan.keys {
		if k.need != "" && !l.off(k.need) && !l.attempts[k] && !l.has(k) {
			l.report(l.placeOf(k), "%s is missing: %s", k.path, l.remedy(k))
		}
	}
}

// has says whether a place has a value for a key.
func (l *loader) has(k *key) bool {
	return slices.ContainsFunc(l.layers, func(in layer) bool { _, ok := in[k]; return ok })
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
	name := k.variable()
	if k.old != "" {
		name = k.old
	}
	if l.from.Path == "" {
		return fmt.Sprintf("set %s, in the environment or in %s", name, dotenvFile)
	}
	where := "at the top of the file"
	if k.section != nil {
		where = "below [" + k.section.path + "]"
	}
	return fmt.Sprintf("write %s = \"%s\" %s, or set %s in the environment", last(k.path), cmp.Or(k.example, "…"), where, name)
}
