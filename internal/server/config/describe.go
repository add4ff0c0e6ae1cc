package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Setting is one setting in readable form.
type Setting struct {
	Path      string   // in the settings file: "netsapiens.token"
	Value     string   // as in the settings file, without quotes; a secret is <secret>; "" if not set
	Origin    Origin   // where the value came from
	Meaning   string   // a sentence or two
	Variables []string // its names in the environment, the one that wins first
}

// Describe returns all settings in the order of the settings file, except those
// of sections that are off.
func (s *Settings) Describe() (all []Setting) {
	theSchema().walk("", reflect.ValueOf(s).Elem(), func(k *node, path string, field reflect.Value) {
		all = append(all, Setting{Path: path, Value: k.format(field), Origin: s.origins[path], Meaning: k.doc, Variables: k.variables(path, s.pagerDuty)})
	})
	return all
}

// walk calls visit with every setting of a section, and of those within it that
// are on.
func (n *node) walk(path string, section reflect.Value, visit func(k *node, path string, field reflect.Value)) {
	for _, c := range n.children {
		at, field := join(path, c.name), section.FieldByIndex(c.field)
		switch {
		case c.key != nil:
			visit(c, at, field)
		case c.array:
			for i := range field.Len() {
				c.walk(item(at, i), field.Index(i), visit)
			}
		case !c.optional:
			c.walk(at, field, visit)
		case !field.IsNil():
			c.walk(at, field.Elem(), visit)
		}
	}
}

// format writes the value of a setting's field.
func (k *key) format(field reflect.Value) string {
	switch {
	case k.table:
		return k.formatTable(field)
	case k.list:
		return formatList(field)
	case field.Kind() == reflect.Pointer && field.IsNil(), field.Kind() == reflect.Int && field.Int() == 0 && k.initial == "" && k.zero == "":
		return ""
	default:
		return format(field)
	}
}

// formatTable writes the value of a table: NAME = VALUE; NAME = VALUE, VALUE.
func (k *key) formatTable(field reflect.Value) string {
	var lines []string
	for name, v := range field.Seq2() {
		text := format(v)
		if k.list {
			text = formatList(v)
		}
		lines = append(lines, fmt.Sprint(name.Interface())+" "+assigns+" "+text)
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

// formatList writes the items of a list: VALUE, VALUE.
func formatList(field reflect.Value) string {
	items := make([]string, field.Len())
	for i := range items {
		items[i] = format(field.Index(i))
	}
	return strings.Join(items, separates+" ")
}
