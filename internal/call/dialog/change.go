package dialog

import (
	"github.com/emiago/sipgo/sip"
)

// timerFieldsOf returns what a message says about the session timer.
func timerFieldsOf(msg sip.Message) timerFields {
	var f timerFields
	f.expires, _ = parseSessionExpires(valueOf(msg, "Session-Expires"))
	f.min, _ = parseMinSE(valueOf(msg, "Min-SE"))
	name := "Supported"
	if _, response := msg.(*sip.Response); response {
		name = "Require"
	}
	f.timer = lists(msg, name, "timer")
	return f
}

// write says it in a message, in place of what that said.
func (f timerFields) write(msg interface {
	sip.Message
	RemoveHeader(name string) bool
}) {
	for _, name := range []string{"Session-Expires", "Min-SE"} {
		msg.RemoveHeader(name)
	}
	if f.expires.interval > 0 {
		msg.AppendHeader(sip.NewHeader("Session-Expires", f.expires.String()))
	}
	if f.min > 0 {
		msg.AppendHeader(sip.NewHeader("Min-SE", writeSeconds(f.min)))
	}
	if _, response := sip.Message(msg).(*sip.Response); response && f.timer {
		msg.AppendHeader(sip.NewHeader("Require", "timer"))
	}
}

// asksChange takes a re-INVITE or an UPDATE of theirs.
func (c *Call) asksChange(d *inDialog, t *transaction) {
	if lists(t.req, "Allow", string(sip.UPDATE)) {
		d.modifier.updates = true
	}
	offer, err := descriptionOf(t.req)
	if err != nil {
		d.refuse(t, sip.StatusBadRequest)
		return
	}
	if least, ok := d.session.admit(timerFieldsOf(t.req)); !ok {
		d.refuse(t, statusSessionIntervalTooSmall, sip.NewHeader("Min-SE", writeSeconds(least)))
		return
	}
	if t.req.Method == sip.UPDATE {
		c.modify(d, d.modifier.update(offer), t)
		return
	}
	c.modify(d, d.modifier.invite(t.req.CSeq().SeqNo, offer), t)
}

// modify does what the modifier wants. asked is what it answers, if anything.
func (c *Call) modify(d *inDialog, steps []modifyStep, asked *transaction) {
	for _, step := range steps {
		switch step.do {
		case modifyInvite:
			c.sendChange(d, sip.INVITE, step)
		case modifyUpdate:
			c.sendChange(d, sip.UPDATE, step)
		case modifyCancel:
			c.cancel(d.flow, d.change.req, reason{})
		case modifyAck:
			c.acknowledge(d, d.change.req)
		case modifyAnswer:
			c.answerChange(d, asked, step)
		case modifyAgreed:
			c.tell(Agreed{Agreement: d.modifier.session.Agreement(), Changes: step.changes})
		case modifyFailed:
			if !step.refresh {
				c.tell(NotChanged{step.status})
			}
		case modifyOver:
			c.machine.hangup(notThere)
		}
	}
}

// sendChange sends a re-INVITE or an UPDATE.
func (c *Call) sendChange(d *inDialog, method sip.RequestMethod, step modifyStep) {
	req := d.request(method)
	describe(req, step.body)
	d.session.request().write(req)
	d.change = c.send(d, req, func(s *sending, res *sip.Response) { c.changed(d, s, res) })
}

// changed takes the final response to a re-INVITE or UPDATE of ours.
func (c *Call) changed(d *inDialog, s *sending, res *sip.Response) {
	now := c.now()
	final := finalResponse{status: res.StatusCode}
	final.retryAfter, final.retry = retryAfterOf(res)
	final.answer, _ = descriptionOf(res) // what cannot be read is none
	if res.IsSuccess() {
		d.answered(res)
		if !c.ended {
			d.session.accepted(timerFieldsOf(res), now)
		}
	}
	d.change = s
	c.modify(d, d.modifier.response(final, now), nil)
	if !res.IsSuccess() && d.session.refused(res.StatusCode, final.retryAfter, now) == timerOver {
		c.machine.hangup(sessionExpired)
	}
}

// answerChange answers a re-INVITE or UPDATE of theirs.
func (c *Call) answerChange(d *inDialog, asked *transaction, step modifyStep) {
	res := d.respond(asked.req, step.status)
	describe(res, step.body)
	switch {
	case step.warning != nil:
		res.AppendHeader(warningOf(step.warning, d.contact.Address.Host))
	case step.status == sip.StatusInternalServerError:
		res.AppendHeader(retryAfter(step.retryAfter))
	case res.IsSuccess():
		d.answer(asked.req)
		d.session.accept(timerFieldsOf(asked.req), c.now()).write(res)
	}
	_ = asked.respond(res) // without an ACK the call is ended
	if res.IsSuccess() && asked.req.Method == sip.INVITE {
		d.taken = asked
		d.reaccept = accept{cseq: asked.req.CSeq().SeqNo}
		d.reaccept.begin(c.now(), c.stack.timing)
	}
}
