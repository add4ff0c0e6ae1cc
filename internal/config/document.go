package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/switchhook/switchhook/internal/plaintext"
)

// statement is one line, as it were, of a settings file: the head of a section
// or a key with its value.
type statement struct {
	path  []string // from the top of the file
	head  bool     // [section]
	many  bool     // [[section]]
	item  bool     // path has the number of the item that it leads into
	value value    // where it is a key
	at    Origin
}

// document is what a settings file says, in its order.
type document struct {
	statements []statement
	problems   []Problem   // of the language alone
	attempts   []statement // keys on lines that cannot be read, without their values
	incomplete bool        // so much cannot be read that nothing can be called missing
}

// maxUnsound is the most places that are reported as not being TOML. A file
// with more of them is something else, and the operator knows by then.
const maxUnsound = 20

// readDocument reads a settings file, and reads on after what is not TOML.
func readDocument(content, file, folder string) document {
	r := &reader{data: plaintext.Decode([]byte(content)), file: file, folder: folder}
	for offset, c := range r.data {
		if c == '\n' {
			r.breaks = append(r.breaks, offset)
		}
	}
	for u := r.check(); u != nil; u = r.check() {
		if len(r.problems) == maxUnsound || !r.blank(u) {
			r.problems = append(r.problems, problemf(r.at(u.wrong+1), "this is not TOML, and neither is what follows: %s", u.message))
			r.incomplete = true
			break
		}
	}
	r.dropBehindLostHeads()
	return r.document
}

// reader turns the text of a settings file into a document.
type reader struct {
	document

	data   []byte // what could not be read is blanked
	breaks []int  // offsets of the line breaks in data
	file   string
	folder string

	parser    unstable.Parser
	end       int   // offset behind the last statement that was read
	lostHeads []int // lines of section heads that could not be read
}

func (r *reader) at(line int) Origin { return Origin{Kind: File, File: r.file, Line: line} }

// line returns the line of an offset, from 0.
func (r *reader) line(offset int) int {
	n, _ := slices.BinarySearch(r.breaks, offset)
	return n
}

// place returns where a node of the parser stands.
func (r *reader) place(n *unstable.Node) Origin { return r.at(r.line(int(n.Raw.Offset)) + 1) }

// unsound is a place that is not TOML. Lines count from 0.
type unsound struct {
	first   int // line on which its statement begins
	wrong   int // line on which the language ends
	message string
	alone   bool // it is wrong in itself, and not for what stands elsewhere
}

// check reads the statements, and returns the first place that is not TOML, or
// nil. First come the statements that are wrong in themselves, then what makes
// sound statements together no sound document, such as a key set twice.
func (r *reader) check() *unsound {
	r.parse()
	if e, ok := errors.AsType[*unstable.ParserError](r.parser.Error()); ok {
		wrong := r.line(int(r.parser.Range(e.Highlight).Offset))
		return &unsound{first: r.firstAfterEnd(wrong), wrong: wrong, message: e.Message, alone: true}
	}
	var unused map[string]any
	err := toml.Unmarshal(r.data, &unused)
	if err == nil {
		return nil
	}
	u := &unsound{message: strings.TrimPrefix(err.Error(), "toml: ")}
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := e.Position()
		u.wrong = line - 1
	}
	for _, s := range r.statements {
		if s.at.Line-1 <= u.wrong {
			u.first = s.at.Line - 1
		}
	}
	return u
}

// parse reads the statements up to the first that is wrong in itself.
func (r *reader) parse() {
	r.parser.Reset(r.data)
	r.statements, r.end = r.statements[:0], 0
	var section []string
	for r.parser.NextExpression() {
		n := r.parser.Expression()
		path, at := r.path(n.Key())
		switch n.Kind {
		case unstable.Table, unstable.ArrayTable:
			section = path
			r.statements = append(r.statements, statement{path: path, head: true, many: n.Kind == unstable.ArrayTable, at: at})
		case unstable.KeyValue:
			r.statements = append(r.statements, r.pair(section, n))
			r.end = int(n.Raw.Offset + n.Raw.Length)
		}
	}
}

// firstAfterEnd returns the line on which the statement begins that is wrong in
// a later, or the same, line.
func (r *reader) firstAfterEnd(wrong int) int {
	after := 0
	if r.end > 0 {
		after = r.line(r.end) + 1
	}
	lines := bytes.Split(r.data, []byte("\n"))
	for i := after; i < wrong; i++ {
		if line := bytes.TrimSpace(lines[i]); len(line) > 0 && line[0] != '#' {
			return i
		}
	}
	return wrong
}

// path returns the parts of a key, and where it stands.
func (r *reader) path(keys unstable.Iterator) (path []string, at Origin) {
	for keys.Next() {
		n := keys.Node()
		if path == nil {
			at = r.place(n)
		}
		path = append(path, string(n.Data))
		r.end = int(n.Raw.Offset + n.Raw.Length)
	}
	return path, at
}

// pair returns the statement of a key and its value in a section.
func (r *reader) pair(section []string, n *unstable.Node) statement {
	path, at := r.path(n.Key())
	return statement{path: slices.Concat(section, path), value: r.value(n.Value(), at), at: at}
}

// value returns a value. at is where its key stands: not every node of the
// parser says its own place.
func (r *reader) value(n *unstable.Node, at Origin) value {
	v := value{origin: at, folder: r.folder}
	if n.Raw.Length > 0 {
		v.origin = r.place(n)
	}
	switch n.Kind {
	case unstable.String:
		v.form, v.text = text, string(n.Data)
	case unstable.Bool:
		v.form, v.text = boolean, string(n.Data)
	case unstable.Integer:
		v.form, v.text = number, canonicalInt(string(n.Data))
	case unstable.Float:
		v.form, v.text = number, string(n.Data)
	case unstable.Array:
		v.form = list
		for items := n.Children(); items.Next(); {
			v.items = append(v.items, r.value(items.Node(), at))
		}
	case unstable.InlineTable:
		v.form = table
		for fields := n.Children(); fields.Next(); {
			v.fields = append(v.fields, r.pair(nil, fields.Node()))
		}
	default:
		v.form, v.text = moment, string(n.Data)
	}
	return v
}

// keyPart is one part of a key, in quotes or not.
const keyPart = `(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')`

// Where reading can go on after something that is not TOML: the head of a
// section, or a key with its value.
var (
	headStart = regexp.MustCompile(`^[ \t]*\[{1,2}[ \t]*[A-Za-z_"']`)
	pairStart = regexp.MustCompile(`^[ \t]*(` + keyPart + `(?:[ \t]*\.[ \t]*` + keyPart + `)*)[ \t]*=[ \t]*(.*)`)
)

// blank reports a place that is not TOML, and takes its statement out of the
// data: all lines from where it begins to where the next seems to begin. It
// says whether there was anything to take out.
func (r *reader) blank(u *unsound) bool {
	lines := bytes.SplitAfter(r.data, []byte("\n"))
	next := u.first + 1
	for next < len(lines) && !headStart.Match(lines[next]) && !pairStart.Match(lines[next]) {
		next++
	}
	if len(bytes.TrimSpace(bytes.Join(lines[u.first:next], nil))) == 0 {
		return false
	}
	r.report(u, string(lines[u.first]), next)
	for _, line := range lines[u.first:next] {
		for i, c := range line {
			if c != '\n' {
				line[i] = ' ' // in r.data, which the lines are parts of
			}
		}
	}
	return true
}

// report notes a place that is not TOML. begin is the line that its statement
// begins with, next the number of the line that the next one begins with.
func (r *reader) report(u *unsound, begin string, next int) {
	at := r.at(min(u.wrong, next-1) + 1)
	if headStart.MatchString(begin) {
		r.lostHeads = append(r.lostHeads, u.first+1)
	}
	message := "this is not TOML: " + u.message
	pair := pairStart.FindStringSubmatch(begin)
	if pair == nil {
		r.incomplete = true
	} else {
		name, given := pair[1], strings.TrimSpace(pair[2])
		path := slices.Concat(r.sectionBefore(u.first), strings.Split(name, "."))
		r.attempts = append(r.attempts, statement{path: path, at: at})
		switch {
		case !u.alone:
		case u.wrong >= next:
			at = r.at(u.first + 1)
			message = fmt.Sprintf("%s has a value that does not end: a quotation mark or bracket is missing", pathName(path))
		case u.wrong == u.first && given != "" && !strings.ContainsRune(`"'[{`, rune(given[0])):
			message = fmt.Sprintf("the value of %s needs quotes: %s = \"…\"", pathName(path), name)
		}
	}
	r.problems = append(r.problems, Problem{Origin: at, Message: message})
}

// sectionBefore returns the path of the section that a line stands in.
func (r *reader) sectionBefore(line int) []string {
	var path []string
	for _, s := range r.statements {
		if s.head && s.at.Line-1 < line {
			path = s.path
		}
	}
	return path
}

// dropBehindLostHeads takes out what follows a section head that could not be
// read, up to the next head: nobody knows what section it is in.
func (r *reader) dropBehindLostHeads() {
	kept := r.statements[:0]
	lost, dropping := slices.Sorted(slices.Values(r.lostHeads)), false
	for _, s := range r.statements {
		for len(lost) > 0 && lost[0] < s.at.Line {
			lost, dropping = lost[1:], true
		}
		if s.head {
			dropping = false
		}
		if !dropping {
			kept = append(kept, s)
		}
	}
	r.statements = kept
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// pathName joins the parts of a key as TOML writes them.
func pathName(path []string) string {
	parts := make([]string, len(path))
	for i, part := range path {
		parts[i] = part
		if !bareKey.MatchString(part) {
			parts[i] = strconv.Quote(part)
		}
	}
	return strings.Join(parts, ".")
}
