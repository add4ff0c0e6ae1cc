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

// maxDepth is the most names of a path that we tell apart. No setting has as
// many; a hostile file has thousands.
const maxDepth = 7

// readDocument returns what a settings file says, and the heads [[like this]]
// of what is no array; or the first place where it is not TOML.
func readDocument(content, file, folder string, arrays arrays) (found layer, odd []value, problem *Problem) {
	data := plaintext.Decode([]byte(content))
	r := &reader{layer: make(layer), data: data, at: Origin{Kind: File, File: file, Line: 1}, folder: folder, arrays: arrays}
	var unused map[string]any
	if err := toml.Unmarshal(data, &unused); err != nil {
		return nil, nil, r.notTOML(err)
	}
	r.parser.Reset(data)
	section := ""
	for r.parser.NextExpression() {
		n := r.parser.Expression()
		path := r.path(n.Key())
		switch n.Kind {
		case unstable.KeyValue:
			r.pair(section, path, n.Value())
		case unstable.Table:
			section = r.head(path, false)
		case unstable.ArrayTable:
			section = r.head(path, true)
		}
	}
	return r.layer, r.odd, nil
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

// reader turns the statements of a settings file into a layer. The file is known
// to be TOML.
type reader struct {
	parser unstable.Parser
	data   []byte
	read   int // bytes of data whose lines are counted
	at     Origin
	folder string
	layer  layer
	odd    []value
	arrays arrays
}

// arrays says which paths are arrays of sections, and which setting of an item may
// stand in its head; empty: none.
type arrays func(path string) (isArray bool, named string)

// path returns the parts of a key, and moves to its line.
func (r *reader) path(keys unstable.Iterator) (path []string) {
	for keys.Next() {
		n := keys.Node()
		if path == nil {
			r.moveTo(n)
		}
		path = append(path, string(n.Data))
	}
	if len(path) > maxDepth {
		path = append(path[:maxDepth-1], strings.Join(path[maxDepth-1:], "."))
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

// head returns the path of the section that a head begins.
func (r *reader) head(path []string, repeated bool) string {
	end := len(path) - 1
	if _, named := r.arrays(strings.Join(path[:end], ".")); named != "" && !repeated {
		section := r.head(path[:end], true)
		r.add(section, named, value{form: text, text: path[end]})
		return section
	}
	in, name := r.within("", path)
	at := join(in, pathName(name))
	isArray, _ := r.arrays(at)
	switch {
	case !repeated:
	case !isArray:
		r.odd = append(r.odd, value{in: in, text: at, origin: r.at})
	default:
		if r.layer[at].form != heads {
			r.add(in, name, value{form: heads})
		}
		in, name = at, r.layer.next(at)
	}
	return r.add(in, name, value{form: headed})
}

// within returns the path of what holds a key, and the last part of the key. In
// an array that is the last item.
func (r *reader) within(in string, path []string) (holder, name string) {
	end := len(path) - 1
	for _, part := range path[:end] {
		at := join(in, pathName(part))
		v, known := r.layer[at]
		switch {
		case !known:
			at = r.add(in, part, value{form: dotted})
		case v.form == heads:
			at = item(at, v.size-1)
		}
		in = at
	}
	return in, path[end]
}

func (r *reader) add(in, name string, v value) (path string) {
	v.origin, v.folder = r.at, r.folder
	return r.layer.putIn(in, name, v)
}

// pair adds the value of a key.
func (r *reader) pair(in string, path []string, n *unstable.Node) {
	in, name := r.within(in, path)
	r.value(in, name, n)
}

// value adds a value, and those in it.
func (r *reader) value(in, name string, n *unstable.Node) {
	if r.layer[in].depth > maxDepth {
		return // what is around it is no setting
	}
	r.moveTo(n)
	switch data := string(n.Data); n.Kind {
	case unstable.String:
		r.add(in, name, value{form: text, text: data})
	case unstable.Bool:
		r.add(in, name, value{form: boolean, text: data})
	case unstable.Integer:
		r.add(in, name, value{form: number, text: canonicalInt(data)})
	case unstable.Float:
		r.add(in, name, value{form: number, text: data})
	case unstable.InlineTable:
		at := r.add(in, name, value{form: table})
		for fields := n.Children(); fields.Next(); {
			pair := fields.Node()
			r.pair(at, r.path(pair.Key()), pair.Value())
		}
	case unstable.Array:
		at := r.add(in, name, value{form: list})
		for items := n.Children(); items.Next(); {
			r.value(at, r.layer.next(at), items.Node())
		}
	default:
		r.add(in, name, value{form: moment, text: data})
	}
}
