package textback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/form"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/phone/sms"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/netsapiens"
)

// provisionTimeout bounds the steps after a form was saved. Form services give
// up after about half a minute.
const provisionTimeout = 25 * time.Second

// Store keeps entries.
type Store interface {
	Get(id string) (*entry.Entry, bool)
	Update(ctx context.Context, id string, fields map[string]string) (*entry.Entry, error)
}

// Provisioner makes the phone system's side of an entry.
type Provisioner interface {
	// Owner returns the user that a number for texts belongs to. The error is
	// a *netsapiens.Error where the phone system could not be asked, else a
	// *fault.Error: it is no user's.
	Owner(ctx context.Context, domain, number string) (user string, err error)

	// Apply runs the steps and reports on each.
	Apply(ctx context.Context, e *entry.Entry) provision.Report
}

// Form is the http.Handler of /update-sms: it saves an entry and then
// provisions it.
type Form struct {
	Secret    netsapiens.Secret // without one every form is refused
	Guesses   *guess.Watch      // makes anyone who guesses it wait; optional
	Store     Store
	Provision Provisioner
	Audit     ledger.Audit        // records that an entry was saved; optional
	Tell      func(activity.Item) // told of each form that is not saved; optional
	Log       part.Log            // told of each entry that is saved
}

// saved is the answer to a form that was saved: the result of each step, and
// how many messages the text is billed as if it is more than one.
type saved struct {
	provision.Report
	Segments string `json:"segments,omitempty"`
}

// ServeHTTP saves and provisions.
func (f *Form) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler := form.Handler{
		Secret: string(f.Secret), Guesses: f.Guesses, Timeout: provisionTimeout, Known: form.Names(formFields(phone.Home{})), Log: f.Log, Tell: f.Tell,
		Save: func(ctx context.Context, fields map[string]string) (any, error) { return f.update(ctx, fields) },
	}
	handler.ServeHTTP(w, r)
}

// update saves first, then provisions: a failed step does not undo the save.
func (f *Form) update(ctx context.Context, fields map[string]string) (saved, error) {
	id := fields["id"]
	if id != "" {
		if err := entry.CheckID(id); err != nil {
			return saved{}, err
		}
	}
	stored, known := f.Store.Get(id)
	home := phone.HomeIn()
	if known {
		home = stored.Home()
	}
	given, err := form.Check(formFields(home), fields)
	if err != nil {
		return saved{}, err
	}
	owned, err := f.complete(ctx, id, merge(stored, given), given)
	if err != nil {
		return saved{}, err
	}
	e, err := f.Store.Update(ctx, id, given)
	if err != nil {
		return saved{}, err
	}
	if !owned.known {
		owned = f.findOwner(ctx, *e)
	}
	report := f.Provision.Apply(ctx, e)
	report.FromNumber = owned.problem
	f.logSaved(ctx, id, report)
	event := ledger.EntrySaved(id, given)
	event.Item = form.Saving(id, given)
	f.Audit.Record(ctx, f.Log, event)
	answer := saved{Report: report}
	if sms.Count(e.Text.Message).Segments > 1 {
		answer.Segments = Segments(e.Text.Message)
	}
	return answer, nil
}

// complete checks that an entry lacks nothing, and sets its user, if none is
// given, to the one that its number belongs to.
func (f *Form) complete(ctx context.Context, id string, e entry.Entry, given map[string]string) (ownership, error) {
	var missing []string
	if id == "" {
		missing = append(missing, "id")
	}
	lacks := e.LacksForTexts()
	if e.Text.SystemUser == "" {
		lacks = append(lacks, entry.FieldSystemUser)
	}
	findUser := e.Text.User == "" && e.APIDomain != "" && e.Text.FromNumber != ""
	for _, field := range formFields(phone.Home{}) {
		if slices.Contains(lacks, field.Name) && !(findUser && field.Name == entry.FieldUser) {
			missing = append(missing, field.Name)
		}
	}
	if missing != nil {
		return ownership{}, fault.Newf(fault.Invalid, "missing: %s", strings.Join(missing, ", "))
	}
	if !findUser {
		return ownership{}, nil
	}
	owned := f.findOwner(ctx, e)
	switch {
	case owned.user != "":
		given[entry.FieldUser] = owned.user
	case owned.asked:
		return ownership{}, fault.Newf(fault.Invalid, "missing: %s (%s)", entry.FieldUser, owned.sentence)
	}
	// The phone system cannot be asked: what was given is saved, and callers
	// hear the apology until the form is sent again.
	return owned, nil
}

// ownership is whose the number of an entry is.
type ownership struct {
	known    bool             // we checked
	asked    bool             // the phone system has answered
	user     string           // of the phone system; empty: no user has it
	sentence string           // where it is not the entry's user: why
	problem  provision.Result // the same as a step of the report
}

// findOwner asks the phone system whose the number of an entry is.
func (f *Form) findOwner(ctx context.Context, e entry.Entry) ownership {
	user, err := f.Provision.Owner(ctx, e.APIDomain, e.Text.FromNumber)
	o := ownership{known: true, asked: true, user: user}
	outcome := provision.Conflict
	_, failed := errors.AsType[*netsapiens.Error](err)
	switch {
	case err == nil && (e.Text.User == "" || e.Text.User == user):
		return o
	case err == nil:
		o.sentence = fmt.Sprintf("the number belongs to user %s, not to %s; texts from it will be refused", user, e.Text.User)
	case failed:
		o.asked, o.sentence, outcome = false, form.Sentence(err), provision.Failed
	default: // the phone system has answered: no user has it
		o.sentence = form.Sentence(err)
	}
	o.problem = provision.Result{Outcome: outcome, Reason: provision.Sentence(o.sentence)}
	return o
}

func (f *Form) logSaved(ctx context.Context, id string, report provision.Report) {
	level := slog.LevelInfo
	if !report.Done() || !report.FromNumber.IsZero() {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("entry", id), slog.String("user", report.User.String()),
		slog.String("dial_rule", report.DialRule.String()), slog.String("answer_rule", report.AnswerRule.String()),
	}
	if !report.Earlier.IsZero() {
		attrs = append(attrs, slog.String("earlier", report.Earlier.String()))
	}
	if !report.FromNumber.IsZero() {
		attrs = append(attrs, slog.String("from_number", report.FromNumber.String()))
	}
	f.Log.LogAttrs(ctx, level, "entry saved", attrs...)
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
