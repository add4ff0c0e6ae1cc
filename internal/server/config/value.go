package config

import (
	"iter"
	"strconv"
	"strings"
)

// form is how a value is written.
type form int

const (
	bare    form = iota // outside TOML, where everything is text without quotes
	text                // "in quotes"
	boolean             // true, false
	number
	moment // a date, a time of day, or both
	list   // […]
	table  // {…}
)

// noun is the name of a form in a sentence.
func (f form) noun() string {
	return [...]string{"a word", "text in quotes", "true or false without quotes", "a number", "a date or time of day", "a list in brackets", "a table in braces"}[f]
}

// notation is how a table, or a list of tables, is written.
type notation int

const (
	inline notation = iota // {…}, […]
	headed                 // [name], [[name]]
	dotted                 // name.key = …
)

// value is what one place gives for a setting or section.
type value struct {
	form     form
	notation notation
	text     string   // if it is no list or table
	items    []*value // of a list
	fields   []field  // of a table
	origin   Origin
	folder   string // for relative paths in the value
}

// field is one name of a table.
type field struct {
	name string
	*value
}

func (v *value) field(name string) *value {
	for _, f := range v.fields {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// leaves iterates over the values in a dotted table, by the paths below it.
func (v *value) leaves() iter.Seq2[string, *value] {
	return func(yield func(string, *value) bool) { v.eachLeaf(nil, yield) }
}

func (v *value) eachLeaf(path []string, yield func(string, *value) bool) bool {
	depth := len(path)
	for _, f := range v.fields {
		path = append(path[:depth], f.name)
		switch {
		case f.form == table && f.notation == dotted:
			if !f.eachLeaf(path, yield) {
				return false
			}
		case !yield(pathName(path...), f.value):
			return false
		}
	}
	return true
}

// asksNothing says whether a value means "no" or "none".
func (v *value) asksNothing() bool {
	switch v.form {
	case bare, text:
		return v.text == ""
	case boolean:
		return v.text == "false"
	case list:
		return len(v.items) == 0
	default:
		return false
	}
}

// pathName joins the parts of a key as TOML writes them.
func pathName(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		if quoted[i] = part; !isBareKey(part) {
			quoted[i] = strconv.Quote(part)
		}
	}
	return strings.Join(quoted, ".")
}

// isBareKey says whether TOML accepts a name without quotes.
func isBareKey(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}
