package config

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// exampleFeature is the section that the example switches on: what most
// operators come for.
const exampleFeature = "netsapiens"

// exampleWidth is where comments of the example are wrapped, in characters.
const exampleWidth = 100

// Example returns a settings file in which every setting stands with its
// meaning, its names elsewhere, and its default, or an example where it has
// none. What can be left out is left out, by a # before it.
func Example() string {
	p := newPlan()
	e := &exampleWriter{}
	e.comment("The settings of `switchhook serve`. A line that begins with # and no space can be left out, and shows the default or an example.")
	for _, k := range p.keys {
		if k.section == nil {
			e.key(k)
		}
	}
	for _, s := range p.sections {
		e.section(p, s)
	}
	return e.String()
}

type exampleWriter struct{ strings.Builder }

func (e *exampleWriter) section(p *plan, s *section) {
	var keys []*key
	off := "#"
	for _, k := range p.keys {
		if k.section == s {
			keys = append(keys, k)
			if k.need == exampleFeature {
				off = ""
			}
		}
	}
	e.WriteByte('\n')
	e.comment(s.doc)
	e.WriteString(off + s.head() + "\n")
	for _, k := range keys {
		e.key(k)
	}
}

func (e *exampleWriter) key(k *key) {
	e.WriteByte('\n')
	e.comment(k.doc)
	e.comment(k.elsewhere())
	off := "#"
	if k.need == exampleFeature {
		off = ""
	}
	e.WriteString(off + last(k.path) + " = " + k.literal(cmp.Or(k.initial, k.example)) + "\n")
}

// elsewhere says where else a key may stand.
func (k *key) elsewhere() string {
	says := "Environment: " + strings.Join(k.variables(), " or ") + "."
	if k.secret() {
		says += fmt.Sprintf(" File that holds nothing else: %s. Systemd credential: %s.", last(k.path)+twinPath, k.path)
	}
	return says
}

// literal writes the value of a key as TOML has it.
func (k *key) literal(value string) string {
	switch {
	case k.table:
		return value
	case k.list:
		items := strings.Fields(value)
		for i := range items {
			items[i] = strconv.Quote(items[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case k.kind.written() != text:
		return value
	default:
		return strconv.Quote(value)
	}
}

// comment writes words as lines that begin with # and a space.
func (e *exampleWriter) comment(words string) {
	line := "#"
	for word := range strings.FieldsSeq(words) {
		if len(line)+len(" ")+len(word) > exampleWidth {
			e.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	e.WriteString(line + "\n")
}
