// Package entry is what operators configure for each of their customers: one
// item of domains.json. A Book holds them in memory as a Source stores them: that
// file, or a database. Fields that are not known here keep their meaning.
package entry

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Entry is one item: text-back, click-to-call or both. It is not changed once
// it is read.
type Entry struct {
	ID        string // in the URLs of webhook and widget
	APIDomain string // the phone system's domain
	Text      Text

	Language   string            // of what callers hear, such as en-US; empty: the phone system's
	Spoken     map[string]string // what callers hear, by reason; the others are as the settings say
	Messages   Messages
	ConsentKey string    // callers press it before they are texted; empty: they need not
	Cooldown   *Cooldown // nil: as the settings say

	Hours    *hours.Schedule // nil: always open
	TimeZone *time.Location  // nil: none is named; Zone returns one all the same

	Key       Key            // that the webhook's URL must have; empty: none
	AllowFrom []netip.Prefix // where webhooks must come from; empty: anywhere

	Queue    string          // of click-to-call, EXT@DOMAIN
	Branding Branding        // of its widget
	Regions  []string        // whose numbers may be called and texted, such as US; empty: phone.DefaultRegion, and TextRegions. See Home
	Origins  []string        // of the pages that the widget may be on, such as https://example.net; empty: any
	Limits   json.RawMessage // an object; nil: as the settings say

	home phone.Home   // of an entry that was read; see Home
	from phone.Number // see From
}

// Home returns the home of numbers without a country code: the entry's
// regions, else the country of its own number, else phone.DefaultRegion.
func (e *Entry) Home() phone.Home {
	switch {
	case !e.home.Nowhere():
		return e.home
	case len(e.Regions) > 0:
		return phone.HomeIn(e.Regions...)
	}
	if home := phone.HomeOf(phone.Read(e.Text.FromNumber, phone.HomeIn())); !home.Nowhere() {
		return home
	}
	return phone.HomeIn()
}

// TextRegions returns the regions whose numbers are texted: the entry's, else
// those around its own number. See phone.Around.
func (e *Entry) TextRegions() []string {
	if len(e.Regions) > 0 {
		return e.Regions
	}
	return phone.Around(e.From())
}

// HomeOfAll returns the home of numbers without a country code, for the entries
// of a phone system's domain; empty: for all of them. If the entries differ it
// is that of phone.DefaultRegion.
func HomeOfAll(entries []*Entry, domain string) phone.Home {
	var found phone.Home
	for _, e := range entries {
		home := e.Home()
		switch {
		case domain != "" && !strings.EqualFold(e.APIDomain, domain), slices.Equal(found.Regions(), home.Regions()):
		case found.Nowhere():
			found = home
		default:
			return phone.HomeIn()
		}
	}
	if found.Nowhere() {
		return phone.HomeIn()
	}
	return found
}

// From returns the number that texts come from.
func (e *Entry) From() phone.Number {
	if e.from.Hidden() {
		return phone.Read(e.Text.FromNumber, e.Home())
	}
	return e.from
}

// Zone returns the entry's time zone; default that of the machine.
func (e *Entry) Zone() *time.Location {
	if e.TimeZone == nil {
		return time.Local
	}
	return e.TimeZone
}

// Text is an entry's text-back.
type Text struct {
	User       string // the extension that owns the number and sends the text
	SystemUser string // the user that calls are routed to, made by provisioning
	FromNumber string // the number that texts come from, digits
	Message    string // where Messages has none for the hour; see Entry.Message
}

// Messages are texts by opening hours. An empty one is Text.Message.
type Messages struct {
	Open, Closed string
	Holiday      string // empty: Closed
}

// Cooldown is how many texts a caller gets in a while.
type Cooldown struct {
	Texts int
	Time  time.Duration
}

// Branding is how an entry's widget looks.
type Branding struct {
	ButtonText  string
	ButtonColor string
	CompanyName string
	LogoURL     string
}

// The names of the fields in domains.json.
const (
	FieldAPIDomain  = "api_domain"
	FieldUser       = "user"
	FieldSystemUser = "ns_system_user"
	FieldFromNumber = "from_number"
	FieldMessage    = "message"
	FieldQueue      = "queue"
	FieldLanguage   = "language"
	FieldTexts      = "texts"
	FieldMessages   = "messages"
	FieldConsentKey = "consent_key"
	FieldCooldown   = "cooldown"
	FieldTimeZone   = "time_zone"
	FieldHours      = "hours"
	FieldHolidays   = "holidays"
	FieldKey        = "key"
	FieldAllowFrom  = "allow_from"
	FieldBranding   = "branding"
	FieldRegions    = "regions"
	FieldOrigins    = "origins"
	FieldLimits     = "limits"
)

var validID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// CheckID reports what is wrong with the id of a new entry. The error is a
// *fault.Error.
func CheckID(id string) error {
	if validID.MatchString(id) {
		return nil
	}
	return fault.Newf(fault.Invalid, "the id %.120q is not 1 to 100 letters, digits, full stops, underscores or hyphens", id)
}

// parse reads an entry's object, which is valid JSON. Names are case-sensitive:
// a field Message is not message, but an unknown one.
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
			if err := e.read(name, value); err != nil {
				return nil, fmt.Errorf("entry %q: the field %s: %w", id, name, err)
			}
			continue
		}
		text, ok := textOf(value)
		switch {
		case ok && name == FieldMessage:
			*field = plaintext.Compose(text)
		case ok:
			*field = text
		case number && isDigits(value):
			*field = string(value)
		case number && value[0] != '{' && value[0] != '[':
			return nil, fmt.Errorf("entry %q: the field %s is %.40s, which is neither a text nor a whole number", id, name, value)
		default:
			return nil, fmt.Errorf("entry %q: the field %s is not a text", id, name)
		}
	}
	if e.ConsentKey != "" && e.Key == "" {
		return nil, fmt.Errorf("entry %q: the field %s: %w", id, FieldConsentKey, errKeyless)
	}
	if e.Hours != nil {
		e.Hours.Zone = e.TimeZone
	}
	e.home = e.Home()
	e.from = e.From()
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
func (e *Entry) HasText() bool {
	return e.Text != Text{} || e.Messages != Messages{} || e.ConsentKey != ""
}

// Message returns the text that callers get at a moment.
func (e *Entry) Message(now time.Time) string { return e.messageWhen(e.Hours.At(now)) }

func (e *Entry) messageWhen(state hours.State) string {
	var message string
	switch state {
	case hours.Open:
		message = e.Messages.Open
	case hours.Holiday:
		if message = e.Messages.Holiday; message == "" {
			message = e.Messages.Closed
		}
	case hours.Closed:
		message = e.Messages.Closed
	}
	if message == "" {
		return e.Text.Message
	}
	return message
}

// LacksForTexts returns the names of the fields without which no text can be
// sent, or none at some hours.
func (e *Entry) LacksForTexts() []string {
	var lacks []string
	for _, field := range []struct{ name, value string }{
		{FieldAPIDomain, e.APIDomain}, {FieldUser, e.Text.User}, {FieldFromNumber, e.Text.FromNumber},
	} {
		if field.value == "" {
			lacks = append(lacks, field.name)
		}
	}
	for _, state := range e.states() {
		if e.messageWhen(state) == "" {
			return append(lacks, FieldMessage)
		}
	}
	return lacks
}

// states returns how the entry's place can be.
func (e *Entry) states() []hours.State {
	states := []hours.State{hours.Open}
	if e.Hours != nil && e.Hours.Week != nil {
		states = append(states, hours.Closed)
	}
	if e.Hours != nil && len(e.Hours.Holidays) > 0 {
		states = append(states, hours.Holiday)
	}
	return states
}
