package dialog

import (
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// The protocols of a Reason (RFC 3326 section 2).
const (
	protocolSIP  = "SIP"   // its cause is a status
	protocolQ850 = "Q.850" // its cause is one of ITU-T Q.850, as in ISDN
)

// overloadRetry is the Retry-After of a 503. It is short: those who honour it send
// us no call at all meanwhile (RFC 3261 section 21.5.4).
const overloadRetry = 5 * time.Second

// meaning says how a cause is written in SIP, and what else is read as that cause.
type meaning struct {
	cause    engine.Cause
	status   int    // turns down a call that was not answered
	reason   reason // goes with that status, with BYE and with CANCEL
	statuses []int  // read as the cause, besides status
	q850     []int  // read as the cause, besides that of reason
}

// meanings are read by status from the top: 480 stands for Unavailable. Statuses and
// causes of Q.850 are paired as in the tables of RFC 4497, but for 16, which those
// pair with BYE alone, and 26, which they make a 404: no such number.
var meanings = []meaning{
	{engine.Busy, 486, reason{protocolQ850, 17, "user busy"}, []int{600}, nil},
	{engine.Rejected, 603, reason{protocolQ850, 21, "call rejected"}, []int{401, 402, 403, 407, 607, 608}, []int{55, 57, 87}},
	{engine.Nowhere, 404, reason{protocolQ850, 1, "unallocated number"}, []int{410, 416, 484, 485, 604}, []int{2, 3, 22, 28}},
	{engine.Unavailable, 480, reason{protocolQ850, 20, "subscriber absent"}, []int{300, 301, 302, 305, 380, 408, 487, 502, 504}, []int{18, 19, 27, 102}},
	{engine.Overloaded, 503, reason{protocolQ850, 42, "switching equipment congestion"}, nil, []int{34, 44, 47}},
	{engine.Normal, 480, reason{protocolQ850, 16, "normal call clearing"}, nil, nil},
	{engine.Elsewhere, 480, reason{protocolSIP, 200, "Call completed elsewhere"}, []int{200}, []int{26}},
	{engine.Failed, 500, reason{protocolQ850, 41, "temporary failure"}, nil, nil}, // and all that stands nowhere
}

// meaningOf returns the row of a cause.
func meaningOf(cause engine.Cause) meaning {
	for _, m := range meanings {
		if m.cause == cause {
			return m
		}
	}
	return meanings[len(meanings)-1]
}

// ending says why a call ends, and how the other side is told if we end it.
type ending struct {
	cause      engine.Cause
	status     int           // turns down a call that was not answered
	retryAfter time.Duration // goes with status; 0: none
	reason     reason        // goes with status too (RFC 6432), and with BYE and CANCEL
}

// endingOf returns how a call is ended for a cause.
func endingOf(cause engine.Cause) ending {
	m := meaningOf(cause)
	e := ending{cause: cause, status: m.status, reason: m.reason}
	if cause == engine.Overloaded {
		e.retryAfter = overloadRetry
	}
	return e
}

// causeOfFinal returns why a call of ours was not answered, by its final
// response. A status that says little gives way to a Reason: gateways answer 480
// and 503 to most that the telephone network tells them, and put its cause there.
func causeOfFinal(status int, reasons []reason) engine.Cause {
	cause := causeOfStatus(status)
	switch cause {
	case engine.Unavailable, engine.Overloaded, engine.Failed:
		if told, ok := causeOfReasons(reasons); ok {
			return told
		}
	}
	return cause
}

// causeOfEnd returns why the other side ends a call, by the Reason of its BYE or
// CANCEL. Most have none, or one that says no more than that: Normal.
func causeOfEnd(reasons []reason) engine.Cause {
	if told, ok := causeOfReasons(reasons); ok {
		return told
	}
	return engine.Normal
}

func causeOfStatus(status int) engine.Cause {
	for _, m := range meanings {
		if m.status == status || slices.Contains(m.statuses, status) {
			return m.cause
		}
	}
	return engine.Failed
}

// causeOfReasons returns what Reasons say; ok is false if they say nothing. What
// the telephone network says comes before what a gateway made of it.
func causeOfReasons(reasons []reason) (cause engine.Cause, ok bool) {
	for _, protocol := range []string{protocolQ850, protocolSIP} {
		for _, r := range reasons {
			if r.protocol != protocol {
				continue
			}
			if cause, ok = r.meaning(); ok {
				return cause, true
			}
		}
	}
	return "", false
}

// meaning returns what one Reason says; ok is false if it says nothing.
func (r reason) meaning() (cause engine.Cause, ok bool) {
	const (
		unspecified = 31  // of Q.850: normal, unspecified
		terminated  = 487 // FreeSWITCH puts it into each CANCEL, to say that it is one
	)
	switch {
	case r.cause == 0, r.protocol == protocolQ850 && r.cause == unspecified, r.protocol == protocolSIP && r.cause == terminated:
		return "", false
	case r.protocol == protocolSIP:
		return causeOfStatus(r.cause), true
	}
	for _, m := range meanings {
		if m.reason.protocol == protocolQ850 && m.reason.cause == r.cause || slices.Contains(m.q850, r.cause) {
			return m.cause, true
		}
	}
	return engine.Failed, true
}
