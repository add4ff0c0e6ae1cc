package form

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/fault"
)

// fieldCharset is the field in which browsers say which charset a form has:
// https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#naming-form-controls:-the-_charset_-attribute.
const fieldCharset = "_charset_"

// sent is a field as it was sent.
type sent struct {
	name, value string
	problem     string // why the value cannot be used; completes "the field NAME"
}

// rawField is a field before its bytes are read as text.
type rawField struct {
	name, value string
	charset     *encoded // of the value alone; nil: that of the form
	problem     string
}

// decodeFields reads the bytes of fields in the charset of the form: the one
// that its Content-Type declares, or that a field of it does.
func decodeFields(raw []rawField, label string) ([]sent, error) {
	declared, err := formCharset(raw, label)
	if err != nil {
		return nil, err
	}
	read := declared.decode
	if declared.isUTF16() {
		read = newPairs(raw, declared).decode
	}
	fields := make([]sent, 0, len(raw))
	for _, f := range raw {
		field := sent{problem: f.problem}
		if field.name, _ = read(f.name); !utf8.ValidString(field.name) {
			field.name = asUTF8(f.name)
		}
		is, of := declared, read
		if f.charset != nil {
			is, of = *f.charset, f.charset.decode
		}
		var ok bool
		if field.value, ok = of(f.value); !ok && field.problem == "" {
			field.problem = fmt.Sprintf("is not %s, as the form says: send it as UTF-8", is.name)
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// formCharset returns the charset that a form declares. Two that disagree are
// refused, unless all of the form is ASCII.
func formCharset(raw []rawField, label string) (encoded, error) {
	declared, err := charsetOf(label)
	if err != nil {
		return encoded{}, err
	}
	plain := true
	named := ""
	for _, f := range raw {
		plain = plain && isASCII(f.name) && isASCII(f.value)
		if f.name == fieldCharset && named == "" {
			named = strings.TrimSpace(f.value)
		}
	}
	field, err := charsetOf(named)
	switch {
	case err != nil:
		return encoded{}, err
	case field.name == "":
		return declared, nil
	case declared.name != "" && declared.name != field.name && !plain:
		return encoded{}, fault.Newf(fault.Invalid, "the form says that it is %.40q and that it is %.40q: send it as UTF-8", strings.Trim(label, ` "'`), named)
	case declared.name != "":
		return declared, nil
	}
	return field, nil
}

// pairs reads the fields of a form that says it is UTF-16. Its escapes may be
// of UTF-16, in values or in names too, or of UTF-8 as browsers have them.
type pairs struct {
	charset encoded
	all     bool // names are in pairs of bytes, and thus everything is
	some    bool // something is
}

func newPairs(raw []rawField, charset encoded) pairs {
	p := pairs{charset: charset}
	inPairs := func(s string) bool {
		return strings.ContainsRune(s, 0) || strings.HasPrefix(s, "\xFE\xFF") || strings.HasPrefix(s, "\xFF\xFE")
	}
	for _, f := range raw {
		p.all = p.all || inPairs(f.name)
		p.some = p.some || inPairs(f.name) || inPairs(f.value)
	}
	return p
}

func (p pairs) decode(raw string) (text string, ok bool) {
	switch {
	case p.all:
	case isASCII(raw) && !strings.ContainsRune(raw, 0), !p.some && utf8.ValidString(raw):
		return raw, true
	}
	return p.charset.decode(raw)
}
