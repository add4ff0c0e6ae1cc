package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/fault"
)

// Fields are the members of an object as they came: unknown ones are stored and
// given back. Fields that are in a State never change; Clone first.
type Fields map[string]json.RawMessage

// ParseFields reads one JSON object and nothing after it. Its error says in a
// sentence what is wrong.
func ParseFields(data []byte) (Fields, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var f Fields
	if err := decoder.Decode(&f); err != nil {
		return nil, badJSON(err)
	}
	if f == nil {
		return nil, fault.Newf(fault.Invalid, "null was given where a JSON object belongs")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.Newf(fault.Invalid, "something follows the JSON object")
	}
	return f, nil
}

func badJSON(err error) error {
	if errors.Is(err, io.EOF) {
		return fault.Newf(fault.Invalid, "nothing was given where a JSON object belongs")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Newf(fault.Invalid, "the JSON ends too early")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fault.Newf(fault.Invalid, "the JSON cannot be read: %v, at byte %d", syntax, syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fault.Newf(fault.Invalid, "a JSON %s was given where an object belongs", kind.Value)
	}
	return fault.Newf(fault.Invalid, "the JSON cannot be read: %v", err)
}

// Clone returns a copy that may be changed.
func (f Fields) Clone() Fields {
	if f == nil {
		return make(Fields)
	}
	return maps.Clone(f)
}

// With returns a copy with the members of other, which take precedence.
func (f Fields) With(other Fields) Fields {
	merged := f.Clone()
	maps.Copy(merged, other)
	return merged
}

// Without returns a copy that lacks some members.
func (f Fields) Without(names ...string) Fields {
	left := f.Clone()
	for _, name := range names {
		delete(left, name)
	}
	return left
}

// Has reports whether a member is there and not null.
func (f Fields) Has(name string) bool {
	raw := f[name]
	return len(raw) > 0 && string(raw) != "null"
}

// Text returns a member as text: a string, or a number as it was written,
// which is how some clients send telephone numbers. Anything else is "".
func (f Fields) Text(name string) string { return textOf(f[name]) }

func textOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	switch c := raw[0]; {
	case c == '"':
		if inner := raw[1:max(1, len(raw)-1)]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
			return string(inner) // the usual case; a dial plan has ten thousand rules with twenty of them each
		}
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	case c == '-' || '0' <= c && c <= '9':
		return string(raw)
	}
	return ""
}

// TextOr returns a member as text, or another text where it is empty.
func (f Fields) TextOr(name, otherwise string) string {
	if s := f.Text(name); s != "" {
		return s
	}
	return otherwise
}

// Yes reports whether a member says yes; if it is missing, the answer is
// otherwise.
func (f Fields) Yes(name string, otherwise bool) bool {
	if !f.Has(name) {
		return otherwise
	}
	return strings.EqualFold(f.Text(name), "yes") || string(f[name]) == "true"
}

// Nested returns a member that is an object, empty where it is none.
func (f Fields) Nested(name string) Fields {
	var nested Fields
	if json.Unmarshal(f[name], &nested) != nil {
		return nil
	}
	return nested
}

// Texts returns the texts of a member that is an array, without empty ones. A
// single text, which some clients send in its place, is an array of one.
func (f Fields) Texts(name string) []string {
	var items []json.RawMessage
	if json.Unmarshal(f[name], &items) != nil {
		items = []json.RawMessage{f[name]}
	}
	var texts []string
	for _, item := range items {
		if text := strings.TrimSpace(textOf(item)); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// set puts a member in. The value must be valid in JSON.
func (f Fields) set(name string, value any) {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic("core: a member of an object cannot be written as JSON: " + err.Error())
	}
	f[name] = encoded
}

// setDefault puts a member in that is not there.
func (f Fields) setDefault(name string, value any) {
	if !f.Has(name) {
		f.set(name, value)
	}
}
