package entry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
)

// Fields are the names of all fields, in the order of the documentation.
var Fields = []string{
	FieldAPIDomain, FieldUser, FieldSystemUser, FieldFromNumber, FieldMessage, FieldMessages, FieldHours, FieldHolidays, FieldTimeZone, FieldLanguage,
	FieldTexts, FieldConsentKey, FieldCooldown, FieldKey, FieldAllowFrom, FieldRegions, FieldQueue, FieldBranding, FieldOrigins, FieldLimits,
}

// examples are fields that are more than a text, as people type them.
var examples = map[string]string{
	FieldMessages: `{"closed": "We open at 9."}`,
	FieldHours:    `{"mon": ["09:00-17:00"]}`, FieldHolidays: "2026-12-25,2027-01-01",
	FieldTexts: `{"sent": "We have just texted you."}`, FieldCooldown: `{"texts": 3, "minutes": 60}`,
	FieldAllowFrom: "192.0.2.1,198.51.100.0/24", FieldRegions: "US,CA",
	FieldBranding: `{"button_text": "Call us now"}`, FieldOrigins: "https://example.net,https://www.example.net",
	FieldLimits: `{"widget_per_day": 50}`,
}

// Typed returns the value of a field as somebody types it: a text as it is, a list
// with commas, anything else as JSON. A name such as hours.mon is that of a member.
// Nothing typed is nil, which removes the field. The error is a *fault.Error that
// says what is meant.
func Typed(name, value string) (json.RawMessage, error) {
	field, member, within := strings.Cut(name, ".")
	members, known := knownFields[field]
	example, more := examples[field]
	object := strings.HasPrefix(example, "{")
	switch {
	case !known, within && !object, within && members != nil && !slices.Contains(members, member), within && member == "":
		return nil, unknownField(name)
	case value == "":
		return nil, nil
	case !more, within && (field == FieldMessages || field == FieldTexts || field == FieldBranding):
		return marshalText(value)
	case !object && !strings.HasPrefix(value, "["):
		return json.Marshal(strings.Split(value, ","))
	case json.Valid([]byte(value)):
		return json.RawMessage(value), nil
	case within:
		if field == FieldHours { // a day
			return json.Marshal(strings.Split(value, ","))
		}
		return nil, fault.Newf(fault.Invalid, "the field %s: %.40q is not a number", name, value)
	}
	return nil, fault.Newf(fault.Invalid, "the field %s is not JSON: %.60q", name, value).WithHint("%s='%s'", name, example)
}

func unknownField(name string) error {
	err := fault.Newf(fault.Invalid, "there is no field %.60q", printable(name))
	field, member, within := strings.Cut(name, ".")
	meant := fieldMeant(name)
	if members, known := knownFields[field]; within && known {
		if meant = memberMeant(field, members, member); meant == "" && members != nil {
			return err.WithHint("of %s there are %s", field, strings.Join(members, ", "))
		}
	}
	if meant != "" {
		return err.WithHint("is %s meant?", meant)
	}
	return err.WithHint("the fields are %s", strings.Join(Fields, ", "))
}

// setField sets a field of an entry's object; without a value it removes it. A name
// with a full stop is that of a member of an object, whose other members stay as
// they are.
func (o *object) setField(name string, value json.RawMessage) error {
	outer, inner, nested := strings.Cut(name, ".")
	if !nested {
		o.set(name, value)
		return nil
	}
	within := newObject()
	if is := o.values[outer]; len(is) > 0 && isObject(is) {
		var err error
		if within, _, err = parseObject(is); err != nil {
			return err
		}
	}
	within.set(inner, value)
	if len(within.names) == 0 {
		o.set(outer, nil)
		return nil
	}
	changed, err := within.MarshalJSON()
	if err != nil {
		return err
	}
	o.set(outer, changed)
	return nil
}

// with returns the item with some fields changed, those without a value removed,
// and the entry that it is then.
func (i Item) with(fields map[string]json.RawMessage) (Item, *Entry, error) {
	o := newObject()
	if len(i.Object) > 0 {
		var err error
		if o, _, err = parseObject(i.Object); err != nil {
			return Item{}, nil, fmt.Errorf("entry %q: %w", i.ID, err)
		}
	}
	for _, name := range order(fields) {
		if err := o.setField(name, fields[name]); err != nil {
			return Item{}, nil, err
		}
	}
	data, err := o.MarshalJSON()
	if err != nil {
		return Item{}, nil, err
	}
	e, err := parse(i.ID, data)
	return Item{ID: i.ID, Object: data}, e, err
}
