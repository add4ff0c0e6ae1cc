package config

import "reflect"

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
func (s *Settings) Describe() []Setting {
	return s.describe(schema(), "", reflect.ValueOf(s).Elem())
}

func (s *Settings) describe(in *node, path string, section reflect.Value) (all []Setting) {
	for _, c := range in.children {
		at, field := join(path, c.name), section.Field(c.field)
		switch {
		case c.key != nil:
			all = append(all, Setting{Path: at, Value: c.format(field), Origin: s.origins[at], Meaning: c.doc, Variables: c.variables(at, s.pagerDuty)})
		case c.array:
			for i := range field.Len() {
				all = append(all, s.describe(c, item(at, i), field.Index(i))...)
			}
		case !c.optional:
			all = append(all, s.describe(c, at, field)...)
		case !field.IsNil():
			all = append(all, s.describe(c, at, field.Elem())...)
		}
	}
	return all
}

// format writes the value of a setting's field.
func (k *key) format(field reflect.Value) string {
	switch {
	case k.table:
		return k.formatTable(field)
	case k.list:
		return k.formatList(field)
	case field.Kind() == reflect.Pointer && field.IsNil(), field.Kind() == reflect.Int && field.Int() == 0 && k.initial == "" && k.zero == "":
		return ""
	default:
		return k.kind.format(field.Interface())
	}
}
