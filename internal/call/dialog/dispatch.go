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

// arrived is the first that sees a message, on the goroutine that read it and
// before sipgo's transactions do.
func (s *Stack) arrived(msg sip.Message) {
	s.messages.Add(1)
	var local netip.AddrPort
	if d := s.socketOf(msg); d != nil {
		local = d.address
		msg.SetSource(d.arrived())
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
	if req, ok := msg.(*sip.Request); ok {
		switch req.Method {
		case sip.ACK:
			s.acknowledge(req)
		case sip.CANCEL:
			s.arrivals.cancelled(req)
		}
	}
}

// socketOf returns the UDP socket that a message came by, or nil.
func (s *Stack) socketOf(msg sip.Message) *datagrams {
	if msg.Transport() != "UDP" {
		return nil
	}
	return s.sockets[msg.Source()]
}

// handle takes a request that sipgo has begun a transaction for.
func (s *Stack) handle(req *sip.Request, tx *sip.ServerTx) {
	if !s.enter() {
		tx.Terminate()
		return
	}
	defer s.handlers.Done()
	defer tx.TerminateGracefully()
	if req.Method == sip.ACK { // it was taken as it arrived
		return
	}
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
// seen those of the refusals that it repeats. It does not wait: the next message is
// not read meanwhile, and so cannot overtake the ACK, as on a goroutine of sipgo's a
// re-INVITE did that came right behind it.
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
