package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/switchhook/switchhook/internal/fault/spelling"
)

// schema is everything that can be set.
type schema struct {
	*node // the root section

	all    []*node           // in the order of the file
	byPath map[string]*node  // with a star for the number of an item
	byName map[string]string // the paths by the names of variables, both with stars
}

// node describes a field of the settings: a setting, a section, or an array of
// sections, written [[like this]].
type node struct {
	path     string // "oncall.source.*.kind", with a star for the number of an item
	name     string
	doc      string
	field    []int        // in the struct of its section
	of       reflect.Type // of the field; of a section, or of an array's items, their struct
	switches string       // the section that this switches on

	*key // of a setting

	children []*node // of a section or array
	optional bool    // a section that is nil until it is on
	array    bool
	named    string // the setting of an array's items that may stand in their heads
	later    string // why this cannot be used in this version
}

// key describes a setting by its tags.
type key struct {
	table bool // of the operator's own names with values
	list  bool // of values; in a table, each value is one
	alone bool // a list of one may be written as its item
	names kind // of a table's names
	kind  kind // of the value, or of the items of a list or table

	holds string // of a file of a secret: the path of the secret

	example  string
	initial  string // default; items of a list are separated by spaces
	inherits string // path of the setting that provides the value unless this one is given
	need     string // the section that requires this setting
	min, max int64  // of a time or a number; 0: no limit
	zero     string // what 0 means if it may be less than min
	shown    string // of a secret that clients send: now, or before it was replaced
}

const (
	// needOfItem tags what every item of an array requires.
	needOfItem = "item"

	// maxItems is the most items of an array. More are a mistake.
	maxItems = 100

	// A secret has a twin, which names the file that holds it.
	filePath = "_file"

	// variablePrefix is the prefix of all settings in the environment.
	variablePrefix = "SWITCHHOOK_"

	// star stands for the number of an item.
	star = "*"
)

// theSchema returns the schema of Settings, which does not change. It panics on
// an invalid field or tag, which any test of Load finds.
var theSchema = sync.OnceValue(func() *schema {
	s := &schema{byPath: make(map[string]*node), byName: make(map[string]string)}
	s.node = &node{of: reflect.TypeFor[Settings]()}
	s.addFields(s.node, "")
	for _, d := range deferrals() {
		s.add(&node{path: d[0], later: d[1]})
	}
	return s
})

func (s *schema) add(n *node) { s.all, s.byPath[n.path] = append(s.all, n), n }

// addFields adds the fields of a section's struct.
func (s *schema) addFields(section *node, path string) {
	for _, field := range fieldsOf(section.of) {
		tag := field.Tag.Get
		c := &node{path: join(path, tag("key")), name: tag("key"), doc: tag("doc"), field: field.Index, switches: tag("switches"), named: tag("named"), of: field.Type}
		section.children = append(section.children, c)
		if c.key = newKey(field); c.key != nil {
			s.addKey(c)
			continue
		}
		if c.optional, c.array = c.of.Kind() == reflect.Pointer, c.of.Kind() == reflect.Slice; c.optional || c.array {
			c.of = c.of.Elem()
		}
		if c.of.Kind() != reflect.Struct {
			panic(fmt.Sprintf("config: %s is of type %s, which is no kind of setting", c.name, field.Type))
		}
		s.add(c)
		within := c.path
		if c.array {
			within = join(within, star)
			s.byPath[within] = c
		}
		s.addFields(c, within)
	}
}

// fieldsOf returns the fields of a section's struct that can be set, with those of
// the structs that are tagged inline, which stand in the same section.
func fieldsOf(section reflect.Type) []reflect.StructField {
	var all []reflect.StructField
	for field := range section.Fields() {
		switch {
		case field.Tag.Get("inline") != "":
			for _, within := range fieldsOf(field.Type) {
				within.Index = append(slices.Clone(field.Index), within.Index...)
				all = append(all, within)
			}
		case field.Tag.Get("key") != "":
			all = append(all, field)
		}
	}
	return all
}

// addKey adds a setting, and the file that holds it if it is a secret.
func (s *schema) addKey(k *node) {
	s.add(k)
	s.byName[variableName(k.path)] = k.path
	if k.list || k.table {
		s.byName[variableName(join(k.path, star))] = join(k.path, star)
	}
	if k.kind.secret {
		s.addKey(&node{path: k.path + filePath, name: k.name + filePath, key: &key{holds: k.path}})
	}
}

// newKey returns a field's tags, or nil for a section.
func newKey(field reflect.StructField) *key {
	tag, of := field.Tag.Get, field.Type
	k := &key{
		table: of.Kind() == reflect.Map, alone: tag("alone") != "", example: tag("example"), initial: tag("default"),
		inherits: tag("inherits"), need: tag("need"), zero: tag("zero"), shown: tag("shown"),
	}
	if k.table {
		k.names, _ = kindOf(of.Key())
		of = of.Elem()
	}
	if k.list = of.Kind() == reflect.Slice; k.list {
		of = of.Elem()
	}
	var ok bool
	if k.kind, ok = kindOf(of); !ok {
		return nil
	}
	k.min, k.max = k.kind.limit(tag("min")), k.kind.limit(tag("max"))
	return k
}

// limit returns the time or number in a tag; 0: none.
func (k kind) limit(text string) int64 {
	if text == "" {
		return 0
	}
	parsed, err := k.parse(text)
	if err != nil || !reflect.ValueOf(parsed).CanInt() {
		panic(fmt.Sprintf("config: the limit %q", text))
	}
	return reflect.ValueOf(parsed).Int()
}

// find returns what a path names: a setting, a section, an array, or its array
// for an item; nil if there is no such thing.
func (s *schema) find(path string) *node {
	starred, numbers := numbersOf(path, ".")
	if len(numbers) > 0 && !isItem(numbers[0]) {
		return nil
	}
	return s.byPath[starred]
}

// setting returns what find does, unless it is no setting.
func (s *schema) setting(path string) *node {
	if n := s.find(path); n != nil && n.key != nil {
		return n
	}
	return nil
}

// named returns the setting that a variable names, and its path; of a list or
// table it may be the path of an item.
func (s *schema) named(variable string) (k *node, path string) {
	starred, numbers := numbersOf(variable, "_")
	path = s.byName[starred]
	for _, number := range numbers {
		path = strings.Replace(path, star, number, 1)
	}
	if k = s.setting(path); k == nil {
		k = s.setting(sectionOf(path))
	}
	return k, path
}

// laterVariable returns what a variable names that is not in this version, or nil.
func (s *schema) laterVariable(variable string) *node {
	i := slices.IndexFunc(s.all, func(n *node) bool {
		return n.later != "" && strings.HasPrefix(variable+"_", variableName(n.path)+"_")
	})
	if i < 0 {
		return nil
	}
	return s.all[i]
}

// numbersOf returns a path or the name of a variable with stars in place of its
// numbers, and the numbers.
func numbersOf(name, separator string) (starred string, numbers []string) {
	switch {
	case strings.Contains(name, star): // not ours
		return "", nil
	case !strings.ContainsAny(name, "0123456789"):
		return name, nil
	}
	parts := strings.Split(name, separator)
	for i, part := range parts {
		if isNumber(part) {
			parts[i], numbers = star, append(numbers, part)
		}
	}
	return strings.Join(parts, separator), numbers
}

// isNumber says whether a name is a number as we write it.
func isNumber(name string) bool {
	return strings.Trim(name, "0123456789") == "" && name != "" && (name == "0" || name[0] != '0')
}

// isItem says whether a name is the number of an item of an array.
func isItem(name string) bool {
	n, err := strconv.Atoi(name)
	return isNumber(name) && err == nil && n < maxItems
}

// head is how the settings file writes the head of a section.
func (n *node) head() string {
	name := strings.ReplaceAll(n.path, "."+star, "")
	if n.named != "" {
		i := slices.IndexFunc(n.children, func(c *node) bool { return c.name == n.named })
		return fmt.Sprintf("[%s.%q]", name, n.children[i].example)
	}
	if n.array {
		return "[[" + name + "]]"
	}
	return "[" + name + "]"
}

// variableName returns the environment's name for a path in the settings file.
func variableName(path string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// variable returns the name of a setting in the environment; for a list that of
// its first item.
func (k *key) variable(path string) string {
	if k.list || k.table {
		return variableName(item(path, 0))
	}
	return variableName(path)
}

// variables returns all names of a setting in the environment, the one that wins
// first.
func (k *key) variables(path string, pagerDuty int) []string {
	names := []string{k.variable(path)}
	if f, ok := formerName(path, pagerDuty); ok {
		names = append(names, f.variable)
	}
	return names
}

// meant returns the path that a mistyped variable most likely stands for, or "".
// It may also be the variable of a mistyped path, which can be that of a section.
func (s *schema) meant(variable string, isPath bool) string {
	_, numbers := numbersOf(variable, "_")
	paths, names := make(map[string]string), []string(nil)
	for _, n := range s.all {
		if n.key == nil && !isPath {
			continue
		}
		array, _, _ := strings.Cut(n.path, star)
		number := "0"
		if len(numbers) > 0 && isItem(numbers[0]) && strings.HasPrefix(variable, variableName(array)+numbers[0]+"_") {
			number = numbers[0]
		}
		path := strings.Replace(n.path, star, number, 1)
		name := variableName(path)
		if !isPath {
			name = n.variable(path)
		}
		name = strings.TrimPrefix(name, variablePrefix) // it would make two short names nearly the same
		paths[name], names = path, append(names, name)
	}
	return paths[spelling.Nearest(strings.TrimPrefix(variable, variablePrefix), names)]
}

// meantPath returns the path that a mistyped one most likely stands for, or "".
func (s *schema) meantPath(mistyped string) string {
	if path := s.meant(variableName(mistyped), true); path != "" {
		return path
	}
	for _, n := range s.all {
		if last(n.path) == last(mistyped) { // it stands in the wrong section
			return strings.Replace(n.path, star, "0", 1)
		}
	}
	return ""
}
