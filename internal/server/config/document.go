package config

import (
	"bytes"
	"errors"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// readDocument returns a settings file as a table, with the line of each value;
// or the first place where it is not TOML.
func readDocument(content, file, folder string) (*value, *Problem) {
	data := plaintext.Decode([]byte(content))
	r := &reader{data: data, at: Origin{Kind: File, File: file, Line: 1}, folder: folder}
	var unused map[string]any
	if err := toml.Unmarshal(data, &unused); err != nil {
		return nil, r.notTOML(err)
	}
	r.parser.Reset(data)
	whole := &value{form: table, notation: headed, origin: r.at}
	section := whole
	for r.parser.NextExpression() {
		n := r.parser.Expression()
		path := r.path(n.Key())
		end := len(path) - 1
		switch n.Kind {
		case unstable.Table:
			section = r.within(whole, path)
			section.notation, section.origin = headed, r.at
		case unstable.ArrayTable:
			section = r.item(r.within(whole, path[:end]), path[end])
		case unstable.KeyValue:
			r.add(r.within(section, path[:end]), path[end], n.Value())
		}
	}
	return whole, nil
}

// unquoted matches a line whose value is a word without quotes.
var unquoted = regexp.MustCompile(`^\s*([A-Za-z0-9_.-]+)\s*=\s*[^"'\[{#]*[A-Za-z./]`)

// notTOML returns the library's problem with a file.
func (r *reader) notTOML(err error) *Problem {
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		r.at.Line, _ = e.Position()
		line := bytes.Split(r.data, []byte("\n"))[r.at.Line-1]
		if name := unquoted.FindSubmatch(line); name != nil && !isSound(line) {
			p := problemf(r.at, "this is not TOML: the value of %s needs quotes: %s = \"…\"", name[1], name[1])
			return &p
		}
	}
	p := problemf(r.at, "this is not TOML: %s", strings.TrimPrefix(err.Error(), "toml: "))
	return &p
}

// isSound says whether a line on its own is TOML.
func isSound(line []byte) bool {
	var unused map[string]any
	return toml.Unmarshal(line, &unused) == nil
}

// reader turns the statements of a settings file into tables. The file is known
// to be TOML.
type reader struct {
	parser unstable.Parser
	data   []byte
	read   int    // bytes of data whose lines are counted
	at     Origin // of the last key
	folder string
}

// path returns the parts of a key, and moves to its line.
func (r *reader) path(keys unstable.Iterator) (path []string) {
	for keys.Next() {
		n := keys.Node()
		if path == nil {
			r.moveTo(n)
		}
		path = append(path, string(n.Data))
	}
	return path
}

// moveTo moves to the line of a node, if the node has a position: not all do.
func (r *reader) moveTo(n *unstable.Node) {
	if offset := int(n.Raw.Offset); n.Raw.Length > 0 && offset > r.read {
		r.at.Line += bytes.Count(r.data[r.read:offset], []byte("\n"))
		r.read = offset
	}
}

// within returns the table at a path in another, and makes it if it does not
// exist; in an array it is the last item's.
func (r *reader) within(in *value, path []string) *value {
	for _, name := range path {
		next := in.field(name)
		switch {
		case next == nil:
			next = &value{form: table, notation: dotted, origin: r.at}
			in.fields = append(in.fields, field{name, next})
		case next.form == list:
			next = next.items[len(next.items)-1]
		}
		in = next
	}
	return in
}

// item begins the next item of an array.
func (r *reader) item(in *value, name string) *value {
	array := in.field(name)
	if array == nil {
		array = &value{form: list, notation: headed, origin: r.at}
		in.fields = append(in.fields, field{name, array})
	}
	next := &value{form: table, notation: headed, origin: r.at}
	array.items = append(array.items, next)
	return next
}

func (r *reader) add(in *value, name string, n *unstable.Node) {
	in.fields = append(in.fields, field{name, r.value(n)})
}

func (r *reader) value(n *unstable.Node) *value {
	r.moveTo(n)
	v := &value{origin: r.at, folder: r.folder, text: string(n.Data)}
	switch n.Kind {
	case unstable.String:
		v.form = text
	case unstable.Bool:
		v.form = boolean
	case unstable.Integer:
		v.form, v.text = number, canonicalInt(v.text)
	case unstable.Float:
		v.form = number
	case unstable.Array:
		v.form = list
		for items := n.Children(); items.Next(); {
			v.items = append(v.items, r.value(items.Node()))
		}
	case unstable.InlineTable:
		v.form = table
		for fields := n.Children(); fields.Next(); {
			pair := fields.Node()
			path := r.path(pair.Key())
			end := len(path) - 1
			r.add(r.within(v, path[:end]), path[end], pair.Value())
		}
	default:
		v.form = moment
	}
	return v
}
