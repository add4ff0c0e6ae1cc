// Package ical reads the lines, properties and components of calendars (RFC
// 5545, section 3.1), and is lenient about them: a line that cannot be read
// costs that line, and the component it stands in says so. What properties mean
// is for others to know.
package ical

import (
	"errors"
	"slices"
	"strings"
)

const (
	// maxNesting bounds how deep components stand in each other. The standard
	// has three levels.
	maxNesting = 8

	// maxTold bounds the oddities of one component.
	maxTold = 3

	// maxJoined bounds the pieces of a line that was broken without the blank
	// of a fold.
	maxJoined = 4
)

// File is the calendars of a file.
type File struct {
	Calendars []*Component
	Odd       []Oddity // about lines outside of them
}

// Component is what stands between a BEGIN and its END.
type Component struct {
	Name       string // in capitals
	Properties []Property
	Parts      []*Component
	Odd        []Oddity // about lines of it
}

// Property is a content line.
type Property struct {
	Name   string // in capitals
	Params []Param
	Value  string // as it is written: what is escaped still is
}

// Param is a parameter of a property.
type Param struct {
	Name   string // in capitals
	Values []string
}

// Oddity is something about a line: what, and a text of it, in which numbers are
// not masked.
type Oddity struct{ What, Text string }

// The errors of Read.
var (
	ErrNone = errors.New("it is no calendar")
	ErrHalf = errors.New("it ends in the middle") // what is lost may be events
)

// All returns the values of a parameter, of the first of that name.
func (p *Property) All(name string) []string {
	for i := range p.Params {
		if p.Params[i].Name == name {
			return p.Params[i].Values
		}
	}
	return nil
}

// Param returns the first value of a parameter, without the blanks around it, or
// "".
func (p *Property) Param(name string) string {
	if values := p.All(name); len(values) > 0 {
		return strings.TrimSpace(values[0])
	}
	return ""
}

// Get returns the first property of a name, or nil.
func (c *Component) Get(name string) *Property {
	for i := range c.Properties {
		if c.Properties[i].Name == name {
			return &c.Properties[i]
		}
	}
	return nil
}

// odd notes something about a line.
func (c *Component) odd(what, text string) {
	if len(c.Odd) < maxTold {
		c.Odd = append(c.Odd, Oddity{what, text})
	}
}

// Text returns a value of the type TEXT (section 3.3.11) as it is meant.
func Text(value string) string {
	if !strings.Contains(value, `\`) {
		return value
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) {
			i++
			if c = value[i]; c == 'n' || c == 'N' {
				c = '\n'
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// List returns the texts of a value that are parted by commas.
func List(value string) []string {
	var list []string
	from := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case ',':
			list = append(list, Text(value[from:i]))
			from = i + 1
		}
	}
	return append(list, Text(value[from:]))
}

// Read reads a file. Its error is that there is no calendar in it, or that it
// breaks off: one that ended between two events would seem whole.
func Read(data []byte) (*File, error) {
	r := reader{file: &File{}}
	lines := unfold(data)
	for i, line := range lines {
		r.line(line, i == len(lines)-1)
	}
	switch {
	case len(r.open) > 0:
		return nil, ErrHalf
	case len(r.file.Calendars) == 0:
		return nil, ErrNone
	}
	return r.file, nil
}

// reader puts lines together.
type reader struct {
	file   *File
	open   []*Component // that have begun, the outermost first
	head   string       // a line that breaks off before its value: the next goes on
	joined int          // how many lines it is of
}

// top returns the component that lines belong to now, or nil.
func (r *reader) top() *Component {
	if len(r.open) == 0 {
		return nil
	}
	return r.open[len(r.open)-1]
}

// line takes a line.
func (r *reader) line(raw []byte, isLast bool) {
	text, odd := toUTF8(raw)
	c := r.top()
	if c == nil {
		r.between(text)
		return
	}
	if odd {
		c.odd("has letters that are not UTF-8, and are read as those of Windows-1252", "")
	}
	if name, ok := mark(text, "BEGIN"); ok {
		r.head = ""
		r.begin(name)
		return
	}
	if name, ok := mark(text, "END"); ok {
		r.head = ""
		r.end(name, text, isLast)
		return
	}
	if r.head != "" {
		text, r.head = r.head+text, ""
	} else {
		r.joined = 0
	}
	if r.joined < maxJoined && isHead(text) {
		c.odd("has a line that breaks off", text)
		r.head, r.joined = text, r.joined+1
		return
	}
	if isLast && len(r.open) == 1 && isHalfEnd(text) {
		r.end(calendar, text, isLast)
		return
	}
	property, what, ok := parse(text)
	if what != "" {
		c.odd(what, text)
	}
	if ok {
		c.Properties = append(c.Properties, property)
	}
}

// between takes a line that stands in no calendar.
func (r *reader) between(text string) {
	name, ok := mark(text, "BEGIN")
	before, isBegin := cutSuffixFold(text, "BEGIN:"+calendar)
	switch n := len(r.file.Calendars); {
	case ok && name == calendar:
		r.begin(name)
	case isBegin:
		r.outside(before)
		r.begin(calendar)
	case ok && isOuter(name) && n > 0:
		// What seemed to be the end of the calendar was a line of a text, or the
		// next calendar lacks its beginning.
		last := r.file.Calendars[n-1]
		last.odd("has a part after its end", text)
		r.open = append(r.open, last)
		r.begin(name)
	default:
		r.outside(text)
	}
}

// outside notes a line that stands in no calendar; the first before, and the
// first after one.
func (r *reader) outside(text string) {
	what := "there is a line before the calendar"
	if len(r.file.Calendars) > 0 {
		what = "there is a line after the calendar"
	}
	for _, o := range r.file.Odd {
		if o.What == what {
			return
		}
	}
	r.file.Odd = append(r.file.Odd, Oddity{what, text})
}

// begin opens a component.
func (r *reader) begin(name string) {
	level := len(r.open)
	switch {
	case name == calendar:
		level = 0
	case isOuter(name):
		level = 1
	}
	// What the standard has on this level ends whatever is open there.
	r.close(level)
	if len(r.open) == maxNesting {
		r.top().odd("has parts that stand too deep in each other", "BEGIN:"+name)
		return
	}
	c := &Component{Name: name}
	if top := r.top(); top != nil {
		top.Parts = append(top.Parts, c)
	} else {
		r.file.Calendars = append(r.file.Calendars, c)
	}
	r.open = append(r.open, c)
}

// end closes the innermost component of a name, and those within it.
func (r *reader) end(name, text string, isLast bool) {
	if isLast && len(r.open) == 1 && name != calendar && isHalfEnd(text) {
		name = calendar
	}
	if name == calendar && isLast && !isEnd(text) {
		r.open[0].odd("ends in the middle of its last line", "")
	}
	for i, c := range slices.Backward(r.open) {
		if c.Name == name {
			r.close(i + 1)
			r.open = r.open[:i]
			return
		}
	}
	r.top().odd("has an end of something else", text)
}

// close closes what has no END of its own, down to a level.
func (r *reader) close(level int) {
	for len(r.open) > level {
		last := r.top()
		r.open = r.open[:len(r.open)-1]
		parent := r.top()
		if !isKnown(last.Name) && parent != nil {
			// A text that happened to begin with BEGIN: what follows is the parent's.
			parent.Parts = parent.Parts[:len(parent.Parts)-1]
			parent.Properties = append(parent.Properties, last.Properties...)
			parent.Parts = append(parent.Parts, last.Parts...)
			parent.odd("has a line that is no property", "BEGIN:"+last.Name)
			continue
		}
		last.odd("has no END:"+last.Name, "")
	}
}
