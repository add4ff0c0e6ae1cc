package netsapiens

import (
	"encoding/json"
	"errors"
	"slices"
)

// asTexts returns a JSON value in which numbers and booleans are strings. Now
// and then the phone system writes a text that looks like a number as a number
// ("dest": 2000), so all texts of this package are read through this. The value
// must be valid.
func asTexts(value []byte) []byte {
	out := make([]byte, 0, len(value)+len(value)/8)
	for i := 0; i < len(value); {
		start := i
		switch c := value[i]; {
		case c == '"':
			for i++; value[i] != '"'; i++ {
				if value[i] == '\\' {
					i++
				}
			}
			i++
			out = append(out, value[start:i]...)
		case c == '-' || '0' <= c && c <= '9' || c == 't' || c == 'f':
			for i < len(value) && inScalar(value[i]) {
				i++
			}
			out = append(out, '"')
			out = append(out, value[start:i]...)
			out = append(out, '"')
		default: // structure, white space, null
			i++
			out = append(out, c)
		}
	}
	return out
}

// inScalar says whether a byte can be within a number, true or false.
func inScalar(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == 'E' || c == '+' || c == '-' || c == '.'
}

// thing is what the API gives back: a user, a dial rule, a number.
type thing interface {
	comparable
	// known says whether what identifies it was there.
	known() bool
}

// unmarshal reads a value into v. A field with an unexpected value is left
// empty: known says whether what matters is there.
func unmarshal(body []byte, v any) bool {
	if !json.Valid(body) {
		return false
	}
	err := json.Unmarshal(asTexts(body), v)
	_, odd := errors.AsType[*json.UnmarshalTypeError](err)
	return err == nil || odd
}

// many reads a list of things.
func many[T thing](body []byte) ([]T, bool) {
	var all []T
	if len(body) == 0 || body[0] != '[' || !unmarshal(body, &all) {
		return nil, false
	}
	return all, !slices.ContainsFunc(all, func(t T) bool { return !t.known() })
}

// one reads a single thing. If the phone system answers with a list, as it does
// for some calls in some versions, it is the list's only item.
func one[T interface{ known() bool }](body []byte) (t T, ok bool) {
	if len(body) > 0 && body[0] == '[' {
		var list []T
		if !unmarshal(body, &list) || len(list) != 1 {
			return t, false
		}
		return list[0], list[0].known()
	}
	ok = len(body) > 0 && body[0] == '{' && unmarshal(body, &t) && t.known()
	return t, ok
}

// nothing says whether a body is PHP's way of saying nothing: an empty list or
// object.
func nothing(body []byte) bool {
	var list []struct{}
	var object map[string]struct{}
	return json.Unmarshal(body, &list) == nil && list != nil && len(list) == 0 ||
		json.Unmarshal(body, &object) == nil && object != nil && len(object) == 0
}
