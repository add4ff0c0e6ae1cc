package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// exampleFeature is the section that the example switches on: the one that most
// operators want.
const exampleFeature = "netsapiens"

// exampleWidth is where the example's comments are wrapped, in characters.
const exampleWidth = 100

// Example returns a settings file with every setting, its meaning, its other
// names, and its default, or an example if it has none. Optional settings are
// commented out.
func Example() string {
	var e exampleWriter
	e.comment("The settings of `switchhook serve`. A line that begins with # and no space can be left out, and shows the default or an example.")
	for _, n := range theSchema().all {
		switch {
		case n.later != "":
		case n.key == nil:
			e.section(n)
		case n.holds == "" && !theSchema().isInHead(n):
			e.setting(n)
		}
	}
	return e.String()
}

// isInHead says whether a setting stands in the head of its section.
func (s *schema) isInHead(n *node) bool {
	section := s.byPath[sectionOf(n.path)]
	return section != nil && section.named == n.name
}

type exampleWriter struct{ strings.Builder }

// section writes the head of a section.
func (e *exampleWriter) section(n *node) {
	off := "#"
	if slices.ContainsFunc(n.children, needsExample) {
		off = ""
	}
	e.WriteByte('\n')
	e.comment(n.doc)
	e.WriteString(off + n.head() + "\n")
}

func needsExample(c *node) bool { return c.key != nil && c.need == exampleFeature }

func (e *exampleWriter) setting(k *node) {
	e.WriteByte('\n')
	e.comment(k.doc)
	path := strings.Replace(k.path, star, "0", 1)
	says := "Environment: " + strings.Join(k.variables(path, 0), " or ") + "."
	if k.kind.secret {
		says += fmt.Sprintf(" File that holds nothing else: %s. Systemd credential: %s.", k.name+filePath, path)
	}
	e.comment(says)
	off := "#"
	if needsExample(k) {
		off = ""
	}
	e.WriteString(off + k.name + " = " + k.literal(cmp.Or(k.initial, k.example)) + "\n")
}

// literal writes the value of a setting as TOML.
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
	case k.kind.forms[0] != text:
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
