package entry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// object is a JSON object whose members keep their order and their values
// unread.
type object struct {
	names  []string
	values map[string]json.RawMessage // parts of the text that was parsed
}

// parseFile reads the text of a file: an object, with a byte order mark before
// it or not, as UTF-8 or as UTF-16 with such a mark. What is neither would reach
// customers' phones as question marks.
func parseFile(data []byte) (o *object, twice []string, err error) {
	data = plaintext.Decode(data)
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil, errors.New("it is empty; a file without entries holds {}")
	}
	if !utf8.Valid(data) {
		return nil, nil, fmt.Errorf("line %d: it is not UTF-8", lineOfInvalid(data))
	}
	return parseObject(data)
}

func lineOfInvalid(data []byte) int {
	line := 1
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		data = data[n:]
	}
	return line
}

// parseObject reads an object. Of a name that stands twice the last value
// counts, as it does for most readers; it is returned in twice.
func parseObject(data []byte) (o *object, twice []string, err error) {
	if !json.Valid(data) {
		var whole json.RawMessage
		return nil, nil, located(data, json.Unmarshal(data, &whole))
	}
	if !isObject(data) {
		return nil, nil, errors.New("line 1: it is not a JSON object")
	}
	o = newObject()
	for name, value := range members(data) {
		if _, ok := o.values[name]; ok {
			twice = append(twice, name)
		}
		o.set(name, value)
	}
	return o, twice, nil
}

// located adds the line to an error.
func located(data []byte, err error) error {
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return err
	}
	at := min(int(syntax.Offset), len(data))
	line := 1 + bytes.Count(data[:max(0, at-1)], []byte{'\n'}) // the offset is after the error
	if at == len(data) && strings.HasPrefix(err.Error(), "unexpected end") {
		return fmt.Errorf("line %d: it ends too early", line)
	}
	return fmt.Errorf("line %d: %w", line, err)
}

func newObject() *object { return &object{values: map[string]json.RawMessage{}} }

// set sets a member; without a value it removes it.
func (o *object) set(name string, value json.RawMessage) {
	if value == nil {
		delete(o.values, name)
		o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == name })
		return
	}
	if _, ok := o.values[name]; !ok {
		o.names = append(o.names, name)
	}
	o.values[name] = value
}

func (o *object) clone() *object {
	return &object{names: slices.Clone(o.names), values: maps.Clone(o.values)}
}

// MarshalJSON writes the members in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			b.WriteByte(',')
		}
		quoted, err := marshalText(name)
		if err != nil {
			return nil, err
		}
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(o.values[name])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshalText writes a string as JSON, without the escapes that HTML needs.
func marshalText(s string) (json.RawMessage, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// indented returns the object as people edit it.
func (o *object) indented() ([]byte, error) {
	compact, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
