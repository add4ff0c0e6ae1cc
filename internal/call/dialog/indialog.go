package dialog

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// inDialog is one dialog of a call, with the machines of what happens within it.
type inDialog struct {
	ident
	flow     flow
	modifier modifier
	session  sessionTimer
	reaccept accept       // of their last re-INVITE that we took
	taken    *transaction // that re-INVITE
	change   *sending     // our last re-INVITE or UPDATE

	transferor *transferor
	transferee *transferee
	asked      *transaction // their REFER that is not yet answered
}

// due returns when the first of the machines wants tick.
func (d *inDialog) due() (at time.Duration, ok bool) {
	first := func(then time.Duration, wanted bool) {
		if wanted && (!ok || then < at) {
			at, ok = then, true
		}
	}
	first(d.modifier.due())
	first(d.session.due())
	first(d.reaccept.due())
	if d.transferor != nil {
		first(d.transferor.due())
	}
	if d.transferee != nil {
		first(d.transferee.due())
	}
	return at, ok
}

// Endings that the other side's silence brings about.
var (
	sessionExpired = ending{engine.Failed, 408, 0, reason{protocolSIP, 408, "session expired"}}
	notThere       = ending{engine.Failed, 481, 0, reason{protocolSIP, 481, "no such call"}}
)

func (c *Call) tickDialog(d *inDialog, now time.Duration) {
	c.modify(d, d.modifier.tick(now), nil)
	switch d.session.tick(now) {
	case timerRefresh:
		c.modify(d, d.modifier.refresh(now), nil)
	case timerOver:
		c.machine.hangup(sessionExpired)
	}
	switch d.reaccept.tick(now) {
	case sendAgain:
		_ = d.taken.respond(d.taken.last) // it is sent again
	case noACK:
		c.machine.hangup(noACKCame)
	}
	if d.transferor != nil {
		c.refer(d, d.transferor.tick(now), nil)
	}
	if d.transferee != nil {
		c.refer(d, d.transferee.tick(now), nil)
	}
}

// end stops the machines of a dialog whose call is over. Transfers go on.
func (d *inDialog) end(c *Call) {
	d.modifier.end()
	d.session.stop()
	d.reaccept.state = abandoned
	if d.transferor != nil {
		c.refer(d, d.transferor.ended(), nil)
	}
	if d.transferee != nil {
		d.transferee.ended()
	}
	if d.asked != nil {
		d.refuse(d.asked, sip.StatusCallTransactionDoesNotExists)
		d.asked = nil
	}
}

// within returns the handler of what the other side sends within a dialog.
func (c *Call) within(d *inDialog) requestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		taken := c.deliver(func() { c.request(d, &transaction{req: req, tx: tx}) })
		if !taken && !req.IsAck() {
			c.stack.refuse(req, tx, &refusal{status: sip.StatusCallTransactionDoesNotExists})
		}
	}
}

// request takes a request within a dialog.
func (c *Call) request(d *inDialog, t *transaction) {
	if !d.receive(t.req) {
		d.refuse(t, sip.StatusInternalServerError) // RFC 3261 section 12.2.2
		return
	}
	switch t.req.Method {
	case sip.ACK:
		c.acked(d, t.req)
	case sip.BYE:
		status, do := c.machine.bye(d, reasonsOf(t.req))
		d.refuse(t, status)
		do()
	case sip.PRACK:
		c.machine.prack(d, t)
	case sip.NOTIFY:
		c.notified(d, t)
	default:
		c.asks(d, t)
	}
}

// asks takes a request that a call has to be there for: after its end, or when
// another phone has answered it, there is none.
func (c *Call) asks(d *inDialog, t *transaction) {
	if c.ended || c.dialog != nil && c.dialog != d {
		d.refuse(t, sip.StatusCallTransactionDoesNotExists)
		return
	}
	switch t.req.Method {
	case sip.INVITE, sip.UPDATE:
		c.asksChange(d, t)
	case sip.INFO:
		c.info(d, t)
	case sip.REFER:
		c.asksTransfer(d, t)
	default:
		c.stack.refuse(t.req, t.tx, &refusal{status: sip.StatusCallTransactionDoesNotExists})
	}
}

// acked takes an ACK: of the initial INVITE, or a re-INVITE.
func (c *Call) acked(d *inDialog, ack *sip.Request) {
	seq := ack.CSeq().SeqNo
	if d.reaccept.cseq != seq {
		c.machine.ack(d, ack)
		return
	}
	if d.reaccept.ack(seq) {
		answer, _ := descriptionOf(ack) // what cannot be read is none
		c.modify(d, d.modifier.acked(seq, answer, c.now()), nil)
	}
}

// info takes an INFO.
func (c *Call) info(d *inDialog, t *transaction) {
	keys, status := readInfo(valueOf(t.req, "Content-Type"), valueOf(t.req, "Info-Package"), t.req.Body())
	switch status {
	case sip.StatusUnsupportedMediaType:
		d.refuse(t, status, sip.NewHeader("Accept", infoTypes))
	case 469: // RFC 6086
		d.refuse(t, status, sip.NewHeader("Recv-Info", ""))
	default:
		d.refuse(t, status)
	}
	for _, k := range keys {
		c.tell(Key{k.key, k.length})
	}
}
