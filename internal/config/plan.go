package config

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// key is one setting, as its field of the struct and the field's tags say.
type key struct {
	path    string   // in the settings file: "netsapiens.token"
	own     string   // in the environment: "SWITCHHOOK_NETSAPIENS_TOKEN"
	index   []int    // of the field, from Settings
	section *section // nil at the top of the file
	typ     reflect.Type
	table   bool // names with values that the operator chooses
	list    bool // of values; of a table, each value is one
	alone   bool // a list of one may be written as its item
	name    kind // of a table's names
	kind    kind // of the value, or of the items of a list or table

	doc, example string
	old          string // name in the environment before Switchhook
	common       bool   // old is a name that other programs use as well
	before       string // file in the folder of the on-call service before
	initial      string // default; items of a list are separated by spaces
	inherits     string // path of the key whose value this one has where nobody gives it one
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
	optional bool     // a pointer: nil until the section is on
	gate     string   // the section without which this one is not there; "" where it always is
	switches string   // the section that is on when this one is given
	array    *array   // that this section is an item of, or nil
	item     *section // of an array, that this section is or stands in, or nil
}

// head is how the settings file writes the head of the section.
func (s *section) head() string {
	switch {
	case s.array != nil:
		return "[[" + s.array.path + "]]"
	case s.item != nil:
		return "[" + s.item.array.path + strings.TrimPrefix(s.path, s.item.path) + "]"
	default:
		return "[" + s.path + "]"
	}
}

// variable returns the name of the key in the environment.
func (k *key) variable() string { return k.own }

// variables returns all names of the key in the environment, the one that wins
// first; of a list that of its first item.
func (k *key) variables() []string {
	names := []string{k.variable()}
	if k.list || k.table {
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
// order of the settings file. Of arrays it has the items that were asked for.
type plan struct {
	keys     []*key
	sections []*section
	arrays   []*array
	paths    map[string]*key
	kinds    map[reflect.Type]kind
}

// newPlan reads the plan from the struct Settings, with one item of each array.
// It panics where a field or tag is not as the package needs it, which any test
// of Load finds.
func newPlan() *plan {
	p := &plan{paths: make(map[string]*key), kinds: kinds()}
	maps.Copy(p.kinds, onCallKinds())
	p.add(reflect.TypeFor[Settings](), nil, nil)
	for _, a := range p.arrays {
		p.item(a, 0)
	}
	return p
}

func (p *plan) add(in reflect.Type, within *section, index []int) {
	for i := range in.NumField() {
		field := in.Field(i)
		if field.Tag.Get("key") == "" {
			continue
		}
		k := newKey(field, within, slices.Concat(index, []int{i}))
		switch {
		case p.setting(k, field):
			p.keys = append(p.keys, k)
			p.paths[k.path] = k
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct && (within == nil || within.item == nil):
			p.arrays = append(p.arrays, &array{path: k.path, own: k.own + "_", index: k.index, doc: k.doc, typ: field.Type.Elem(), within: within, items: make(map[int]*section)})
		default:
			p.addSection(k, within)
		}
	}
}

// newKey returns what the tags of a field say.
func newKey(field reflect.StructField, within *section, index []int) *key {
	tag := field.Tag.Get
	k := &key{
		path: tag("key"), index: index, section: within, typ: field.Type, alone: tag("alone") != "",
		doc: tag("doc"), example: tag("example"), old: tag("old"), common: tag("common") != "", before: tag("before"),
		initial: tag("default"), inherits: tag("inherits"), folder: tag("folder"),
		need: tag("need"), switches: tag("switches"), zero: tag("zero"),
	}
	if within != nil {
		k.path = within.path + "." + k.path
		if k.need == needOfItem {
			k.need = within.path
		}
	}
	k.own = variableName(k.path)
	return k
}

// setting says whether a field is a setting, and notes its kind.
func (p *plan) setting(k *key, field reflect.StructField) bool {
	of := field.Type
	if k.table = of.Kind() == reflect.Map; k.table {
		k.name = p.kinds[of.Key()]
		of = of.Elem()
	}
	if k.list = of.Kind() == reflect.Slice; k.list {
		of = of.Elem()
	}
	found, ok := p.kinds[of]
	if ok {
		k.kind, k.min, k.max = found, found.limit(field, "min"), found.limit(field, "max")
	}
	return ok
}

func (p *plan) addSection(k *key, within *section) {
	s := &section{path: k.path, index: k.index, doc: k.doc, switches: k.switches}
	if within != nil {
		s.gate, s.item = within.gate, within.item
		s.switches = cmp.Or(s.switches, within.gate)
	}
	inner := k.typ
	if s.optional = inner.Kind() == reflect.Pointer; s.optional {
		inner, s.gate = inner.Elem(), k.path
	}
	if inner.Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: %s is of type %s, which is no kind of setting", k.path, k.typ))
	}
	p.sections = append(p.sections, s)
	p.add(inner, s, s.index)
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

// key returns the key of a path, or nil. Items of arrays are made as they are
// asked for.
func (p *plan) key(path string) *key {
	if k := p.paths[path]; k != nil {
		return k
	}
	for _, a := range p.arrays {
		if rest, ok := strings.CutPrefix(path, a.path+"."); ok {
			p.makeItem(a, rest, ".")
		}
	}
	return p.paths[path]
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

// stands says whether a name stands in the section of a path.
func stands(name, path string) bool {
	rest, ok := strings.CutPrefix(name, path)
	return ok && strings.HasPrefix(rest, ".")
}

// names returns every name that may stand in the settings file, for telling
// what a mistyped one was meant to be. Of arrays it has those of the first item
// and of the one that the mistyped name stands in.
func (p *plan) names(in string) []string {
	var all []string
	near := func(s *section) bool {
		return s == nil || s.item == nil || s.item == s.item.array.items[0] || stands(in, s.item.path)
	}
	for _, s := range p.sections {
		if near(s) {
			all = append(all, s.path)
		}
	}
	for _, a := range p.arrays {
		all = append(all, a.path)
	}
	for _, k := range p.keys {
		if !near(k.section) {
			continue
		}
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
