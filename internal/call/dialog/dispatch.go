package dialog

import (
	"cmp"
	"context"
	"hash/maphash"
	"log/slog"
	"net/netip"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"
)

// drainRetry is the Retry-After of what is refused while the stack drains: until
// then another machine, or this one again, takes calls.
const drainRetry = 30 * time.Second

// arrived is the first that sees a message, on the goroutine that read it, which it
// does not hold up.
func (s *Stack) arrived(msg sip.Message) {
	s.messages.Add(1)
	var local netip.AddrPort
	socket := s.socketOf(msg)
	if socket != nil {
		local = socket.address
		msg.SetSource(socket.arrived())
	} else {
		local = s.open.arrived(msg.Source())
	}
	if req, ok := msg.(*sip.Request); ok {
		req.Laddr = laddrOf(local)
		if from, err := netip.ParseAddrPort(req.Source()); err == nil && req.Via() != nil {
			noteSource(req.Via(), from.Addr())
		}
	}
	s.ladders.came(msg)
	s.queue(received{msg, socket})
}

// queue has a message taken after those that came before it for the same call.
func (s *Stack) queue(m received) {
	call := m.call()
	switch first, ok := s.queues.put(call, m); {
	case !ok:
		s.gate.dropped[Backlog].Add(1)
	case first && s.enter():
		go func() {
			defer s.handlers.Done()
			for ok := true; ok; m, ok = s.queues.next(call) {
				s.process(m)
			}
		}()
	}
}

// process takes a message. It may wait, for the goroutine of a call and for a connection:
// only messages of the same call wait as well.
func (s *Stack) process(m received) {
	switch msg := m.Message.(type) {
	case *sip.Request:
		s.takeRequest(msg, m.socket)
	case *sip.Response:
		if tx := s.transactions.ofResponse(msg); tx != nil { // or it is of a request that is over
			tx.take(msg)
		}
	}
}

// takeRequest finds the transaction of a request, or begins it.
func (s *Stack) takeRequest(req *sip.Request, socket *datagrams) {
	key, err := sip.ServerTxKeyMake(req)
	if err != nil {
		s.refuseUnread(req, socket)
		return
	}
	tx := s.transactions.ofRequest(key)
	switch {
	case req.IsAck():
		if tx != nil {
			tx.take(req)
		}
		s.acknowledge(req)
		return
	case req.IsCancel():
		if invite := s.transactions.ofCANCEL(req); invite != nil {
			invite.cancel(req)
			return
		}
	}
	if tx != nil {
		tx.take(req)
		return
	}
	if !s.gate.begins(req) {
		return
	}
	conn := s.wayBack(req, socket)
	if conn == nil {
		return // nobody would hear the response
	}
	if tx := s.transactions.serve(key, req, conn); tx != nil {
		s.handle(req, tx)
	}
}

// refuseUnread answers a request that lacks what tells its transaction from others.
func (s *Stack) refuseUnread(req *sip.Request, socket *datagrams) {
	if conn := s.wayBack(req, socket); conn != nil {
		_ = conn.WriteMsg(sip.NewResponseFromRequest(req, sip.StatusBadRequest, phraseOf(sip.StatusBadRequest), nil)) // nobody is there, then
		_, _ = conn.TryClose()                                                                                        // gives back what wayBack took
	}
}

// socketOf returns the UDP socket that a message came by, or nil.
func (s *Stack) socketOf(msg sip.Message) *datagrams {
	if msg.Transport() != "UDP" {
		return nil
	}
	return s.sockets[msg.Source()]
}

// handle takes a request that begins a transaction.
func (s *Stack) handle(req *sip.Request, tx sip.ServerTransaction) {
	if why := examine(req); why != nil {
		s.refuse(req, tx, why)
		return
	}
	id := identityOf(req)
	if id.local == "" {
		s.begin(req, tx)
		return
	}
	switch handle := s.dialogs.find(id); {
	case handle == nil:
		s.refuse(req, tx, &refusal{status: 481})
	case req.Method == sip.OPTIONS:
		s.refuse(req, tx, capabilities())
	default:
		handle(req, tx)
	}
}

// acknowledge gives an ACK of a 2xx to its dialog. Others are dropped: sipgo has
// seen those of the refusals that it repeats.
func (s *Stack) acknowledge(req *sip.Request) {
	if malformed(req) != "" {
		return
	}
	if handle := s.dialogs.find(identityOf(req)); handle != nil {
		handle(req, nil)
	}
}

// begin takes a request outside of any dialog.
func (s *Stack) begin(req *sip.Request, tx sip.ServerTransaction) {
	switch {
	case req.Method != sip.INVITE && req.Method != sip.OPTIONS:
		s.refuse(req, tx, &refusal{status: 481})
	case s.draining.Load():
		s.refuse(req, tx, &refusal{status: 503, fields: []sip.Header{retryAfter(drainRetry)}})
	case s.sentByUs(req):
		s.refuse(req, tx, &refusal{status: 482})
	case req.Method == sip.OPTIONS: // with Max-Forwards 0 as well: it was for us (RFC 3261 section 11)
		s.refuse(req, tx, capabilities())
	case req.MaxForwards() != nil && *req.MaxForwards() == 0: // a call may go on from here
		s.refuse(req, tx, &refusal{status: 483})
	case s.crowded(req):
		s.refuse(req, tx, noRoom())
	case !s.arrivals.add(req, tx):
		s.refuse(req, tx, &refusal{status: 482})
	default:
		s.invite(req, tx)
	}
}

// sentByUs reports whether a request has been here before.
func (s *Stack) sentByUs(req *sip.Request) bool {
	for _, h := range req.GetHeaders("Via") {
		via, ok := h.(*sip.ViaHeader)
		if !ok {
			continue
		}
		host, err := netip.ParseAddr(via.Host)
		if err != nil {
			continue
		}
		if _, ours := s.ours.Load(netip.AddrPortFrom(host.Unmap(), uint16(portOf(via)))); ours {
			return true
		}
	}
	return false
}

// portOf returns the port of a Via, or what it means to have none (RFC 3261
// section 18.1.1).
func portOf(via *sip.ViaHeader) int {
	if via.Port > 0 {
		return via.Port
	}
	return sip.DefaultPort(via.Transport)
}

// capabilities answers OPTIONS (RFC 3261 section 11.2).
func capabilities() *refusal {
	return &refusal{status: 200, fields: []sip.Header{
		sip.NewHeader("Allow", allowed), sip.NewHeader("Supported", supported), sip.NewHeader("Accept", acceptedBodies),
	}}
}

// refuse answers a request finally and forgets it, as RFC 3261 section 8.2.7
// allows: the same request again gets the same response, and a flood of them
// leaves nothing in memory. A transaction would stay there for 32 s.
func (s *Stack) refuse(req *sip.Request, tx sip.ServerTransaction, why *refusal) {
	res := sip.NewResponseFromRequest(req, why.status, cmp.Or(why.phrase, phraseOf(why.status)), nil)
	res.SipVersion = "SIP/2.0"
	if to := req.To(); to != nil && !to.Params.Has("tag") {
		res.To().Params.Add("tag", strconv.FormatUint(s.fingerprint(req), 16))
	}
	for _, h := range why.fields {
		res.AppendHeader(h)
	}
	attrs := []slog.Attr{slog.String("method", string(req.Method)), slog.Int("status", why.status), slog.String("source", req.Source())}
	if err := tx.Respond(res); err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	tx.Terminate()
	s.log.LogAttrs(context.Background(), slog.LevelDebug, "request answered", attrs...)
}

// fingerprint returns what is the same for the same request, and so is the tag of a
// stateless response to it.
func (s *Stack) fingerprint(req *sip.Request) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, name := range []string{"call-id", "from", "via", "cseq"} {
		if field := req.GetHeader(name); field != nil {
			_, _ = h.WriteString(field.Value()) // never fails
		}
		_ = h.WriteByte(0) // never fails
	}
	return h.Sum64()
}
