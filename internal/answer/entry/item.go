package entry

import (
	"encoding/json"
	"fmt"
	"iter"

	"github.com/switchhook/switchhook/internal/fault"
)

// Item is an entry as it stands in domains.json, for those who keep entries
// elsewhere.
type Item struct {
	ID     string
	Object json.RawMessage // with all fields, also those that are not known here
}

// Entry reads the item. Its error says in a sentence what is wrong with it.
func (i Item) Entry() (*Entry, error) {
	if !json.Valid(i.Object) {
		return nil, fmt.Errorf("entry %q: it is not JSON", i.ID)
	}
	return parse(i.ID, i.Object)
}

// Fields returns the fields of the item in their order, as they are written. It can
// be read.
func (i Item) Fields() iter.Seq2[string, json.RawMessage] { return members(i.Object) }

// With returns the item with some fields changed, and the entry that it is
// then; the fields that are not named stay as they are. A name such as
// FieldButtonText is that of a member of an object. An item without an
// Object is a new one.
func (i Item) With(fields map[string]string) (Item, *Entry, error) {
	values := make(map[string]json.RawMessage, len(fields))
	for name, text := range fields {
		value, err := marshalText(text)
		if err != nil {
			return Item{}, nil, err
		}
		values[name] = value
	}
	return i.with(values)
}

// Items reads the text of a domains.json, in its order. Each item can be read;
// else the error, a *fault.Error, says what is wrong with the text.
func Items(text []byte) ([]Item, error) {
	o, _, err := parseFile(text)
	if err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Message: "what is to be imported cannot be read", Err: err}
	}
	items := make([]Item, 0, len(o.names))
	for _, id := range o.names {
		if _, err := parse(id, o.values[id]); err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Message: "what is to be imported cannot be used", Err: err}
		}
		items = append(items, Item{ID: id, Object: o.values[id]})
	}
	return items, nil
}

// Join returns items as the text of a domains.json, as people edit it.
func Join(items []Item) ([]byte, error) {
	o := newObject()
	for _, item := range items {
		o.set(item.ID, item.Object)
	}
	return o.indented()
}
