package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// key is one setting, as its field of the struct and the field's tags say.
type key struct {
	path    string   // in the settings file: "netsapiens.token"
	index   []int    // of the field, from Settings
	section *section // nil at the top of the file
	typ     reflect.Type
	list    bool
	kind    kind // of the value, or of a list's items

	doc, example string
	old          string // name in the environment before Switchhook
	initial      string // default; items of a list are separated by spaces
	folder       string // default in a folder of domains.json
	need         string // the section that cannot be on without this key
	switches     string // the section that is on when this key is given
	min, max     int64  // of a time or a number; 0 for no limit
	zero         string // what 0 means where it may be less than min
}

// section is one section of the settings file.
type section struct {
	path     string
	index    []int
	doc      string
	optional bool   // a pointer: nil until the section is on
	switches string // the section that is on when this one is given
}

// variable returns the name of the key in the environment.
func (k *key) variable() string { return variableName(k.path) }

// variables returns all names of the key in the environment, the one that wins
// first; of a list that of its first item.
func (k *key) variables() []string {
	names := []string{k.variable()}
	if k.list {
		names[0] += "_0"
	}
	if k.old != "" {
		names = append(names, k.old)
	}
	return names
}

// secret says whether the key's value is never shown, and may come from a file
// or a credential of its own.
func (k *key) secret() bool { return k.kind.secret }

// The names of a secret's twin, which names the file that holds it.
const (
	twinPath     = "_file"
	twinVariable = "_FILE"
)

// variablePrefix begins the names of all settings in the environment.
const variablePrefix = "SWITCHHOOK_"

// variableName returns the name in the environment of what has a path in the
// settings file.
func variableName(path string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// plan is everything that can be set, in the order of the struct, which is the
// order of the settings file.
type plan struct {
	keys     []*key
	sections []*section
}

// newPlan reads the plan from the struct Settings. It panics where a field or
// tag is not as the package needs it, which any test of Load finds.
func newPlan() *plan {
	p := &plan{}
	p.add(reflect.TypeFor[Settings](), nil, nil, kinds())
	return p
}

func (p *plan) add(in reflect.Type, within *section, index []int, known map[reflect.Type]kind) {
	prefix := ""
	if within != nil {
		prefix = within.path + "."
	}
	for i := range in.NumField() {
		field := in.Field(i)
		name := field.Tag.Get("key")
		if name == "" {
			continue
		}
		at := slices.Concat(index, []int{i})
		k := &key{
			path: prefix + name, index: at, section: within, typ: field.Type,
			doc: field.Tag.Get("doc"), example: field.Tag.Get("example"),
			old: field.Tag.Get("old"), initial: field.Tag.Get("default"), folder: field.Tag.Get("folder"),
			need: field.Tag.Get("need"), switches: field.Tag.Get("switches"),
			zero: field.Tag.Get("zero"),
		}
		item := field.Type
		if k.list = item.Kind() == reflect.Slice; k.list {
			item = item.Elem()
		}
		if found, ok := known[item]; ok {
			k.kind, k.min, k.max = found, found.limit(field, "min"), found.limit(field, "max")
			p.keys = append(p.keys, k)
			continue
		}
		optional := field.Type.Kind() == reflect.Pointer
		inner := field.Type
		if optional {
			inner = inner.Elem()
		}
		if inner.Kind() != reflect.Struct {
			panic(fmt.Sprintf("config: %s is of type %s, which is no kind of setting", k.path, field.Type))
		}
		s := &section{path: k.path, index: at, doc: k.doc, optional: optional, switches: k.switches}
		p.sections = append(p.sections, s)
		p.add(inner, s, at, known)
	}
}

// limit returns the time or number in a tag, or 0 where there is none.
func (k kind) limit(field reflect.StructField, tag string) int64 {
	text := field.Tag.Get(tag)
	if text == "" {
		return 0
	}
	parsed, err := k.parse(text, "")
	n, ok := integer(parsed)
	if err != nil || !ok {
		panic(fmt.Sprintf("config: %s of %s is %q", tag, field.Name, text))
	}
	return n
}

func (p *plan) key(path string) *key {
	for _, k := range p.keys {
		if k.path == path {
			return k
		}
	}
	return nil
}

// twin returns the secret whose file a path names, or nil.
func (p *plan) twin(path string) *key {
	if of, ok := strings.CutSuffix(path, twinPath); ok {
		if k := p.key(of); k != nil && k.secret() {
			return k
		}
	}
	return nil
}

func (p *plan) section(path string) *section {
	for _, s := range p.sections {
		if s.path == path {
			return s
		}
	}
	return nil
}

// names returns every name that may stand in the settings file, for telling
// what a mistyped one was meant to be.
func (p *plan) names() []string {
	var all []string
	for _, s := range p.sections {
		all = append(all, s.path)
	}
	for _, k := range p.keys {
		all = append(all, k.path)
		if k.secret() {
			all = append(all, k.path+twinPath)
		}
	}
	for _, d := range deferrals() {
		all = append(all, d.path)
	}
	return all
}
