package oncall

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// The names of the parameters in the URL templates of phone systems.
const (
	paramRoute      = "route"
	paramCode       = "code"
	paramDID        = "did"
	paramCaller     = "callerid"
	paramCallerName = "callername"
	paramAttempt    = "attempt"
)

// maxNotification is how long a notification may be, in bytes. One of a group
// of a hundred telephones has some 15,000.
const maxNotification = 64 << 10

var (
	isText    = []string{"text/plain; charset=utf-8"}
	isXML     = []string{"application/xml; charset=utf-8"}
	isJSON    = []string{"application/json"}
	notStored = []string{"no-store"} // an answer belongs to one call
)

const nak = "status=NAK"

// Voys returns the http.Handler of /voys-webhook, which answers in the one line
// that the webhooks of Voys and other VoIPGRID platforms understand:
// status=ACK and a destination, or status=NAK. It does not look at the path.
func (d *Desk) Voys() http.Handler { return http.HandlerFunc(d.serveVoys) }

func (d *Desk) serveVoys(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header()["Allow"] = []string{http.MethodGet}
		text(w, http.StatusMethodNotAllowed, nak)
		return
	}
	query := r.URL.Query()
	lines, p := d.admit(w, r, query[paramSecret])
	if p != permitted {
		text(w, d.deny(w, r, p), nak)
		return
	}
	d.answer(r, requestOf(query), lines, func(decision *Decision, l *line) {
		text(w, http.StatusOK, voysLine(decision, l))
	})
}

// answer decides on a request and has it written. After a panic too: the caller
// gets the fallback, and our server logs it.
func (d *Desk) answer(r *http.Request, request Request, lines []*line, write func(*Decision, *line)) {
	l := meant(lines, &request)
	decision := Decision{Reason: Defect, Attempt: 1, Steps: []Step{{Code: stepDefect}}}
	defer func() {
		if decision.Reason == Defect && l != nil {
			decision.Route = l.Name
			decision.fallBack(&Situation{Rules: l.Rules, Request: request})
		}
		d.note(r.Context(), &request, &decision)
		write(&decision, l)
	}()
	if l == nil {
		decision = d.noRoute(&request)
		return
	}
	decision = d.decide(r.Context(), l, &request)
}

// voysLine writes a decision as a form has it, status first.
func voysLine(decision *Decision, l *line) string {
	if decision.Number == "" {
		return nak
	}
	line := "status=ACK&destination=" + url.QueryEscape(decision.Number)
	if l != nil && l.CallerName != "" {
		line += "&callername=" + url.QueryEscape(l.CallerName)
	}
	return line
}

func text(w http.ResponseWriter, status int, body string) {
	write(w, isText, status, body)
}

func write(w http.ResponseWriter, kind []string, status int, body string) {
	header := w.Header()
	header["Content-Type"], header["Cache-Control"] = kind, notStored
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // on an error the phone system has hung up: there is no one to tell
}

// requestOf returns what parameters ask. If one is given twice the last counts,
// as in pagerduty-voys-webhook.
func requestOf(params url.Values) Request {
	last := func(name string) string {
		values := params[name]
		if len(values) == 0 {
			return ""
		}
		return strings.TrimSpace(values[len(values)-1])
	}
	attempt, err := strconv.Atoi(last(paramAttempt))
	if err != nil || attempt < 0 {
		attempt = 0 // a template that was not filled in tells nothing
	}
	return Request{
		Route: last(paramRoute), Code: last(paramCode), DID: last(paramDID),
		Caller: last(paramCaller), CallerName: last(paramCallerName), Attempt: attempt,
	}
}

// Notifications returns the http.Handler that phone systems post call
// notifications to, with the secret of any route. It accepts and ignores those
// of calls that we were not asked about.
func (d *Desk) Notifications() http.Handler { return http.HandlerFunc(d.serveNotifications) }

func (d *Desk) serveNotifications(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header()["Allow"] = []string{http.MethodPost}
		text(w, http.StatusMethodNotAllowed, "A phone system posts its notifications.\n")
		return
	}
	if _, p := d.admit(w, r, r.URL.Query()[paramSecret]); p != permitted {
		why := p.why()
		text(w, d.deny(w, r, p), strings.ToUpper(why[:1])+why[1:]+".\n")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNotification))
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		text(w, status, "The notification cannot be read.\n")
		return
	}
	n, err := ParseNotification(body)
	if err != nil {
		d.config.Log(r.Context(), slog.LevelWarn, "call notification", slog.String("error", clip(phone.MaskIn(err.Error()))))
		text(w, http.StatusBadRequest, "The notification cannot be read: it is a JSON object with call_id and status.\n")
		return
	}
	ours := d.Notify(n)
	d.config.Log(r.Context(), slog.LevelInfo, "call notification", slog.String("call_id", clip(n.CallID)),
		slog.String("status", clip(string(n.Status))), slog.String("reason", clip(n.Reason)), slog.Bool("known", ours))
	w.WriteHeader(http.StatusNoContent)
}
