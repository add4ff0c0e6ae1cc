package netsapiens

import (
	"bytes"
	"encoding/json"

	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// MaxEvents bounds what a phone system posts at once, in bytes: there is
	// no need to read more of the body of a post. An event has about 700.
	MaxEvents = 1 << 20

	// maxEvents bounds how many events there may be in it.
	maxEvents = 5000
)

// MessageEvent is a message that a phone system reports: sent, received or
// deleted. The same message may be reported more than once, with the same
// Message.ID.
type MessageEvent struct {
	Message
	Removed bool // the message is gone; it is not a new one
}

// UnmarshalJSON reads an event as Message.UnmarshalJSON reads a message.
func (e *MessageEvent) UnmarshalJSON(value []byte) error {
	var w wireMessage
	_ = json.Unmarshal(asTexts(value), &w) // ParseMessageEvents sees whether it is one
	*e = MessageEvent{
		Message: w.message(),
		Removed: w.Remove == Yes || !parseTime(w.DeletedAt).IsZero() || !parseTime(w.DeletedAtOld).IsZero(),
	}
	return nil
}

// ParseMessageEvents reads what a phone system posts to the URL of a
// subscription to ModelMessage: a JSON array of messages. A single object is
// taken as an array of one; an empty array is no event. Unknown fields of a
// message are left out. Its error is a *fault.Error with the code fault.Invalid
// and a sentence that quotes nothing of the body; there are no events then.
func ParseMessageEvents(body []byte) ([]MessageEvent, error) {
	body = trim(body)
	switch {
	case len(body) > MaxEvents:
		return nil, fault.Newf(fault.Invalid, "the events have more than %d bytes", MaxEvents)
	case !json.Valid(body):
		return nil, fault.Newf(fault.Invalid, "the events are not JSON")
	case body[0] == '{':
		body = bytes.Join([][]byte{{'['}, body, {']'}}, nil)
	case body[0] != '[':
		return nil, fault.Newf(fault.Invalid, "the events are no JSON array of objects")
	}
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil {
		return nil, fault.Newf(fault.Invalid, "the events cannot be read")
	}
	if len(items) > maxEvents {
		return nil, fault.Newf(fault.Invalid, "there are %d events, more than %d", len(items), maxEvents)
	}
	events := make([]MessageEvent, len(items))
	for i, item := range items {
		if item[0] != '{' {
			return nil, fault.Newf(fault.Invalid, "event %d of %d is no JSON object", i+1, len(items))
		}
		_ = events[i].UnmarshalJSON(item) // has no error
		if !events[i].known() {
			return nil, fault.Newf(fault.Invalid, "event %d of %d has no id of a message", i+1, len(items)).
				WithHint("the subscription's model must be %s", ModelMessage)
		}
	}
	return events, nil
}
