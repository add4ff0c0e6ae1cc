// Package form answers the forms that change entries: it reads what form
// services send, authenticates it, and answers with the result in JSON. What a
// form may set, and what is done with it, is up to the user of the package.
package form

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/guess"
)

// HeaderSecret may carry a form's secret instead of the field.
const HeaderSecret = "X-Update-Secret"

// fieldSecret is the field.
const fieldSecret = "secret"

// fieldID names the entry.
const fieldID = "id"

// Handler is the http.Handler of a form.
type Handler struct {
	Secret  string        // without one every form is refused
	Timeout time.Duration // bounds Save

	Guesses *guess.Watch // makes those who guess at the secret wait; optional

	// Known are the names of the fields that the form takes; others are ignored,
	// and the answer says so. Nil: it takes all.
	Known []string

	// Log is told which fields were ignored.
	Log part.Log

	// Tell is told of each form that is not saved. Optional.
	Tell func(activity.Item)

	// Save does what a form asks for, and returns the answer, which is written
	// as JSON. The sender is shown the text of an error only if it is a
	// *fault.Error.
	Save func(ctx context.Context, fields map[string]string) (answer any, err error)
}

// ServeHTTP reads a form and answers it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		Say(w, http.StatusMethodNotAllowed, "a form is sent with POST")
		return
	}
	all, err := read(w, r)
	if err != nil {
		status := http.StatusBadRequest
		if fault.CodeOf(err) == fault.Refused {
			status = http.StatusRequestEntityTooLarge
		}
		Say(w, status, err.Error())
		return
	}
	fields, problems := h.known(all)
	if !h.admit(w, r, fields[fieldSecret]) {
		return
	}
	beside := h.ignored(all)
	if beside.Ignored != "" {
		h.Log.LogAttrs(r.Context(), slog.LevelInfo, "form fields ignored", slog.String("entry", clip(fields[fieldID])), slog.String("ignored", clip(phone.MaskIn(beside.Ignored))))
	}
	if problems != nil {
		h.tell(Refused, fields[fieldID], strings.Join(problems, "; "))
		Answer(w, http.StatusBadRequest, answer{said{strings.Join(problems, "; ")}, beside})
		return
	}
	// What was begun is finished, even if the form service hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.Timeout)
	defer cancel()
	report, err := h.Save(ctx, fields)
	if err != nil {
		outcome := Failed
		if status := fault.HTTPStatus(err); status < http.StatusInternalServerError {
			outcome = Refused
		}
		h.tell(outcome, fields[fieldID], err.Error())
		Answer(w, fault.HTTPStatus(err), answer{said{Sentence(err)}, beside})
		return
	}
	Answer(w, http.StatusOK, answer{report, beside})
}

// admit reports whether a form has the right secret, and answers those that do
// not. inForm is the secret of the field.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, inForm string) bool {
	inHeader := r.Header.Get(HeaderSecret)
	right := h.authentic(inHeader) || h.authentic(inForm)
	switch wait := h.Guesses.Judge(r, guess.Secret{Place: guess.Forms}, right, inHeader, inForm); {
	case wait > 0:
		guess.TellWait(w.Header(), wait)
		Say(w, http.StatusTooManyRequests, "too many wrong secrets came from this address; wait before the next")
		return false
	case !right:
		h.tell(Refused, "", "the secret is missing or wrong")
		Say(w, http.StatusForbidden, "the secret is missing or wrong")
	}
	return right
}

// Outcome is what became of a form. The set is closed.
type Outcome string

// The outcomes.
const (
	Saved   Outcome = "saved"
	Refused Outcome = "refused" // its secret, or what it says
	Failed  Outcome = "failed"
)

// Sentence returns the sentence of a step with this code.
func (o Outcome) Sentence() string {
	return map[Outcome]string{
		Saved:   "A form saved the entry[: $fields].",
		Refused: "A form was refused[: $problem].",
		Failed:  "A form could not be saved[: $problem].",
	}[o]
}

// Saving tells of a form that saved an entry, with the fields that it gave.
func Saving(id string, given map[string]string) *activity.Item {
	i := itemOf(Saved, id, why.Args{"fields": strings.Join(slices.Sorted(maps.Keys(given)), ", ")})
	return &i
}

func itemOf(outcome Outcome, id string, args why.Args) activity.Item {
	return activity.Item{Kind: activity.Form, Outcome: string(outcome), Entry: id, Steps: activity.Steps(why.Step[Outcome]{Code: outcome, Args: args})}
}

// tell tells of a form that is not saved.
func (h *Handler) tell(outcome Outcome, id, problem string) {
	if h.Tell != nil {
		h.Tell(itemOf(outcome, id, why.Args{"problem": phone.MaskIn(problem)}))
	}
}

// authentic compares in constant time.
func (h *Handler) authentic(secret string) bool {
	given, wanted := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(h.Secret))
	return h.Secret != "" && subtle.ConstantTimeCompare(given[:], wanted[:]) == 1
}

// Say answers with a sentence and nothing else.
func Say(w http.ResponseWriter, status int, why string) {
	Answer(w, status, said{why})
}

type said struct {
	Message string `json:"message"`
}

// Answer writes an answer as JSON, which is of no use to caches.
func Answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // the form service may have gone
}

// Sentence returns the text that a person is shown for an error.
func Sentence(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Error()
	}
	return "something went wrong on our side"
}

// Field is a field that a form may set, and how it is checked: clean is as it is
// stored, and a problem completes "the field NAME".
type Field struct {
	Name  string
	Check func(value string) (clean, problem string)
}

// Names returns the names of the fields that a form takes.
func Names(fields []Field) []string {
	names := []string{fieldID}
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return names
}

// Check returns the fields that are set, as they are stored. An empty field
// keeps what is stored. The error is a *fault.Error that names every field that
// cannot be used.
func Check(known []Field, fields map[string]string) (map[string]string, error) {
	given := map[string]string{}
	var problems []string
	for _, field := range known {
		value := fields[field.Name]
		if value == "" {
			continue
		}
		clean, problem := field.Check(value)
		if problem != "" {
			problems = append(problems, "the field "+field.Name+" "+problem)
			continue
		}
		given[field.Name] = clean
	}
	if len(problems) > 0 {
		return nil, fault.Newf(fault.Invalid, "%s", strings.Join(problems, "; "))
	}
	return given, nil
}
