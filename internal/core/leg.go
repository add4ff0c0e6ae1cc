package core

import (
	"cmp"
	"crypto/rand"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core/dialplan"
)

// leg is a call from when a responder is asked, or somebody outside is called, until
// it ends there or goes elsewhere: what the phone system shows as a call of the user whose number was
// called, and records.
type leg struct {
	*placedCall
	termID string
	route  dialplan.Result
	began  time.Time

	out *outsideCall // to somebody outside; nil: to a responder

	// What brought the call here: nothing for the first leg, and for the responders
	// that another one forwarded it to.
	byAction string
	by       Whose
	byID     string // of the leg before
}

// newLeg returns a leg that begins now.
func (p *placedCall) newLeg(route dialplan.Result) *leg {
	return &leg{placedCall: p, termID: rand.Text(), route: route, began: p.core.config.Now().UTC()}
}

// tellLive notifies those who subscribed to calls of one that is under way.
func (p *placedCall) tellLive(l *leg) {
	if p.core.tells() {
		p.core.tell(l.event(modelCall, l.active()))
	}
}

// tellAnswer returns record, and a notice beside it when a line answers that had not
// at once. Somebody outside who answers gives one of their own.
func (p *placedCall) tellAnswer(record func(trace.Stamped)) func(trace.Stamped) {
	return func(event trace.Stamped) {
		record(event)
		if _, ok := event.Event.(trace.Answered); ok && p.at.out == nil {
			p.tellLive(p.at)
		}
	}
}

// tellEnd notifies those who subscribed to calls that a leg is over, and gives
// those who subscribed to records one.
func (p *placedCall) tellEnd(l *leg, outcome engine.Outcome) {
	if !p.core.tells() {
		return
	}
	last := l.active()
	last.set("remove", "yes")
	p.core.tell(l.event(modelCall, last))
	p.core.tell(l.event(modelCDR, l.record(p.core.config.Now().UTC(), outcome)))
}

func (l *leg) event(model string, fields Fields) event {
	return event{model: model, domain: l.domain(), user: l.route.Owner.Name, fields: fields}
}

func (l *leg) domain() string { return cmp.Or(l.route.Owner.Domain, l.route.Domain) }

// caller returns the caller; of one outside the host is empty.
func (l *leg) caller() dialplan.URI { return dialplan.ParseURI(l.from, "") }

// owner returns the address of the user whom the call came to, "" if it passed none.
func (l *leg) owner() string {
	if l.route.Owner.Name == "" {
		return ""
	}
	return l.route.Owner.Address()
}

// madeBy reports whether those meant make the call, to somebody else.
func (l *leg) madeBy(whose Whose) bool {
	caller := l.caller()
	switch {
	case !sameName(caller.Host, whose.Domain) || caller.Host == "":
		return false
	case whose.User != "":
		return sameName(caller.User, whose.User) && !sameName(l.owner(), caller.Address())
	}
	return !sameName(l.domain(), whose.Domain)
}

// inNameOf says on whose behalf the call goes elsewhere: the caller's, or the owner's.
func (l *leg) inNameOf(byCaller bool) Whose {
	if caller := l.caller(); byCaller {
		return Whose{User: caller.User, Domain: caller.Host}
	}
	return Whose{User: l.route.Owner.Name, Domain: l.route.Owner.Domain}
}

// belongsTo reports whether a call is one of those meant.
func (l *leg) belongsTo(whose Whose) bool {
	caller := l.caller()
	switch {
	case whose.User != "":
		address := whose.User + "@" + whose.Domain
		return sameName(l.owner(), address) || sameName(caller.Address(), address) || sameName(l.maker.User+"@"+l.maker.Domain, address)
	case whose.Domain != "":
		return sameName(l.domain(), whose.Domain) || sameName(caller.Host, whose.Domain) || sameName(l.maker.Domain, whose.Domain)
	}
	return true
}

// answered returns when the caller was answered here; the zero time: not yet.
func (l *leg) answered() time.Time {
	if l.out != nil {
		return l.out.answeredAt()
	}
	answered := l.callerAnswered()
	if !answered.IsZero() && answered.Before(l.began) {
		return l.began
	}
	return answered
}

// callerAnswered returns when the caller was answered, or has answered a call of ours;
// the zero time: not yet.
func (p *placedCall) callerAnswered() time.Time {
	if p.first != nil {
		return p.first.answeredAt()
	}
	answerer := p.can.Load().answerer
	if answerer == nil {
		return p.began
	}
	at, ok := answerer.Answered()
	if !ok {
		return time.Time{}
	}
	return p.began.Add(at)
}

// timeText returns a time as the API has it, "" for the zero time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// active returns the call as the API shows one that is under way.
func (l *leg) active() Fields {
	f := Fields{}
	caller := l.caller()
	for name, value := range map[string]any{
		"core-server":          "",
		"call-session-id":      l.origID,
		"call-orig-call-id":    l.origID,
		"call-orig-match-uri":  l.owner(),
		"call-orig-user":       userOf(caller),
		"call-orig-domain":     caller.Host,
		"call-orig-uri":        caller.String(),
		"call-orig-name":       l.route.From.Name,
		"caller-id-number":     l.route.From.User,
		"call-dialed-number":   l.to,
		"call-by-action":       l.byAction,
		"call-by-user":         l.by.User,
		"call-by-domain":       l.by.Domain,
		"call-by-call-id":      l.byID,
		"call-term-call-id":    l.termID,
		"call-term-user":       l.route.To.User,
		"call-term-domain":     cmp.Or(l.route.To.Host, l.domain()),
		"call-term-uri":        l.route.To.String(),
		"call-start-datetime":  timeText(l.began),
		"call-answer-datetime": timeText(l.answered()),
		"call-orig-info":       "active",
		"term-orig-info":       "active",
		"call-audio-codec":     l.report().Codec,
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
	over := timeText(ended)
	answered := l.answered()
	var talked time.Duration
	if !answered.IsZero() {
		talked = max(0, ended.Sub(answered))
	}
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
		"call-orig-match-uri":           l.owner(),
		"call-term-call-id":             l.termID,
		"call-term-user":                l.route.To.User,
		"call-term-domain":              cmp.Or(l.route.To.Host, l.domain()),
		"call-term-to-uri":              l.route.To.String(),
		"call-start-datetime":           timeText(l.began),
		"call-answer-datetime":          timeText(answered),
		"call-disconnect-datetime":      over,
		"call-record-creation-datetime": over,
		"call-disconnect-reason-text":   l.hangupReason(outcome),
		"call-total-duration-seconds":   int(ended.Sub(l.began) / time.Second),
		"call-talking-duration-seconds": int(talked / time.Second),
	} {
		f.set(name, value)
	}
	if l.reports() {
		setAudioReport(f, l.report())
	}
	return f
}

// hangupReason says who ended a call, in the vendor's words; of one outside that was
// not answered, in words of ours that are like them.
func (l *leg) hangupReason(outcome engine.Outcome) string {
	outside := outcome.Forwarded && l.out != nil && l.out.ended
	switch {
	case l.first != nil && l.can.Load() == nil:
		return "Orig: " + cmp.Or(unanswered[l.first.end], "Cancel")
	case outside && unanswered[l.out.end] != "":
		return "Term: " + unanswered[l.out.end]
	case outcome.Forwarded && !outside:
		return "Transfer"
	case outcome.By == trace.ByCaller && l.answered().IsZero():
		return "Orig: Cancel"
	case outcome.By == trace.ByCaller:
		return "Orig: Bye"
	}
	return "Term: Bye"
}

// unanswered say why somebody outside has not answered.
var unanswered = map[engine.ForwardEnd]string{
	engine.ForwardBusy:        "Busy",
	engine.ForwardNoAnswer:    "No Answer",
	engine.ForwardRejected:    "Rejected",
	engine.ForwardUnavailable: "Unavailable",
}
