package form

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/fault"
)

var errNoObject = errors.New(`its JSON is no object such as {"id":"…","message":"…"}`)

// noObject says what is wrong with a body that is to be JSON and is no object.
func (k kind) noObject(body string) error {
	err := json.Unmarshal([]byte(body), new(any))
	switch {
	case err == nil:
		return errNoObject
	case strings.Contains(body, "=") && !strings.HasPrefix(body, "["):
		return errors.New("its Content-Type says JSON, and it is none: send it as " + urlEncoded)
	}
	return fmt.Errorf("the JSON cannot be read: %w", err)
}

// readJSON reads one object. JSON is UTF-8, whatever is declared (RFC 8259,
// section 8.1); only what is not is read as declared. If a name stands twice,
// the last value counts, as it does for most readers.
func (k kind) readJSON(body string) ([]sent, error) {
	if !utf8.ValidString(body) {
		declared, err := charsetOf(k.charset)
		if err != nil {
			return nil, err
		}
		text, ok := declared.decode(body)
		if !ok {
			return nil, fault.Newf(fault.Invalid, "the form is not %s, as it says: send it as UTF-8", declared.name)
		}
		body = text
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	var whole json.RawMessage
	if err := decoder.Decode(&whole); err != nil {
		return nil, fmt.Errorf("the JSON cannot be read: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the JSON cannot be read: something follows the object")
	}
	return membersOf(whole)
}

// membersOf returns the members of an object as fields.
func membersOf(object json.RawMessage) ([]sent, error) {
	decoder := json.NewDecoder(strings.NewReader(string(object)))
	if _, err := decoder.Token(); err != nil { // the brace
		return nil, err
	}
	var fields []sent
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err = errors.Join(err, decoder.Decode(&value)); err != nil {
			return nil, err
		}
		field := sent{name: fmt.Sprint(name)}
		field.value, field.problem = textOf(value)
		if at := slices.IndexFunc(fields, func(f sent) bool { return f.name == field.name }); at >= 0 {
			fields[at] = field
			continue
		}
		if len(fields) == maxFields {
			return nil, errTooMany
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// textOf returns a value of JSON as a form's field has it: a text, the digits
// of a number, nothing for null and an empty list, and of a list of one its
// only item. A problem completes "the field NAME".
func textOf(value json.RawMessage) (text, problem string) {
	const neither = ", which is neither a text nor a number"
	switch value[0] {
	case '"':
		if half := loneSurrogate(string(value)); half != "" {
			return "", "has half a character, " + half + ": send it as UTF-8"
		}
		err := json.Unmarshal(value, &text)
		if err != nil {
			problem = "is not a text"
		}
		return text, problem
	case 'n':
		return "", ""
	case 't', 'f':
		return "", "is " + string(value) + neither
	case '{':
		return "", "is an object" + neither
	case '[':
		var items []json.RawMessage
		err := json.Unmarshal(value, &items)
		switch {
		case err != nil || len(items) == 1 && strings.ContainsAny(string(items[0][:1]), "[{"):
			return "", "is a list" + neither
		case len(items) > 1:
			return "", fmt.Sprintf("is a list of %d%s", len(items), neither)
		case len(items) == 0:
			return "", ""
		}
		return textOf(items[0])
	}
	return Whole(json.Number(value))
}

// escape is an escape in JSON.
var escape = regexp.MustCompile(`\\(?:u[0-9A-Fa-f]{4}|.)`)

// loneSurrogate returns the first escape of a text that is half a character;
// empty: there is none. The text has quotation marks. Readers of JSON put a
// question mark for it.
func loneSurrogate(quoted string) string {
	open, end := "", 0 // the first half of a pair, and where it ends
	for _, at := range escape.FindAllStringIndex(quoted, -1) {
		this := quoted[at[0]:at[1]]
		unit, err := strconv.ParseUint(strings.TrimPrefix(this, `\u`), 16, 16)
		isFirst, isSecond := err == nil && unit>>10 == 0xD800>>10, err == nil && unit>>10 == 0xDC00>>10
		paired := open != "" && isSecond && at[0] == end
		switch {
		case open != "" && !paired:
			return open
		case isSecond && !paired:
			return this
		}
		if open = ""; isFirst {
			open, end = this, at[1]
		}
	}
	return open
}

const (
	// exactDigits is how many digits a number of floating point has for sure.
	exactDigits = 15

	// shownDigits is how many printf shows of it by default ("%g"): with so
	// few, the others may have been cut.
	shownDigits = 6
)

// Whole returns the digits of a whole number in JSON, however it is written:
// 8001.0 and 8.001e3 are 8001. Programs that know only floating point write it
// so; some of them round, and what may have been rounded is not taken. A problem
// completes "the field NAME".
func Whole(number json.Number) (digits, problem string) {
	text := number.String()
	shown := "is the number " + text
	if len(text) > 40 {
		shown = "is the number " + text[:40] + "…"
	}
	lost := shown + ", of which digits may be lost: send it as a text"
	if strings.HasPrefix(text, "-") {
		return "", shown + ", which is below zero"
	}
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(text), "e")
	before, after, point := strings.Cut(mantissa, ".")
	if !scientific && !point {
		return text, ""
	}
	significant := strings.TrimLeft(before+after, "0")
	if significant == "" {
		return "0", ""
	}
	shift := 0
	if scientific {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil {
			return "", lost
		}
	}
	shift -= len(after)
	kept := strings.TrimRight(significant, "0")
	shift += len(significant) - len(kept)
	switch {
	case shift < 0:
		return "", shown + ", which is not a whole one"
	case shift > exactDigits, len(kept)+shift > exactDigits, scientific && len(kept) <= shownDigits && len(kept)+shift > shownDigits:
		return "", lost
	}
	return kept + strings.Repeat("0", shift), ""
}
