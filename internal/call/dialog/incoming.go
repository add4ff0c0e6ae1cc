package dialog

import (
	"crypto/rand"
	"errors"
	"strconv"
	"time"
	"weak"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// incoming is the INVITE of a call to us.
type incoming struct {
	uas    uas
	call   *Call
	dialog *inDialog
	asked  *transaction // the INVITE
	offer  *sdp.Description
	ours   *sdp.Description // our answer, or offer where they made none
	repeat *sip.Response    // goes out until it is confirmed: the last reliable one, or the 2xx
	unfit  *sdp.UnacceptableError
	theirs bool // they ended it
}

// takeInvite takes an INVITE that begins a call.
func (s *Stack) takeInvite(req *sip.Request, tx sip.ServerTransaction) {
	in, why := s.newIncoming(req, tx)
	if why != nil {
		s.refuse(req, tx, why)
		return
	}
	call := weak.Make(in) // the transaction outlives it by half a minute, and must not hold it
	do := func(what func(*incoming)) {
		if in := call.Value(); in != nil {
			in.call.do(func() { what(in) })
		}
	}
	tx.OnCancel(func(cancel *sip.Request) {
		do(func(in *incoming) { in.cancelled(reasonsOf(cancel)) })
	})
	if !s.launch(in.call) {
		tx.Terminate()
		return
	}
	lost := func(string, error) {
		do(func(in *incoming) { in.do(in.uas.lost(in.call.now())) })
	}
	if !tx.OnTerminate(lost) {
		lost("", nil)
	}
}

// newIncoming returns the call that an INVITE begins, or why there is none.
func (s *Stack) newIncoming(req *sip.Request, tx sip.ServerTransaction) (*incoming, *refusal) {
	offer, err := descriptionOf(req)
	if err != nil {
		return nil, &refusal{status: sip.StatusBadRequest, phrase: "Unreadable Session Description"}
	}
	way, err := flowOf(req)
	if err != nil {
		return nil, &refusal{status: sip.StatusBadRequest, phrase: "Unknown Source"}
	}
	asItCame := []byte(req.String()) // newInbound gives it our tag
	fields := timerFieldsOf(req)
	session := newSessionTimer(s.timing, s.least, usualSession)
	if least, ok := session.admit(fields); !ok {
		return nil, refuseWith(statusSessionIntervalTooSmall, "Min-SE", writeSeconds(least))
	}
	id, err := newInbound(req, rand.Text(), s.contact(way, req.Recipient, req.Recipient.User))
	if err != nil {
		return nil, &refusal{status: sip.StatusBadRequest, phrase: "Missing Header Field"}
	}
	c := newCall(s)
	c.invite, c.address, c.bound = req, s.ourAddress(way), s.boundOf(way)
	d := &inDialog{ident: id, flow: way, session: session}
	d.modifier = newModifier(s.timing, false, draw, sdp.NewSession(sessionID()), sdp.Local{})
	d.modifier.updates = lists(req, "Allow", string(sip.UPDATE))
	in := &incoming{call: c, dialog: d, asked: &transaction{req: req, tx: tx}, offer: offer}
	c.machine, c.dialog = in, d
	u, do := newUAS(invitedBy(req, offer), randomRSeq(), c.now(), s.timing)
	in.uas = u
	c.do(func() { in.do(do) })
	c.unhear = s.gate.call(way.peer.Addr())
	s.dialogs.add(d.identity, c.within(d))
	s.ladders.add(id.callID, &c.ladder)
	c.ladder.note(Message{At: c.began, Network: way.network, Peer: way.peer}, asItCame)
	c.tell = s.incoming(c)
	return in, nil
}

// invitedBy returns what counts of an INVITE.
func invitedBy(req *sip.Request, offer *sdp.Description) invited {
	i := invited{
		cseq:     req.CSeq().SeqNo,
		late:     offer == nil,
		requires: lists(req, "Require", "100rel"),
	}
	i.supports = i.requires || lists(req, "Supported", "100rel")
	i.expires, _ = parseSeconds(valueOf(req, "Expires"))
	return i
}

// Ring tells the caller of a call to us that it goes on, by a response from 101 to
// 199: 180 where somebody's phone rings, 183 where the caller hears something. With
// local there is sound before the call is answered. A caller who has left the offer to
// us and requires that all responses are reliable hears nothing without it; one who
// does not require that gets our offer with the answer alone.
func (c *Call) Ring(status int, local *sdp.Local) {
	c.do(func() {
		in, ok := c.machine.(*incoming)
		if !ok || c.ended {
			return
		}
		if in.uas.invite.late && !in.uas.invite.requires {
			local = nil
		}
		if local != nil && !in.describe(*local, true) {
			return
		}
		in.do(in.uas.ring(c.now(), provisional{status, local != nil}))
	})
}

// Offered returns the codecs that the caller of a call to us has offered, in their
// order and with what they say of each: none of a call of ours, and where the offer is
// left to us.
func (c *Call) Offered() []sdp.Format {
	in, ok := c.machine.(*incoming)
	if !ok || in.offer == nil {
		return nil
	}
	return in.offer.Sound()
}

// Passed returns how many servers have passed a call to us on, if it goes on from here:
// us too. It is what Max-Forwards has come down by (RFC 3261 section 8.1.1.6).
func (c *Call) Passed() int {
	left := c.invite.MaxForwards()
	if left == nil {
		return 1
	}
	return max(1, hops+1-int(min(*left, hops)))
}

// Answer answers a call to us. Of what Ring said about sound nothing changes.
func (c *Call) Answer(local sdp.Local) {
	c.do(func() {
		if in, ok := c.machine.(*incoming); ok && !c.ended && in.describe(local, false) {
			in.do(in.uas.answer(c.now()))
		}
	})
}

// describe says what our side of the sound is, once. It reports false if nothing
// can be agreed on: then the call is refused.
func (in *incoming) describe(local sdp.Local, early bool) bool {
	if in.ours != nil {
		return true
	}
	m := &in.dialog.modifier
	m.local = local
	if in.offer == nil {
		in.ours = m.session.Offer(local)
		return true
	}
	ours, changes, err := m.session.Answer(in.offer, local)
	if err != nil {
		in.unfit, _ = errors.AsType[*sdp.UnacceptableError](err)
		in.do(in.uas.hangup(notAcceptable))
		return false
	}
	in.ours = ours
	in.call.tell(Agreed{m.session.Agreement(), changes, early})
	return true
}

// notAcceptable ends a call whose sides have no sound in common.
var notAcceptable = ending{engine.Failed, sip.StatusNotAcceptableHere, 0, reason{protocolQ850, 65, "bearer capability not implemented"}}

// do does what the machine wants.
func (in *incoming) do(actions []uasAction) {
	for _, a := range actions {
		switch a.kind {
		case uasRespond:
			in.respond(a)
		case uasRespondAgain:
			_ = in.asked.tx.Respond(in.repeat) // it is sent again
		case uasBye:
			in.call.sayGoodbye(in.dialog, a.ending.reason)
		case uasOver:
			e := Ended{Cause: a.ending.cause, Theirs: in.theirs}
			if !in.uas.wasAnswered() {
				e.Status = a.ending.status
			}
			in.call.end(e)
		}
	}
}

// respond sends a response to the INVITE.
func (in *incoming) respond(a uasAction) {
	d := in.dialog
	res := d.respond(in.asked.req, a.status)
	if a.sdp {
		describe(res, in.ours)
	}
	if a.rseq > 0 {
		res.AppendHeader(sip.NewHeader("Require", "100rel"))
		res.AppendHeader(sip.NewHeader("RSeq", strconv.FormatUint(uint64(a.rseq), 10)))
	}
	switch {
	case res.IsSuccess():
		d.session.accept(timerFieldsOf(in.asked.req), in.call.now()).write(res)
		d.modifier.answered(in.offer == nil && a.sdp)
	case a.status >= 300:
		in.explain(res, a.ending)
	}
	if a.rseq > 0 || res.IsSuccess() {
		in.repeat = res
	}
	err := in.asked.respond(res)
	if errors.Is(err, sip.ErrTransactionCanceled) && a.status != wentAway.status { // sipgo says it of that, too
		in.theirs = true
		in.do(in.uas.crossed())
		return
	}
	if res.IsSuccess() {
		in.call.tell(Answered{})
	}
}

// explain says why a call is turned down.
func (in *incoming) explain(res *sip.Response, e ending) {
	appendReason(res, e.reason)
	if e.retryAfter > 0 {
		res.AppendHeader(retryAfter(e.retryAfter))
	}
	if in.unfit != nil && res.StatusCode == sip.StatusNotAcceptableHere {
		res.AppendHeader(warningOf(in.unfit, in.dialog.contact.Address.Host))
	}
}

func (in *incoming) due() (at time.Duration, ok bool) { return in.uas.due() }
func (in *incoming) tick(now time.Duration)           { in.do(in.uas.tick(now)) }
func (in *incoming) hangup(e ending)                  { in.do(in.uas.hangup(e)) }
func (in *incoming) up() bool                         { return in.uas.state == uasAnswered || in.uas.state == uasConfirmed }

func (in *incoming) cancelled(reasons []reason) {
	in.theirs = in.theirs || !in.uas.wasAnswered()
	in.do(in.uas.cancel(reasons))
}

func (in *incoming) bye(_ *inDialog, reasons []reason) (status int, do func()) {
	status, actions := in.uas.byeCame(reasons)
	return status, func() {
		in.theirs = true
		in.do(actions)
	}
}

func (in *incoming) ack(d *inDialog, req *sip.Request) {
	answer, _ := descriptionOf(req) // what cannot be read is none
	means, do := in.uas.ack(req.CSeq().SeqNo, answer != nil)
	if means == isAnswer && !in.accept(answer) {
		in.do(in.uas.hangup(notAcceptable))
	}
	in.do(do)
	if in.up() {
		in.call.modify(d, d.modifier.established(in.call.now()), nil)
	}
}

// accept takes the answer to our offer.
func (in *incoming) accept(answer *sdp.Description) bool {
	m := &in.dialog.modifier
	changes, err := m.session.Accept(answer)
	if err != nil {
		return false
	}
	in.call.tell(Agreed{m.session.Agreement(), changes, !in.uas.wasAnswered()})
	return true
}

// prack takes a PRACK.
func (in *incoming) prack(d *inDialog, t *transaction) {
	r, ok := parseRAck(valueOf(t.req, "RAck"))
	description, err := descriptionOf(t.req)
	if !ok || err != nil {
		d.refuse(t, sip.StatusBadRequest)
		return
	}
	now, described := in.call.now(), in.uas.sender.current.sdp
	status, means, do := in.uas.prack(now, r, description != nil)
	switch {
	case means == isOffer:
		in.call.modify(d, d.modifier.early(now), nil)
		in.call.modify(d, d.modifier.update(description), t)
	case means == isAnswer && !in.accept(description):
		d.refuse(t, status)
		in.do(in.uas.hangup(notAcceptable))
		return
	default:
		d.refuse(t, status)
		if status == sip.StatusOK && described {
			in.call.modify(d, d.modifier.early(now), nil)
		}
	}
	in.do(do)
	if means == isAnswer {
		in.do(in.uas.agreed(now))
	}
}
