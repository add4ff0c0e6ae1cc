package core

import (
	"cmp"
	"crypto/rand"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core/dialplan"
)

// leg is a call from when a responder is asked until it ends there or is
// forwarded: what the phone system shows as a call of the user whose number was
// called, and records.
type leg struct {
	origID, termID string
	from, to       string // as the caller dialled
	route          dialplan.Result
	began          time.Time
}

// beginLeg begins the leg to the responder that the call was routed to last, and
// notifies those who subscribed to calls.
func (p *placedCall) beginLeg() *leg {
	l := &leg{
		origID: p.origID, termID: rand.Text(), from: p.from, to: p.to,
		route: p.call.Routes[len(p.call.Routes)-1], began: p.core.config.Now().UTC(),
	}
	if p.core.tells() {
		p.core.tell(l.event(modelCall, l.active()))
	}
	return l
}

// endLeg records that the leg is over, and gives those who subscribed to records
// one.
func (p *placedCall) endLeg(l *leg) {
	if !p.core.tells() {
		return
	}
	last := l.active()
	last.set("remove", "yes")
	p.core.tell(l.event(modelCall, last))
	p.core.tell(l.event(modelCDR, l.record(p.core.config.Now().UTC(), p.call.Outcome)))
}

func (l *leg) event(model string, fields Fields) event {
	return event{model: model, domain: l.domain(), user: l.route.Owner.Name, fields: fields}
}

func (l *leg) domain() string { return cmp.Or(l.route.Owner.Domain, l.route.Domain) }

// caller returns the caller; of one outside the host is empty.
func (l *leg) caller() dialplan.URI { return dialplan.ParseURI(l.from, "") }

// active returns the call as the API shows one that is under way.
func (l *leg) active() Fields {
	f := Fields{}
	caller := l.caller()
	began := l.began.Format(time.RFC3339)
	for name, value := range map[string]any{
		"core-server":         "",
		"call-session-id":     l.origID,
		"call-orig-call-id":   l.origID,
		"call-orig-match-uri": l.route.Owner.Address(),
		"call-orig-user":      userOf(caller),
		"call-orig-domain":    caller.Host,
		"call-orig-uri":       caller.String(),
		"call-orig-name":      l.route.From.Name,
		"caller-id-number":    l.route.From.User,
		"call-dialed-number":  l.to,
		"call-by-action":      "",
		"call-by-user":        "",
		"call-by-domain":      "",
		"call-by-call-id":     "",
		"call-term-call-id":   l.termID,
		"call-term-user":      l.route.To.User,
		"call-term-domain":    cmp.Or(l.route.To.Host, l.domain()),
		"call-term-uri":       l.route.To.String(),
		"call-start-datetime": began,

		"call-answer-datetime": began, // a responder answers at once
		"call-orig-info":       "active",
		"term-orig-info":       "active",
		"call-audio-codec":     "",
	} {
		f.set(name, value)
	}
	return f
}

// userOf returns the user that a caller is, "" of one outside.
func userOf(caller dialplan.URI) string {
	if caller.Host == "" {
		return ""
	}
	return caller.User
}

// record returns the call's record.
func (l *leg) record(ended time.Time, outcome engine.Outcome) Fields {
	f := Fields{}
	caller := l.caller()
	began, over := l.began.Format(time.RFC3339), ended.Format(time.RFC3339)
	seconds := int(ended.Sub(l.began) / time.Second)
	for name, value := range map[string]any{
		"id":                            l.termID,
		"domain":                        l.domain(),
		"reseller":                      Everybody,
		"core-server":                   "",
		"call-orig-call-id":             l.origID,
		"call-orig-user":                userOf(caller),
		"call-orig-domain":              caller.Host,
		"call-orig-from-uri":            caller.String(),
		"call-orig-from-name":           l.route.From.Name,
		"call-orig-from-user":           caller.User,
		"call-orig-caller-id":           l.route.From.User,
		"call-orig-to-user":             l.to,
		"call-orig-match-uri":           l.route.Owner.Address(),
		"call-term-call-id":             l.termID,
		"call-term-user":                l.route.To.User,
		"call-term-domain":              cmp.Or(l.route.To.Host, l.domain()),
		"call-term-to-uri":              l.route.To.String(),
		"call-start-datetime":           began,
		"call-answer-datetime":          began,
		"call-disconnect-datetime":      over,
		"call-record-creation-datetime": over,
		"call-disconnect-reason-text":   hangupReason(outcome),
		"call-total-duration-seconds":   seconds,
		"call-talking-duration-seconds": seconds,
	} {
		f.set(name, value)
	}
	return f
}

// hangupReason says who ended a call, in the vendor's words.
func hangupReason(outcome engine.Outcome) string {
	switch {
	case outcome.Forwarded:
		return "Transfer"
	case outcome.By == trace.ByCaller:
		return "Orig: Bye"
	}
	return "Term: Bye"
}
