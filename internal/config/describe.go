package config

import "reflect"

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
	p := newPlan()
	p.expand(s)
	var all []Setting
	for _, k := range p.keys {
		field, on := field(s, k.index)
		if !on {
			continue // its section is off
		}
		all = append(all, Setting{Path: k.path, Value: k.format(field), Origin: s.origins[k.path], Meaning: k.doc, Variables: k.variables()})
	}
	return all
}

// expand makes the items that settings have.
func (p *plan) expand(s *Settings) {
	for _, a := range p.arrays {
		items, on := field(s, a.index)
		if !on {
			continue
		}
		for n := range items.Len() {
			p.item(a, n)
		}
	}
	if s.OnCall != nil {
		p.nameAsBefore(func(n int) bool { return n < len(s.OnCall.Sources) && s.OnCall.Sources[n].Kind == PagerDuty })
	}
}

// format writes the value of a key's field.
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
