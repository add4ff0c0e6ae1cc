package dialog

import (
	"errors"

	"github.com/emiago/sipgo/sip"
)

// transaction is a request of theirs, and what it was answered last.
type transaction struct {
	req  *sip.Request
	tx   sip.ServerTransaction
	last *sip.Response
}

// respond sends a response. An error means that the connection is gone, or the
// request was cancelled.
func (t *transaction) respond(res *sip.Response) error {
	t.last = res
	return t.tx.Respond(res)
}

// refuse answers a request within a dialog finally.
func (d *inDialog) refuse(t *transaction, status int, fields ...sip.Header) {
	res := d.respond(t.req, status)
	for _, f := range fields {
		res.AppendHeader(f)
	}
	_ = t.respond(res) // nobody is there, then
}

// sending is a request of ours that waits for its final response.
type sending struct {
	dialog *inDialog
	req    *sip.Request // as it was sent last
	tries  tries
	then   func(*sending, *sip.Response)
}

// send sends a request within a dialog. With its final response, which there
// always is, then is called: no response in time counts as 408, and a request that
// cannot be sent as 503 (RFC 3261 section 8.1.3.1). What is challenged, or asks
// for too short a session, is sent again before.
func (c *Call) send(d *inDialog, req *sip.Request, then func(*sending, *sip.Response)) *sending {
	s := &sending{dialog: d, req: req, then: then}
	c.waiting++
	c.transmit(s)
	return s
}

func (c *Call) transmit(s *sending) {
	c.signer.sign(s.req)
	final := false
	err := c.dispatch(s.dialog, s.req, func(res *sip.Response) {
		switch {
		case res.IsProvisional():
		case final: // the 2xx of a re-INVITE: its ACK was lost
			c.acknowledge(s.dialog, s.req)
		default:
			final = true
			c.concluded(s, res)
		}
	})
	if err != nil {
		c.do(func() { c.concluded(s, assumed(s.req, sip.StatusServiceUnavailable)) })
	}
}

// dispatch begins a transaction, on the way of the dialog.
func (c *Call) dispatch(d *inDialog, req *sip.Request, told func(*sip.Response)) error {
	ctx, cancel := patience()
	defer cancel()
	way, err := c.stack.hop(ctx, d.flow, d.hop())
	if err != nil {
		return err
	}
	_, err = c.stack.send(ctx, way, req, c.hears(req, told))
	return err
}

// hears has the call's goroutine told the responses to a request, of which one is
// final.
func (c *Call) hears(req *sip.Request, told func(*sip.Response)) listener {
	return listener{
		response: func(res *sip.Response) { c.deliver(func() { told(res) }) },
		lost: func(err error) {
			status := sip.StatusRequestTimeout
			if errors.Is(err, sip.ErrTransactionTransport) {
				status = sip.StatusServiceUnavailable
			}
			c.do(func() { told(assumed(req, status)) })
		},
	}
}

// assumed is what counts as the response to a request that has none.
func assumed(req *sip.Request, status int) *sip.Response {
	return sip.NewResponseFromRequest(req, status, phraseOf(status), nil)
}

// concluded takes the final response to a request.
func (c *Call) concluded(s *sending, res *sip.Response) {
	if c.worthAgain(s, res) {
		s.req = s.dialog.again(s.req)
		if res.StatusCode == statusSessionIntervalTooSmall {
			s.dialog.session.request().write(s.req)
		}
		c.transmit(s)
		return
	}
	c.waiting--
	s.then(s, res)
}

func (c *Call) worthAgain(s *sending, res *sip.Response) bool {
	switch res.StatusCode {
	case sip.StatusUnauthorized, sip.StatusProxyAuthRequired:
		return c.signer.challenged(&s.tries, res)
	case statusSessionIntervalTooSmall:
		return s.dialog.session.tooSmall(res)
	}
	return false
}

// tooSmall takes a 422, and reports whether to ask again for a longer session.
func (t *sessionTimer) tooSmall(res *sip.Response) bool {
	least, ok := parseMinSE(valueOf(res, "Min-SE"))
	return ok && t.raise(least)
}

// acknowledge sends the ACK of a 2xx to an INVITE of ours.
func (c *Call) acknowledge(d *inDialog, invite *sip.Request) {
	ctx, cancel := patience()
	defer cancel()
	way, err := c.stack.hop(ctx, d.flow, d.hop())
	if err == nil {
		_ = c.stack.acknowledgeAnswer(ctx, way, d.ack(invite)) // the 2xx comes again
	}
}

// sayGoodbye sends BYE.
func (c *Call) sayGoodbye(d *inDialog, r reason) {
	req := d.request(sip.BYE)
	appendReason(req, r)
	c.send(d, req, func(*sending, *sip.Response) {})
}
