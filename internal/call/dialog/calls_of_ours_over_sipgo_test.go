package dialog

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/test/await"
)

// wireCall is a call of ours over a real stack: it does what its machine says
// with messages as they are built here.
type wireCall struct {
	t         *testing.T
	ctx       context.Context
	stack     *Stack
	flow      flow
	first     ident
	signer    signer
	tries     tries
	uac       uac
	invite    *sip.Request
	responses <-chan *sip.Response
	forks     map[string]*ident
}

// callOut sends an INVITE to a peer over UDP, and returns the call and what the
// peer got.
func callOut(t *testing.T) (*wireCall, *peer, *sip.Request) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	f, err := s.flowTo(UDP, addressOf(p.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	c := &wireCall{
		t: t, ctx: await.Context(t), stack: s, flow: f, first: newOutbound(ourCall(t)), signer: signer{account: ourAccount},
		uac: newUAC(rfcTiming(), middle, 0), forks: make(map[string]*ident),
	}
	c.send(c.first.request(sip.INVITE))
	invite := p.request()
	return c, p, invite
}

// send sends an INVITE, and from then on gathers its responses.
func (c *wireCall) send(invite *sip.Request) {
	c.t.Helper()
	c.invite = invite
	c.responses = sends(c.t, c.stack, c.flow, invite)
}

// next takes the next response.
func (c *wireCall) next() {
	c.t.Helper()
	res := await.From(c.t, "a response", c.responses)
	tag := tagOf(res)
	switch {
	case res.IsProvisional():
		c.do(c.uac.provisional(0, res.StatusCode, tag, false))
	case res.IsSuccess():
		if c.forks[tag] == nil {
			fork := c.first.fork(res)
			c.forks[tag] = &fork
		}
		c.do(c.uac.success(0, tag))
	default:
		c.do(c.uac.failure(0, uacFinal{status: res.StatusCode, worth: c.signer.challenged(&c.tries, res)}))
	}
}

func (c *wireCall) do(steps []uacStep) {
	c.t.Helper()
	for _, s := range steps {
		var err error
		switch s.do {
		case uacAnswered, uacAck:
			err = c.stack.acknowledgeAnswer(c.ctx, c.flow, c.forks[s.tag].ack(c.invite))
		case uacAckAndBye:
			if err = c.stack.acknowledgeAnswer(c.ctx, c.flow, c.forks[s.tag].ack(c.invite)); err == nil {
				_, err = c.stack.send(c.ctx, c.flow, c.forks[s.tag].request(sip.BYE), nobody)
			}
		case uacCancel:
			_, err = c.stack.send(c.ctx, c.flow, cancel(c.invite), nobody)
		case uacInvite:
			again := c.first.again(c.invite)
			c.signer.sign(again)
			c.send(again)
		}
		if err != nil {
			c.t.Fatalf("%s: %v", s, err)
		}
	}
}

// respond lets the peer respond to req, as the phone of this tag.
func (p *peer) respond(req *sip.Request, status int, tag string, fields ...string) {
	p.t.Helper()
	res := sip.NewResponseFromRequest(req, status, "X", nil)
	res.To().Params.Add("tag", tag)
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		res.AppendHeader(sip.NewHeader(name, value))
	}
	p.send(res.String())
}

// seen describes what a peer got: its method, CSeq, their tag, and whether it is
// of the transaction of the INVITE.
func seen(req, invite *sip.Request) string {
	text := fmt.Sprintf("%s %d", req.Method, req.CSeq().SeqNo)
	if tag := identityOf(req).local; tag != "" {
		text += " to " + tag
	}
	if req.Via().Params.GetOr("branch", "") == invite.Via().Params.GetOr("branch", "") {
		text += " of the INVITE"
	}
	return text
}

// expect waits for requests.
func (p *peer) expect(invite *sip.Request, want ...string) (last *sip.Request) {
	p.t.Helper()
	for _, w := range want {
		last = p.request()
		if diff := cmp.Diff(w, seen(last, invite)); diff != "" {
			p.t.Fatalf("got (-want +got):\n%s", diff)
		}
	}
	return last
}

func TestCancelThatCrossesTheAnswerLeavesNoCallUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		respond func(p *peer, invite, cancel *sip.Request)
	}{
		{"before the 200 to it", func(p *peer, invite, cancel *sip.Request) {
			p.respond(invite, 200, "a")
			p.respond(cancel, 200, "a")
		}},
		{"after the 200 to it", func(p *peer, invite, cancel *sip.Request) {
			p.respond(cancel, 200, "a")
			p.respond(invite, 200, "a")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			call, p, invite := callOut(t)
			p.respond(invite, 180, "a")
			call.next()
			call.do(call.uac.cancel(0))
			c.respond(p, invite, p.expect(invite, "CANCEL 1 of the INVITE"))
			call.next()
			bye := p.expect(invite, "ACK 1 to a", "BYE 2 to a")
			p.respond(bye, 200, "a")
			p.respond(invite, 200, "a") // again: the ACK was lost
			call.next()
			p.expect(invite, "ACK 1 to a")
		})
	}
}

func TestCancelledInviteIsOverWithThe487(t *testing.T) {
	call, p, invite := callOut(t)
	call.do(call.uac.cancel(0)) // too early: it waits for a response
	p.respond(invite, 100, "a")
	call.next()
	p.respond(p.expect(invite, "CANCEL 1 of the INVITE"), 200, "a")
	p.respond(invite, 487, "a")
	p.expect(invite, "ACK 1 to a of the INVITE") // sipgo's
	call.next()
	if call.uac.state != uacFinished {
		t.Errorf("the call is in state %d", call.uac.state)
	}
}

func TestPhonesThatAnswerTooAreHungUp(t *testing.T) {
	call, p, invite := callOut(t)
	for _, tag := range []string{"a", "b", "a", "b"} {
		p.respond(invite, 200, tag)
		call.next()
	}
	p.expect(invite, "ACK 1 to a", "ACK 1 to b", "BYE 2 to b", "ACK 1 to a", "ACK 1 to b")
}

func TestChallengedInviteIsAnsweredOnceMoreWithAStaleNonce(t *testing.T) {
	call, p, invite := callOut(t)
	p.respond(invite, 401, "a", `WWW-Authenticate: Digest realm="a", nonce="1", qop="auth"`)
	p.expect(invite, "ACK 1 to a of the INVITE")
	call.next()
	invite = p.expect(invite, "INVITE 2")
	p.respond(invite, 401, "a", `WWW-Authenticate: Digest realm="a", nonce="2", qop="auth", stale=true`)
	p.expect(invite, "ACK 2 to a of the INVITE")
	call.next()
	invite = p.expect(invite, "INVITE 3")
	credentials := invite.GetHeader("Authorization").Value()
	if givenIn(credentials)["nonce"] != "2" {
		t.Errorf("the stale nonce is answered by %s", credentials)
	}
	p.respond(invite, 200, "a")
	call.next()
	if ack := p.expect(invite, "ACK 3 to a"); ack.GetHeader("Authorization").Value() != credentials {
		t.Errorf("the ACK has the credentials %s", ack.GetHeader("Authorization"))
	}
}

func TestCancelGoesWhereItsInviteWent(t *testing.T) {
	s := serve(t, Config{Listen: []Listen{on(UDP, "127.0.0.1"), on(TCP, "127.0.0.1")}}, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	at := netip.MustParseAddrPort(l.Addr().String())
	f, err := s.flowTo(UDP, at)
	if err != nil {
		t.Fatal(err)
	}
	f.overflow = true // so it goes over TCP
	d := newOutbound(ourCall(t))
	invite := d.request(sip.INVITE)
	setBody(invite, "text/plain", []byte(strings.Repeat("x", largeRequest)))
	conns := make(chan net.Conn, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		conns <- conn
	}()
	if _, err := s.send(await.Context(t), f, invite, nobody); err != nil {
		t.Fatal(err)
	}
	conn := await.From(t, "a connection", conns)
	defer func() { _ = conn.Close() }()
	p := newPeer(t, conn, TCP)
	got := p.expect(invite, "INVITE 1 of the INVITE")
	p.respond(got, 100, "a")
	giveUp := cancel(invite)
	if _, err := s.send(await.Context(t), f, giveUp, nobody); err != nil {
		t.Fatal(err)
	}
	if giveUp.Transport() != "TCP" {
		t.Fatalf("the CANCEL is sent over %s", giveUp.Transport())
	}
	p.expect(got, "CANCEL 1 of the INVITE")
}
