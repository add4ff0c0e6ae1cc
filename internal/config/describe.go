package config

import (
	"reflect"
	"strings"
)

// Setting is one setting as people read it.
type Setting struct {
	Path      string   // in the settings file: "netsapiens.token"
	Value     string   // as the settings file would have it, without quotes; a secret is <secret>; "" where there is none
	Origin    Origin   // where the value came from
	Meaning   string   // a sentence or two
	Variables []string // its names in the environment, the one that wins first
}

// Describe returns all settings in the order of the settings file, without
// those of sections that are off.
func (s *Settings) Describe() []Setting {
	root := reflect.ValueOf(s).Elem()
	var all []Setting
	for _, k := range newPlan().keys {
		field, err := root.FieldByIndexErr(k.index)
		if err != nil {
			continue // the section is off
		}
		all = append(all, Setting{Path: k.path, Value: k.format(field), Origin: s.origins[k.path], Meaning: k.doc, Variables: k.variables()})
	}
	return all
}

// format writes the value of a key's field.
func (k *key) format(field reflect.Value) string {
	switch {
	case k.list:
		items := make([]string, field.Len())
		for i := range items {
			items[i] = k.kind.format(field.Index(i).Interface())
		}
		return strings.Join(items, ", ")
	case field.Kind() == reflect.Pointer && field.IsNil():
		return ""
	default:
		return k.kind.format(field.Interface())
	}
}
