// Package entry is what operators configure for each of their customers: one
// item of domains.json. File keeps them in that file; what it does not know
// stays as it is, byte for byte of meaning.
package entry

import (
	"fmt"
	"regexp"

	"github.com/switchhook/switchhook/internal/fault"
)

// Entry is one item: text-back, click-to-call or both.
type Entry struct {
	ID        string // in the URLs of webhook and widget
	APIDomain string // the phone system's domain
	Text      Text
	Queue     string // of click-to-call, EXT@DOMAIN; kept for it, and not used yet
}

// Text is an entry's text-back.
type Text struct {
	User       string // the extension that owns the number and sends the text
	SystemUser string // the user that calls are routed to, made by provisioning
	FromNumber string // the number that texts come from, digits
	Message    string
}

// The names of the fields in domains.json.
const (
	FieldAPIDomain  = "api_domain"
	FieldUser       = "user"
	FieldSystemUser = "ns_system_user"
	FieldFromNumber = "from_number"
	FieldMessage    = "message"
	FieldQueue      = "queue"
)

var validID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// CheckID reports what is wrong with an id that is to be made. The error is a
// *fault.Error.
func CheckID(id string) error {
	if validID.MatchString(id) {
		return nil
	}
	return fault.Newf(fault.Invalid, "the id %.120q is not 1 to 100 letters, digits, full stops, underscores or hyphens", id)
}

// parse reads an entry's object, which is valid JSON. Names count as they are
// written: a field Message is not message, but one that is not known here.
func parse(id string, object []byte) (*Entry, error) {
	if !isObject(object) {
		return nil, fmt.Errorf("entry %q: it is not a JSON object", id)
	}
	e := &Entry{ID: id}
	for name, value := range members(object) {
		var field *string
		number := false // as people write extensions by hand
		switch name {
		case FieldAPIDomain:
			field = &e.APIDomain
		case FieldUser:
			field, number = &e.Text.User, true
		case FieldSystemUser:
			field, number = &e.Text.SystemUser, true
		case FieldFromNumber:
			field, number = &e.Text.FromNumber, true
		case FieldMessage:
			field = &e.Text.Message
		case FieldQueue:
			field, number = &e.Queue, true
		default:
			continue
		}
		text, ok := textOf(value)
		switch {
		case ok:
			*field = text
		case number && isDigits(value):
			*field = string(value)
		default:
			return nil, fmt.Errorf("entry %q: the field %s is not a text", id, name)
		}
	}
	return e, nil
}

func isDigits(value []byte) bool {
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// HasText reports whether the entry is meant for text-back: it has a field that
// only text-back uses.
func (e *Entry) HasText() bool { return e.Text != Text{} }

// LacksForTexts returns the names of the fields without which no text can be
// sent.
func (e *Entry) LacksForTexts() []string {
	var lacks []string
	for _, field := range []struct{ name, value string }{
		{FieldAPIDomain, e.APIDomain}, {FieldUser, e.Text.User}, {FieldFromNumber, e.Text.FromNumber}, {FieldMessage, e.Text.Message},
	} {
		if field.value == "" {
			lacks = append(lacks, field.name)
		}
	}
	return lacks
}
