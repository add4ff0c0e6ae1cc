package textback

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/provision"
)

// MaxForm is the size in bytes past which a form is refused: a message of the
// longest kind has a few thousand.
const MaxForm = 64 << 10

// provisionTimeout bounds the steps after a form was saved. Form services give
// up after about half a minute.
const provisionTimeout = 25 * time.Second

// HeaderSecret may carry the form's secret instead of the field.
const HeaderSecret = "X-Update-Secret"

// Store keeps entries.
type Store interface {
	Entries
	Update(ctx context.Context, id string, fields map[string]string) (*entry.Entry, error)
}

// Provisioner makes the phone system's side of an entry.
type Provisioner interface {
	// Owner returns the user that a number for texts belongs to. The error is
	// a *fault.Error with a sentence.
	Owner(ctx context.Context, domain, number string) (user string, err error)

	// Apply runs the steps and tells of each.
	Apply(ctx context.Context, e *entry.Entry) provision.Report
}

// Form is the http.Handler of /update-sms: it saves an entry and then
// provisions it.
type Form struct {
	Secret    string // without one every form is refused
	Store     Store
	Provision Provisioner
	Log       *slog.Logger
}

// formFields are the fields that a form may set, by their name in the form.
var formFields = []string{entry.FieldAPIDomain, entry.FieldUser, entry.FieldSystemUser, entry.FieldFromNumber, entry.FieldMessage}

// ServeHTTP saves and provisions.
func (f *Form) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, message{"a form is sent with POST"})
		return
	}
	fields, err := readForm(w, r)
	if err != nil {
		status := http.StatusBadRequest
		if fault.CodeOf(err) == fault.Refused {
			status = http.StatusRequestEntityTooLarge
		}
		answer(w, status, message{err.Error()})
		return
	}
	if !f.authentic(r.Header.Get(HeaderSecret)) && !f.authentic(fields["secret"]) {
		answer(w, http.StatusForbidden, message{"the secret is missing or wrong"})
		return
	}
	// What was begun is done to its end, also where the form service hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), provisionTimeout)
	defer cancel()
	report, err := f.update(ctx, fields)
	if err != nil {
		answer(w, statusOf(err), message{sentence(err)})
		return
	}
	answer(w, http.StatusOK, report)
}

// authentic compares in a time that does not tell how much was right.
func (f *Form) authentic(secret string) bool {
	given, wanted := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(f.Secret))
	return f.Secret != "" && subtle.ConstantTimeCompare(given[:], wanted[:]) == 1
}

// update saves first and provisions then, whatever comes of it.
func (f *Form) update(ctx context.Context, fields map[string]string) (provision.Report, error) {
	id := fields["id"]
	if err := entry.CheckID(id); err != nil {
		return provision.Report{}, err
	}
	given := map[string]string{}
	for _, name := range formFields {
		if fields[name] != "" { // an empty field keeps what is stored
			given[name] = fields[name]
		}
	}
	if number, ok := given[entry.FieldFromNumber]; ok {
		digits, err := fromNumber(number)
		if err != nil {
			return provision.Report{}, err
		}
		given[entry.FieldFromNumber] = digits
	}
	stored, _ := f.Store.Get(id)
	merged := merge(stored, given)
	// Without a user it is the one that the phone system says the number is of.
	var ownership error
	if merged.APIDomain != "" && merged.Text.FromNumber != "" {
		owner, err := f.Provision.Owner(ctx, merged.APIDomain, merged.Text.FromNumber)
		switch {
		case err != nil:
			ownership = err
		case merged.Text.User == "":
			given[entry.FieldUser], merged.Text.User = owner, owner
		case owner != merged.Text.User:
			ownership = fault.Newf(fault.Refused, "the number belongs to user %s, not to %s; texts from it will be refused", owner, merged.Text.User)
		}
	}
	if missing := missing(merged); missing != nil {
		err := fault.Newf(fault.Invalid, "missing: %s", strings.Join(missing, ", "))
		if ownership != nil && merged.Text.User == "" {
			err.Message += fmt.Sprintf(" (user: %s)", sentence(ownership))
		}
		return provision.Report{}, err
	}
	saved, err := f.Store.Update(ctx, id, given)
	if err != nil {
		return provision.Report{}, err
	}
	report := f.Provision.Apply(ctx, saved)
	if ownership != nil {
		report.FromNumber = "failed: " + sentence(ownership)
		if fault.CodeOf(ownership) == fault.Refused {
			report.FromNumber = "conflict: " + sentence(ownership)
		}
	}
	f.log(ctx, id, report)
	return report, nil
}

func (f *Form) log(ctx context.Context, id string, report provision.Report) {
	log := f.Log
	if log == nil {
		log = slog.Default()
	}
	log.InfoContext(ctx, "entry saved", "entry", id, "user", report.User, "dial_rule", report.DialRule, "answer_rule", report.AnswerRule)
}

// merge returns an entry as it will be with the given fields.
func merge(stored *entry.Entry, given map[string]string) entry.Entry {
	var e entry.Entry
	if stored != nil {
		e = *stored
	}
	for name, field := range map[string]*string{
		entry.FieldAPIDomain: &e.APIDomain, entry.FieldUser: &e.Text.User, entry.FieldSystemUser: &e.Text.SystemUser,
		entry.FieldFromNumber: &e.Text.FromNumber, entry.FieldMessage: &e.Text.Message,
	} {
		if value, ok := given[name]; ok {
			*field = value
		}
	}
	return e
}

func missing(e entry.Entry) []string {
	var names []string
	for _, field := range []struct{ name, value string }{
		{entry.FieldAPIDomain, e.APIDomain}, {entry.FieldUser, e.Text.User}, {entry.FieldSystemUser, e.Text.SystemUser},
		{entry.FieldFromNumber, e.Text.FromNumber}, {entry.FieldMessage, e.Text.Message},
	} {
		if field.value == "" {
			names = append(names, field.name)
		}
	}
	return names
}

// fromNumber returns the digits of a number as people write it.
func fromNumber(number string) (string, error) {
	digits, reason := destination(number)
	if reason != "" {
		return "", fault.Newf(fault.Invalid, "from_number %.40q is not a telephone number of %d to %d digits", number, minNumber, maxNumber)
	}
	return digits, nil
}

// readForm reads a form's fields, stray spaces cut. Of a field that is sent
// twice the first value that is not empty counts.
func readForm(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxForm))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.Newf(fault.Refused, "the form has more than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "the form broke off")
	}
	kind, details, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	var values url.Values
	switch kind {
	case "", "application/x-www-form-urlencoded":
		values, err = url.ParseQuery(strings.TrimSpace(string(body)))
	case "multipart/form-data":
		values, err = readMultipart(body, details["boundary"])
	case "application/json":
		values, err = readJSON(body)
	default:
		return nil, fault.Newf(fault.Invalid, "a form of type %.60q cannot be read; send application/x-www-form-urlencoded", kind)
	}
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "the form cannot be read: %v", err)
	}
	fields := make(map[string]string, len(values))
	for name, all := range values {
		for _, value := range all {
			if value = strings.TrimSpace(asUTF8(value)); value != "" {
				fields[name] = value
				break
			}
		}
	}
	return fields, nil
}

// asUTF8 reads what is not UTF-8 as what it nearly always is then. The text is
// for a customer's eyes, and a wrong guess shows at once.
func asUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	decoded, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return decoded
}

func readMultipart(body []byte, boundary string) (url.Values, error) {
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(MaxForm)
	if err != nil {
		return nil, err
	}
	return form.Value, form.RemoveAll()
}

func readJSON(body []byte) (url.Values, error) {
	var object map[string]string
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, errors.New("it is not a JSON object of strings")
	}
	values := url.Values{}
	for name, value := range object {
		values.Set(name, value)
	}
	return values, nil
}

// message is an answer without a report.
type message struct {
	Message string `json:"message"`
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // the form service has gone: nobody to tell
}

func statusOf(err error) int {
	switch fault.CodeOf(err) {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// sentence returns what a person is told of an error.
func sentence(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Error()
	}
	return "something went wrong on our side"
}
