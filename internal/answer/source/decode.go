package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/phone"
)

// decode reads the JSON of an answer. Its *Error says what the answer was
// instead, never what stood in it.
func (a *asker) decode(body []byte, into any) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return a.fail("%s answered with nothing where JSON was expected", a.where())
	}
	err := json.Unmarshal(body, into)
	if err == nil {
		return nil
	}
	syntax, isSyntax := errors.AsType[*json.SyntaxError](err)
	kind, isKind := errors.AsType[*json.UnmarshalTypeError](err)
	_, isTime := errors.AsType[*time.ParseError](err)
	switch {
	case body[0] == '<':
		e := a.fail("%s answered with a web page where JSON was expected", a.where())
		e.Hint = "check the address of the source: it is that of the interface, not that of the page people log in at"
		return e
	case isSyntax && syntax.Offset >= int64(len(body)):
		return a.fail("the answer of %s ends in the middle", a.where())
	case isSyntax:
		return a.fail("the answer of %s is not JSON", a.where())
	case isKind && kind.Field != "":
		return a.changed("the field %s is %s", kind.Field, article(kind.Value))
	case isKind:
		return a.changed("the whole is %s", article(kind.Value))
	case isTime:
		return a.changed("a time in it cannot be read")
	default:
		return a.changed("a value in it cannot be read")
	}
}

// changed returns the Error for an answer that is JSON, but not what the
// vendor's documentation says.
func (a *asker) changed(format string, args ...any) *Error {
	return a.wrong("the vendor may have changed its interface: look for a newer version of Switchhook",
		"the answer of %s is not as documented: "+format, append([]any{a.where()}, args...)...)
}

// article returns the kind of a JSON value. What encoding/json says of a
// number holds the number itself.
func article(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	if kind == "array" || kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

// ident is an identifier, which vendors write as a text or as a number.
type ident string

// UnmarshalJSON takes a text or a whole number; null is none.
func (id *ident) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, (*string)(id))
	}
	if string(data) == "null" {
		return nil
	}
	if _, err := strconv.ParseInt(string(data), 10, 64); err != nil {
		return errors.New("no identifier")
	}
	*id = ident(data)
	return nil
}

// isPlain says whether an identifier from outside may become a part of a path:
// one that could lead to another path is not valid.
func isPlain(id string) bool {
	return id != "" && len(id) <= maxIdent && !strings.ContainsFunc(id, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	})
}

// maxIdent is the longest identifier that we accept, in bytes. Those of all
// vendors fit; the longest are UUIDs, of 36.
const maxIdent = 128

// maxLabel is how much of a name from outside a sentence shows, in characters.
const maxLabel = 80

// label makes a name from outside fit for a sentence: on one line, without
// invisible characters, with numbers masked, and not too long.
func label(name string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(strings.ToValidUTF8(name, "\uFFFD")) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		for _, r := range word {
			if unicode.IsPrint(r) {
				b.WriteRune(r)
			}
		}
		if b.Len() > maxLabel*utf8.UTFMax {
			break
		}
	}
	shown := []rune(phone.MaskIn(b.String()))
	if len(shown) > maxLabel {
		return string(shown[:maxLabel-1]) + "…"
	}
	return string(shown)
}
