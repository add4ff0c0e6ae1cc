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
	e := &exampleWriter{schema: schema()}
	e.comment("The settings of `switchhook serve`. A line that begins with # and no space can be left out, and shows the default or an example.")
	e.section(e.schema, "")
	return e.String()
}

type exampleWriter struct {
	strings.Builder

	schema *node
}

// section writes the settings of a section, and the sections within it.
func (e *exampleWriter) section(s *node, path string) {
	if path != "" {
		off := "#"
		if slices.ContainsFunc(s.children, needsExample) {
			off = ""
		}
		e.WriteByte('\n')
		e.comment(s.doc)
		e.WriteString(off + e.schema.head(path) + "\n")
	}
	for _, c := range s.children {
		if c.key != nil {
			e.setting(c, join(path, c.name))
		}
	}
	for _, c := range s.children {
		switch at := join(path, c.name); {
		case c.array:
			e.section(c, item(at, 0))
		case c.key == nil:
			e.section(c, at)
		}
	}
}

func needsExample(c *node) bool { return c.key != nil && c.need == exampleFeature }

func (e *exampleWriter) setting(k *node, path string) {
	e.WriteByte('\n')
	e.comment(k.doc)
	says := "Environment: " + strings.Join(k.variables(path, 0), " or ") + "."
	if k.secret() {
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
