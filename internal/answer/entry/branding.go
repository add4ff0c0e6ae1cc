package entry

import (
	"encoding/json"
	"strings"
)

// The names of the members of branding, as forms change them: one by one.
const (
	FieldButtonText  = FieldBranding + ".button_text"
	FieldButtonColor = FieldBranding + ".button_color"
	FieldCompanyName = FieldBranding + ".company_name"
	FieldLogoURL     = FieldBranding + ".logo_url"
)

// setText sets a field of an entry's object to a text. A name with a full stop
// is that of a member of an object, whose other members stay as they are.
func (o *object) setText(name, text string) error {
	value, err := marshalText(text)
	if err != nil {
		return err
	}
	outer, inner, nested := strings.Cut(name, ".")
	if !nested {
		o.set(name, value)
		return nil
	}
	within := newObject()
	if is := o.values[outer]; len(is) > 0 && isObject(is) {
		if within, _, err = parseObject(is); err != nil {
			return err
		}
	}
	within.set(inner, value)
	changed, err := within.MarshalJSON()
	if err != nil {
		return err
	}
	o.set(outer, json.RawMessage(changed))
	return nil
}
