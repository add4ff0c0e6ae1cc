package entry

import (
	"bytes"
	"encoding/json"
	"iter"
)

// This file cuts valid JSON into parts without decoding the parts: a file of
// 10,000 entries is read on each change, while callers wait.

const space = " \t\r\n"

// isObject reports whether a valid JSON value is an object.
func isObject(valid []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(valid, space), []byte("{")) }

// members returns the members of a valid JSON object in their order, the
// values as they are written. Of another valid value there are none.
func members(valid []byte) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		rest := bytes.TrimLeft(valid, space)
		if len(rest) == 0 || rest[0] != '{' {
			return
		}
		for {
			rest = bytes.TrimLeft(rest[1:], space) // after the brace or the comma
			if rest[0] == '}' {
				return
			}
			end := endOfText(rest)
			name, _ := textOf(rest[:end])
			rest = bytes.TrimLeft(rest[end:], space)[1:] // after the colon
			rest = bytes.TrimLeft(rest, space)
			end = endOfValue(rest)
			if !yield(name, rest[:end:end]) {
				return
			}
			rest = bytes.TrimLeft(rest[end:], space)
			if rest[0] == '}' {
				return
			}
		}
	}
}

// textOf reads a valid JSON value that is a text or null, which is as good as
// empty.
func textOf(valid []byte) (text string, ok bool) {
	if valid[0] == '"' && bytes.IndexByte(valid, '\\') < 0 {
		return string(valid[1 : len(valid)-1]), true
	}
	err := json.Unmarshal(valid, &text)
	return text, err == nil
}

// endOfValue returns where the value ends that stands at the start of valid
// JSON.
func endOfValue(s []byte) int {
	switch s[0] {
	case '"':
		return endOfText(s)
	case '{', '[':
	default:
		end := bytes.IndexAny(s, ",}]"+space)
		if end < 0 {
			return len(s)
		}
		return end
	}
	depth := 0
	for i := 0; ; i++ {
		switch s[i] {
		case '"':
			i += endOfText(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

// endOfText returns where the text ends that stands at the start of valid
// JSON, its quotation marks included.
func endOfText(s []byte) int {
	for i := 1; ; i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}
