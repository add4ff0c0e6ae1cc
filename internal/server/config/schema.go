package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// node describes a field of the settings: a setting, a section, or an array of
// sections, written [[like this]]. A path names one: "netsapiens.token", or
// "oncall.source.0.kind" with the number of an item.
type node struct {
	name     string
	doc      string
	field    int    // in the struct of its section
	switches string // the section that this switches on

	*key // of a setting

	children []*node // of a section or array
	optional bool    // a section that is nil until it is on
	array    bool
	of       reflect.Type // of a section, or of an array's items
}

// key describes a setting by its tags.
type key struct {
	typ   reflect.Type
	table bool // of the operator's own names with values
	list  bool // of values; in a table, each value is one
	alone bool // a list of one may be written as its item
	names kind // of a table's names
	kind  kind // of the value, or of the items of a list or table

	example  string
	initial  string // default; items of a list are separated by spaces
	inherits string // path of the setting that provides the value unless this one is given
	folder   string // default in a folder of domains.json
	need     string // the section that requires this setting
	min, max int64  // of a time or a number; 0: no limit
	zero     string // what 0 means if it may be less than min
	shown    string // of a secret that clients send: now, or before it was replaced
}

// needOfItem tags what every item of an array requires.
const needOfItem = "item"

// maxItems is the most items of an array. More are a mistake.
const maxItems = 100

// schema returns the root section. It panics on an invalid field or tag, which
// any test of Load finds.
func schema() *node {
	root := &node{of: reflect.TypeFor[Settings]()}
	root.add(standard())
	return root
}

// add adds the fields of a section's struct.
func (n *node) add(known map[reflect.Type]kind) {
	for i := range n.of.NumField() {
		field := n.of.Field(i)
		tag := field.Tag.Get
		if tag("key") == "" {
			continue
		}
		c := &node{name: tag("key"), doc: tag("doc"), field: i, switches: tag("switches"), of: field.Type}
		n.children = append(n.children, c)
		if c.key = newKey(field, known); c.key != nil {
			continue
		}
		if c.optional, c.array = c.of.Kind() == reflect.Pointer, c.of.Kind() == reflect.Slice; c.optional || c.array {
			c.of = c.of.Elem()
		}
		if c.of.Kind() != reflect.Struct {
			panic(fmt.Sprintf("config: %s is of type %s, which is no kind of setting", c.name, field.Type))
		}
		c.add(known)
	}
}

// newKey returns a field's tags, or nil for a section.
func newKey(field reflect.StructField, known map[reflect.Type]kind) *key {
	tag, of := field.Tag.Get, field.Type
	k := &key{
		typ: of, table: of.Kind() == reflect.Map, alone: tag("alone") != "", example: tag("example"), initial: tag("default"),
		inherits: tag("inherits"), folder: tag("folder"), need: tag("need"), zero: tag("zero"), shown: tag("shown"),
	}
	if k.table {
		k.names, _ = kindOf(of.Key(), known)
		of = of.Elem()
	}
	if k.list = of.Kind() == reflect.Slice; k.list {
		of = of.Elem()
	}
	var ok bool
	if k.kind, ok = kindOf(of, known); !ok {
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
	n, ok := integer(parsed)
	if err != nil || !ok {
		panic(fmt.Sprintf("config: the limit %q", text))
	}
	return n
}

// secret says whether a setting is never shown, and may come from a file or a
// credential.
func (n *node) secret() bool { return n.key != nil && n.kind.secret }

func (n *node) child(name string) *node {
	if i := slices.IndexFunc(n.children, func(c *node) bool { return c.name == name }); i >= 0 {
		return n.children[i]
	}
	return nil
}

// find returns what a path names: a setting, a section, an array, or its array
// for an item; nil if there is no such thing.
func (n *node) find(path string) *node {
	for rest := path; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, ".")
		if n = n.child(name); n == nil {
			return nil
		}
		if n.array && rest != "" {
			if name, rest, _ = strings.Cut(rest, "."); itemNumber(name) < 0 {
				return nil
			}
		}
	}
	return n
}

// secretFile returns the path of the secret whose file a path names, or "".
func (n *node) secretFile(path string) string {
	if of, ok := strings.CutSuffix(path, filePath); ok {
		if k := n.find(of); k != nil && k.secret() {
			return of
		}
	}
	return ""
}

// itemNumber returns the number of an item, or -1.
func itemNumber(text string) int {
	if n, err := strconv.Atoi(text); err == nil && strconv.Itoa(n) == text && n >= 0 && n < maxItems {
		return n
	}
	return -1
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

// sectionOf returns the path of the section, or item, that contains a path; ""
// for the top of the file.
func sectionOf(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }

// head is how the settings file writes the head of a section.
func (n *node) head(path string) string {
	var parts []string
	at, items := n, false
	for part := range strings.SplitSeq(path, ".") {
		if at.array && itemNumber(part) >= 0 && !items {
			items = true // the rest is within the item
			continue
		}
		at, items = at.child(part), false
		parts = append(parts, part)
	}
	name := strings.Join(parts, ".")
	if at.array {
		return "[[" + name + "]]"
	}
	return "[" + name + "]"
}

// A secret has a twin, which names the file that holds it.
const (
	filePath     = "_file"
	fileVariable = "_FILE"
)

// variablePrefix is the prefix of all settings in the environment.
const variablePrefix = "SWITCHHOOK_"

// variableName returns the environment's name for a path in the settings file.
func variableName(path string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// variables returns all names of a setting in the environment, the one that
// wins first; for a list that of its first item.
func (k *key) variables(path string, oldItem int) []string {
	name := variableName(path)
	if k.list || k.table {
		name += "_0"
	}
	if old := oldNameOf(path, oldItem); old != nil {
		return []string{name, old.variable}
	}
	return []string{name}
}

// variable resolves the rest of a variable's name within the section at a path:
// a setting, the index for one item of a list, otherwise -1, and whether it
// names the file that holds a secret.
func (n *node) variable(rest, path string) (k *node, at string, index int, file bool) {
	for _, c := range n.children {
		suffix, ok := strings.CutPrefix(rest, strings.ToUpper(c.name))
		at := join(path, c.name)
		switch {
		case !ok:
			continue
		case c.key != nil && suffix == "":
			return c, at, -1, false
		case c.secret() && suffix == fileVariable:
			return c, at, -1, true
		}
		if suffix, ok = strings.CutPrefix(suffix, "_"); !ok {
			continue
		}
		if c.key != nil {
			if i, err := strconv.Atoi(suffix); err == nil && strconv.Itoa(i) == suffix && i >= 0 && (c.list || c.table) {
				return c, at, i, false
			}
			continue
		}
		if c.array {
			number, of, _ := strings.Cut(suffix, "_")
			if itemNumber(number) < 0 {
				continue
			}
			suffix, at = of, join(at, number)
		}
		if k, at, index, file = c.variable(suffix, at); k != nil {
			return k, at, index, file
		}
	}
	return nil, "", -1, false
}

// walk calls visit with every setting below a section. In arrays it visits the
// items whose numbers items returns.
func (n *node) walk(path string, items func(array string) []int, visit func(k *node, path string)) {
	for _, c := range n.children {
		at := join(path, c.name)
		switch {
		case c.key != nil:
			visit(c, at)
		case c.array:
			for _, i := range items(at) {
				c.walk(item(at, i), items, visit)
			}
		default:
			c.walk(at, items, visit)
		}
	}
}

// likely returns the items whose settings a mistyped name may mean: the first,
// and the one whose number the name has.
func likely(mistyped string, named func(path string) string) func(array string) []int {
	return func(array string) []int {
		for i := 1; i < maxItems; i++ {
			if strings.HasPrefix(mistyped, named(item(array, i))) {
				return []int{0, i}
			}
		}
		return []int{0}
	}
}

// paths returns every name in the settings file that a mistyped one may mean.
func (n *node) paths(mistyped string) []string {
	var all []string
	sections := make(map[string]bool)
	n.walk("", likely(mistyped, func(path string) string { return path + "." }), func(k *node, path string) {
		all = append(all, path)
		if k.secret() {
			all = append(all, path+filePath)
		}
		for in := sectionOf(path); in != "" && !sections[in]; in = sectionOf(in) {
			sections[in] = true
		}
	})
	for _, d := range deferrals() {
		all = append(all, d.path)
	}
	return slices.Concat(slices.Sorted(maps.Keys(sections)), all)
}

// variableNames returns every variable that a mistyped one may mean, without
// the prefix.
func (n *node) variableNames(mistyped string) []string {
	var all []string
	n.walk("", likely(mistyped, func(path string) string { return variableName(path) + "_" }), func(k *node, path string) {
		name := strings.TrimPrefix(variableName(path), variablePrefix)
		if k.list || k.table {
			name += "_0"
		}
		if all = append(all, name); k.secret() {
			all = append(all, name+fileVariable)
		}
	})
	return all
}
