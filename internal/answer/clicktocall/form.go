package clicktocall

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/form"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/widget"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/setting/guess"
)

// saveTimeout bounds the saving of a form. Nothing but our own database, or a
// file, is waited for.
const saveTimeout = 10 * time.Second

// Store keeps entries.
type Store interface {
	Get(id string) (*entry.Entry, bool)
	Update(ctx context.Context, id string, fields map[string]string) (*entry.Entry, error)
}

// Form is the http.Handler of /update-domain: it saves an entry's click-to-call.
type Form struct {
	Secret  string       // without one every form is refused
	Guesses *guess.Watch // makes anyone who guesses it wait; optional
	Store   Store
	Audit   ledger.Audit        // records that an entry was saved; optional
	Tell    func(activity.Item) // told of each form that is not saved; optional
	Log     part.Log            // told of each entry that is saved
}

// saved is the answer to a form that was saved.
type saved struct {
	ID    string `json:"id"`
	Saved bool   `json:"saved"`
}

// ServeHTTP saves.
func (f *Form) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler := form.Handler{
		Secret: f.Secret, Guesses: f.Guesses, Timeout: saveTimeout, Known: form.Names(knownFields()), Log: f.Log, Tell: f.Tell,
		Save: func(ctx context.Context, fields map[string]string) (any, error) { return f.save(ctx, fields) },
	}
	handler.ServeHTTP(w, r)
}

// maxBranding bounds the texts of a button, in characters; the button itself
// shows less.
const maxBranding = 500

// validQueue is a queue as NetSapiens names it, or its extension alone.
var validQueue = regexp.MustCompile(`^[A-Za-z0-9._-]{1,16}(@[A-Za-z0-9._-]{1,64})?$`)

// formFields are the fields that a form may set, and what they are called in an
// entry.
var formFields = []struct {
	form.Field
	stored string
}{
	{form.Field{Name: "api_domain", Check: form.Domain}, entry.FieldAPIDomain},
	{form.Field{Name: "queue", Check: checkQueue}, entry.FieldQueue},
	{form.Field{Name: "button_text", Check: checkText}, entry.FieldButtonText},
	{form.Field{Name: "button_color", Check: checkColour}, entry.FieldButtonColor},
	{form.Field{Name: "company_name", Check: checkText}, entry.FieldCompanyName},
	{form.Field{Name: "logo_url", Check: checkLogo}, entry.FieldLogoURL},
}

func knownFields() []form.Field {
	known := make([]form.Field, len(formFields))
	for i := range formFields {
		known[i] = formFields[i].Field
	}
	return known
}

// CheckFields returns the fields of an entry that the form has as the form would
// store them, by their names in the entry. The error is a *fault.Error that names
// each that cannot be used.
func CheckFields(fields map[string]string) (map[string]string, error) {
	known := knownFields()
	for i := range known {
		known[i].Name = formFields[i].stored
	}
	return form.Check(known, fields)
}

func (f *Form) save(ctx context.Context, fields map[string]string) (saved, error) {
	id := fields["id"]
	if id != "" {
		if err := entry.CheckID(id); err != nil {
			return saved{}, err
		}
	}
	given, err := form.Check(knownFields(), fields)
	if err != nil {
		return saved{}, err
	}
	change := make(map[string]string, len(given))
	for _, field := range formFields {
		if value, ok := given[field.Name]; ok {
			change[field.stored] = value
		}
	}
	if err := f.complete(id, change); err != nil {
		return saved{}, err
	}
	if _, err := f.Store.Update(ctx, id, change); err != nil {
		return saved{}, err
	}
	f.Log.LogAttrs(ctx, slog.LevelInfo, "entry saved", slog.String("entry", id))
	event := ledger.EntrySaved(id, given)
	event.Item = form.Saving(id, given)
	f.Audit.Record(ctx, f.Log, event)
	return saved{ID: id, Saved: true}, nil
}

// complete checks that nothing is missing of an entry as it is to be, and gives
// a queue that is an extension alone its domain.
func (f *Form) complete(id string, change map[string]string) error {
	var missing []string
	if id == "" {
		missing = append(missing, "id")
	}
	stored, ok := f.Store.Get(id)
	if !ok {
		stored = &entry.Entry{}
	}
	domain, queue := change[entry.FieldAPIDomain], change[entry.FieldQueue]
	if domain == "" {
		domain = stored.APIDomain
	}
	if domain == "" {
		missing = append(missing, entry.FieldAPIDomain)
	}
	if queue == "" && stored.Queue == "" {
		missing = append(missing, entry.FieldQueue)
	}
	if missing != nil {
		return fault.Newf(fault.Invalid, "missing: %s", strings.Join(missing, ", "))
	}
	if queue != "" && !strings.Contains(queue, "@") {
		change[entry.FieldQueue] = queue + "@" + domain
	}
	return nil
}

func checkQueue(value string) (clean, problem string) {
	extension, domain, named := strings.Cut(value, "@")
	if extension != "" {
		if extension, problem = form.User(extension); problem != "" && validQueue.MatchString(value) {
			return "", problem
		}
	}
	if problem == "" {
		value = extension
		if named {
			value += "@" + domain
		}
	}
	if !validQueue.MatchString(value) {
		return "", "is not a queue such as 9002@example.net"
	}
	return value, ""
}

// checkText takes whatever a button can show; what it makes of it is its own
// matter.
func checkText(value string) (clean, problem string) {
	clean = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, value)
	if utf8.RuneCountInString(clean) > maxBranding {
		return "", "has more than 500 characters"
	}
	return clean, ""
}

func checkColour(value string) (clean, problem string) {
	if _, _, ok := widget.Colours(value); !ok {
		return "", "is not a colour such as " + widget.DefaultColour
	}
	return value, ""
}

func checkLogo(value string) (clean, problem string) {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(value) > maxBranding {
		return "", "is not an address such as https://example.net/logo.png"
	}
	return value, ""
}
