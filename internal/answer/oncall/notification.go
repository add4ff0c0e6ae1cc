package oncall

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Status is the state of a call, as the phone system reports it.
type Status string

// The statuses.
const (
	Created    Status = "created"
	Ringing    Status = "ringing"
	InProgress Status = "in-progress"
	Ended      Status = "ended"
)

// Notification is what Voys and other VoIPGRID platforms post about a call:
// https://help.voys.nl/integraties/gespreksnotificaties/technische-specificaties.
// We ignore its other fields.
type Notification struct {
	CallID  string
	Status  Status
	Reason  string // of Ended: completed, busy, no-answer, failed, abandoned
	Caller  string // empty where they hide their number
	DID     string // the called number
	Targets []Target
}

// Target is a telephone that a call rings at, or that took it.
type Target struct {
	Number  string
	Account string   // of the phone system; empty: a telephone elsewhere
	Users   []string // extensions
}

const (
	// completed is the Reason of a call that somebody had answered.
	completed = "completed"

	// maxTargets bounds the telephones of a notification; a call group may have
	// dozens.
	maxTargets = 200
)

// ParseNotification reads what a phone system posts. It accepts an unknown status
// or reason as it is; a notification without an id or a status is an error, as is
// anything but JSON.
func ParseNotification(data []byte) (Notification, error) {
	var wire struct {
		CallID      loose      `json:"call_id"`
		Status      loose      `json:"status"`
		Reason      loose      `json:"reason"`
		Caller      wireTarget `json:"caller"`
		Destination wireTarget `json:"destination"`
	}
	if err := json.Unmarshal(plaintext.Decode(data), &wire); err != nil {
		return Notification{}, fmt.Errorf("the notification is not the JSON of one: %w", err)
	}
	n := Notification{
		CallID: string(wire.CallID), Status: Status(wire.Status), Reason: string(wire.Reason),
		Caller: string(wire.Caller.Number), DID: string(wire.Destination.Number),
	}
	if n.CallID == "" || n.Status == "" {
		return Notification{}, errors.New("the notification has no call_id or no status")
	}
	targets := wire.Destination.Targets
	if len(targets) == 0 && (wire.Destination.Account != "" || len(wire.Destination.Users) > 0) {
		targets = []wireTarget{wire.Destination} // of one telephone it stands at the destination itself
	}
	for _, t := range targets[:min(len(targets), maxTargets)] {
		target := Target{Number: string(t.Number), Account: string(t.Account)}
		for _, user := range t.Users[:min(len(t.Users), maxTargets)] {
			target.Users = append(target.Users, string(user))
		}
		n.Targets = append(n.Targets, target)
	}
	return n, nil
}

type wireTarget struct {
	Number  loose        `json:"number"`
	Account loose        `json:"account_number"`
	Users   looseList    `json:"user_numbers"`
	Targets []wireTarget `json:"targets"`
}

// looseList is a list of strings or numbers; anything else is none.
type looseList []loose

func (l *looseList) UnmarshalJSON(data []byte) error {
	var list []loose
	if err := json.Unmarshal(data, &list); err != nil {
		return nil //nolint:nilerr // a field that has changed must not lose the rest
	}
	*l = list
	return nil
}

// loose is a string or a number; anything else is empty.
type loose string

func (s *loose) UnmarshalJSON(data []byte) error {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(data, &text) == nil:
		*s = loose(text)
	case json.Unmarshal(data, &number) == nil:
		*s = loose(number)
	default:
		*s = ""
	}
	return nil
}

// Notify takes a phone system's notification of a call, and reports whether we
// put that call through to somebody. A notification may come twice, late, or not
// at all.
func (d *Dispatcher) Notify(n Notification) bool {
	now := time.Now()
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	history := d.memory.history
	c := history.findCall(&n, now)
	if c == nil {
		return false
	}
	if c.ended {
		return true // what comes after the end came late
	}
	switch n.Status {
	case InProgress:
		if c.helped {
			break
		}
		outcome := Answered
		if !c.rang(&n) {
			outcome, c.key = Elsewhere, "" // the person whom we rang is free
		}
		history.recordAnswered(c, now)
		c.record = d.memory.decisions.recordOutcome(c.record, outcome, now)
	case Ended:
		outcome := Unanswered
		switch {
		case c.helped && c.key != "":
			outcome = Talked
		case c.helped:
			outcome = Elsewhere
		case n.Reason == completed: // the notification that it was answered was lost
			outcome = Talked
			history.recordAnswered(c, now)
		}
		history.recordEnd(c, now)
		c.record = d.memory.decisions.recordOutcome(c.record, outcome, now)
	}
	return true
}

// rang reports whether the rung person picked up. The phone system does not say
// so of a telephone elsewhere: we assume that they did, unless a telephone of the
// phone system with other numbers picked up.
func (c *call) rang(n *Notification) bool {
	others := false
	for _, t := range n.Targets {
		if matches(c.number, keyOfNumber(t.Number)) {
			return true
		}
		for _, user := range t.Users {
			if keyOfNumber(user) == c.number {
				return true
			}
		}
		others = others || t.Account != ""
	}
	return !others
}

// maxNotification is how long a notification may be, in bytes. One of a group
// of a hundred telephones has some 15,000.
const maxNotification = 64 << 10

// Notifications returns the http.Handler that phone systems post call
// notifications to, with the secret of any route. It accepts and ignores those
// of calls that we were not asked about.
func (d *Dispatcher) Notifications() http.Handler { return http.HandlerFunc(d.serveNotifications) }

func (d *Dispatcher) serveNotifications(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header()["Allow"] = []string{http.MethodPost}
		writeText(w, http.StatusMethodNotAllowed, "A phone system posts its notifications.\n")
		return
	}
	if _, p := d.admit(w, r, r.URL.Query()[paramSecret]); p != permitted {
		why := p.why()
		writeText(w, d.denyRequest(w, r, p), strings.ToUpper(why[:1])+why[1:]+".\n")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNotification))
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		writeText(w, status, "The notification cannot be read.\n")
		return
	}
	n, err := ParseNotification(body)
	if err != nil {
		d.config.Log.LogAttrs(r.Context(), slog.LevelWarn, "call notification", slog.String("error", clip(phone.MaskIn(err.Error()))))
		writeText(w, http.StatusBadRequest, "The notification cannot be read: it is a JSON object with call_id and status.\n")
		return
	}
	ours := d.Notify(n)
	d.config.Log.LogAttrs(r.Context(), slog.LevelInfo, "call notification", slog.String("call_id", clip(n.CallID)),
		slog.String("status", clip(string(n.Status))), slog.String("reason", clip(n.Reason)), slog.Bool("known", ours))
	w.WriteHeader(http.StatusNoContent)
}
