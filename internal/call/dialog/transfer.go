package dialog

import (
	"errors"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
)

// answerTransfer is how long a REFER may wait for TakeTransfer or RefuseTransfer.
// The other side gives it up after 32 s.
const answerTransfer = 10 * time.Second

// Transfer asks the other side to speak to somebody else (RFC 3515). Transferred
// or NotTransferred is told; after the former the call is usually to be ended.
func (c *Call) Transfer(target Target) {
	c.do(func() {
		d := c.dialog
		if c.ended || !c.machine.up() || d.transferor != nil && !d.transferor.told {
			return
		}
		req := d.request(sip.REFER)
		req.AppendHeader(sip.NewHeader("Refer-To", target.String()))
		t := newTransferor(c.stack.timing, req.CSeq().SeqNo, c.now())
		d.transferor = &t
		c.send(d, req, func(_ *sending, res *sip.Response) {
			c.refer(d, t.response(res.StatusCode, parseReferSub(valueOf(res, "Refer-Sub")), c.now()), nil)
		})
	})
}

// asksTransfer takes a REFER of theirs.
func (c *Call) asksTransfer(d *inDialog, t *transaction) {
	var to sip.Uri
	var params sip.HeaderParams
	_, err := sip.ParseAddressValue(valueOf(t.req, "Refer-To"), &to, &params)
	var target Target
	if err == nil {
		target, err = targetOf(&to)
	}
	known, ours := errors.AsType[*fault.Error](err)
	switch {
	case ours && known.Code == fault.Unsupported:
		d.refuse(t, 416)
	case err != nil:
		d.refuse(t, sip.StatusBadRequest)
	case !c.machine.up(), d.asked != nil, d.transferee != nil && !d.transferee.over():
		d.refuse(t, sip.StatusRequestPending)
	default:
		d.asked = t
		time.AfterFunc(answerTransfer, func() { c.do(func() { c.refuseTransfer(t, sip.StatusGlobalDecline) }) })
		c.tell(TransferAsked{target})
	}
}

// TakeTransfer says that we call whom they want to speak to. Its TransferStatus
// is to follow until a final one.
func (c *Call) TakeTransfer() {
	c.do(func() {
		d := c.dialog
		if d == nil || d.asked == nil {
			return
		}
		asked := d.asked
		d.asked = nil
		t, steps := newTransferee(c.stack.timing, parseReferSub(valueOf(asked.req, "Refer-Sub")), c.now())
		d.transferee = &t
		c.refer(d, steps, asked)
	})
}

// TransferStatus tells them how far the call to whom they want to speak to is, by
// the status of a response to it.
func (c *Call) TransferStatus(status int) {
	c.do(func() {
		if d := c.dialog; d != nil && d.transferee != nil {
			c.refer(d, d.transferee.progress(status, phraseOf(status), c.now()), nil)
		}
	})
}

// RefuseTransfer refuses what they want.
func (c *Call) RefuseTransfer(status int) {
	c.do(func() {
		if d := c.dialog; d != nil && d.asked != nil {
			c.refuseTransfer(d.asked, status)
		}
	})
}

func (c *Call) refuseTransfer(asked *transaction, status int) {
	if d := c.dialog; d.asked == asked {
		d.asked = nil
		d.refuse(asked, status)
	}
}

// notified takes a NOTIFY.
func (c *Call) notified(d *inDialog, t *transaction) {
	n := notify{event: valueOf(t.req, "Event"), state: parseSubscription(valueOf(t.req, "Subscription-State"))}
	n.status, _ = parseSipfrag(t.req.Body())
	if d.transferor == nil {
		status := statusBadEvent
		if _, ok := parseReferEvent(n.event); ok {
			status = sip.StatusCallTransactionDoesNotExists
		}
		d.refuse(t, status)
		return
	}
	c.refer(d, d.transferor.notify(n, c.now()), t)
}

// refer does what the machines of transfers want. asked is what they answer, if
// anything.
func (c *Call) refer(d *inDialog, steps []referStep, asked *transaction) {
	for _, step := range steps {
		switch step.do {
		case referAnswer:
			if step.silent {
				d.refuse(asked, step.status, sip.NewHeader("Refer-Sub", "false"))
			} else {
				d.refuse(asked, step.status)
			}
		case referNotify:
			c.notify(d, step)
		case referProgress:
			c.tell(TransferProgress{step.status})
		case referDone:
			c.tell(Transferred{step.status})
		case referRefused:
			c.tell(NotTransferred{step.status})
		case referBye:
			c.machine.hangup(notThere)
		}
	}
}

// notify tells them how far their transfer is.
func (c *Call) notify(d *inDialog, step referStep) {
	req := d.request(sip.NOTIFY)
	req.AppendHeader(sip.NewHeader("Event", "refer"))
	req.AppendHeader(sip.NewHeader("Subscription-State", step.state.String()))
	kind, body := writeSipfrag(step.status, step.reason)
	setBody(req, kind, body)
	c.send(d, req, func(_ *sending, res *sip.Response) {
		c.refer(d, d.transferee.notified(res.StatusCode, c.now()), nil)
	})
}
