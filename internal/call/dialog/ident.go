package dialog

import (
	"strings"
	"unicode"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
)

// identity is what tells a dialog from all others (RFC 3261 section 12), as this
// side sees it.
type identity struct{ callID, local, remote string } // the latter are tags

// identityOf returns the dialog that a request of the other side belongs to. Its
// local tag is "" where the request begins one.
func identityOf(req *sip.Request) identity {
	var id identity
	if h := req.CallID(); h != nil {
		id.callID = h.Value()
	}
	if h := req.To(); h != nil {
		id.local, _ = h.Params.Get("tag")
	}
	if h := req.From(); h != nil {
		id.remote, _ = h.Params.Get("tag")
	}
	return id
}

// party is one side of a call.
type party struct {
	name    string // shown; optional
	address sip.Uri
}

// origin is what a call of ours begins with.
type origin struct {
	target   sip.Uri   // the Request-URI
	routes   []sip.Uri // servers to pass, the next one first; an outbound proxy, usually
	from, to party
	contact  sip.Uri // where requests of theirs reach us
	identity         // without a remote tag
}

// ident is the state of a dialog (RFC 3261 section 12): what goes into each of
// our requests and is checked in each of theirs. Before the other side has
// responded to our INVITE it is what the INVITE is built from; each fork then
// gets a copy of its own.
type ident struct {
	identity
	outbound bool // we made the Call-ID, and sent the INVITE
	from     sip.FromHeader
	to       sip.ToHeader
	contact  sip.ContactHeader // ours
	target   sip.Uri           // where they are: their Contact
	routes   []sip.Uri         // servers to pass, the next one first
	sent     uint32            // CSeq of our last request; 0: none
	received uint32            // CSeq of their last request; 0: none
	settled  bool              // the routes stay as they are
}

// newOutbound returns what the INVITE of a call is built from.
func newOutbound(o origin) ident {
	d := ident{
		identity: o.identity,
		outbound: true,
		from:     sip.FromHeader{DisplayName: quotable(o.from.name), Address: o.from.address},
		to:       sip.ToHeader{DisplayName: quotable(o.to.name), Address: o.to.address},
		contact:  sip.ContactHeader{Address: o.contact},
		target:   o.target,
		routes:   o.routes,
	}
	d.from.Params.Add("tag", o.local)
	d.secure(o.target)
	return d
}

// secure makes our Contact a sips address where the Request-URI of the INVITE, or the
// next server on the way, is one (RFC 3261 sections 8.1.1.8 and 12.1.1). One that is
// not over TLS stays: nobody would reach us by it.
func (d *ident) secure(recipient sip.Uri) {
	ours, next := &d.contact.Address, d.hop()
	if (recipient.IsEncrypted() || next.IsEncrypted()) && transportOf(*ours) == "TLS" {
		ours.Scheme, ours.UriParams = "sips", nil
	}
}

// newInbound returns the state of the dialog that an INVITE begins (RFC 3261
// section 12.1.1). It writes our tag into the To of the INVITE, from where all
// responses take it, those of sipgo too: it is for the time before the first
// response. The error, of the code Invalid, is to be answered 400.
func newInbound(invite *sip.Request, tag string, contact sip.Uri) (ident, error) {
	from, to, theirs, seq := invite.From(), invite.To(), invite.Contact(), invite.CSeq()
	switch {
	case from == nil, to == nil, seq == nil, invite.CallID() == nil:
		return ident{}, fault.Newf(fault.Invalid, "the INVITE lacks a From, To, Call-ID or CSeq")
	case theirs == nil || theirs.Address.Wildcard:
		return ident{}, fault.Newf(fault.Invalid, "the INVITE lacks a Contact")
	}
	to.Params.Add("tag", tag)
	d := ident{
		identity: identityOf(invite),
		from:     to.AsFrom(),
		to:       from.AsTo(),
		contact:  sip.ContactHeader{Address: contact},
		target:   theirs.Address,
		routes:   recorded(invite, false),
		received: seq.SeqNo,
		settled:  true,
	}
	d.secure(invite.Recipient)
	return d, nil
}

// fork returns the state of the dialog that a response to our INVITE begins
// (RFC 3261 section 12.1.2). The servers that recorded themselves take the place
// of those the INVITE was sent through, even if there are none.
func (d *ident) fork(res *sip.Response) ident {
	f := *d
	f.to = sip.ToHeader{DisplayName: d.to.DisplayName, Address: d.to.Address}
	f.remote = tagOf(res)
	if f.remote != "" {
		f.to.Params.Add("tag", f.remote)
	}
	f.routes = recorded(res, true)
	f.settled = res.IsSuccess()
	f.retarget(res)
	return f
}

// tagOf returns the tag of the side that responded, "" from servers that know no
// tags.
func tagOf(res *sip.Response) string {
	to := res.To()
	if to == nil {
		return ""
	}
	tag, _ := to.Params.Get("tag")
	return tag
}

// answered takes a 2xx to an INVITE or UPDATE of ours. The first to an INVITE
// counts more than the 18x that began the dialog: its servers are the route set
// from then on (RFC 3261 section 13.2.2.4).
func (d *ident) answered(res *sip.Response) {
	if seq := res.CSeq(); !d.settled && seq != nil && seq.MethodName == sip.INVITE {
		d.settled = true
		d.routes = recorded(res, true)
	}
	d.retarget(res)
}

// answer notes that we have answered their INVITE or UPDATE with a 2xx, which
// makes its Contact the target (RFC 3261 section 12.2.2). One that we refuse
// leaves the target as it is.
func (d *ident) answer(req *sip.Request) {
	if req.Method == sip.INVITE || req.Method == sip.UPDATE {
		d.retarget(req)
	}
}

// retarget makes the Contact of a message the remote target. Without one the
// target stays, as it does for the 18x and even the 2xx of some gateways.
func (d *ident) retarget(msg interface{ Contact() *sip.ContactHeader }) {
	if h := msg.Contact(); h != nil && !h.Address.Wildcard {
		d.target = h.Address
	}
}

// receive checks the CSeq of a request of theirs (RFC 3261 section 12.2.2): one
// that is lower than the last is to be answered 500. Gaps are allowed: a proxy
// may have challenged what we never saw. ACK and CANCEL have that of their INVITE.
func (d *ident) receive(req *sip.Request) (inOrder bool) {
	if req.IsAck() || req.IsCancel() {
		return true
	}
	seq := req.CSeq()
	if seq == nil || seq.SeqNo < d.received {
		return false
	}
	d.received = seq.SeqNo
	return true
}

// recorded returns the route set of a message: the servers that asked to stay on
// the way, in the order of the side that is called, or reversed for the caller
// (RFC 3261 sections 12.1.1 and 12.1.2).
func recorded(msg sip.Message, reversed bool) []sip.Uri {
	var routes []sip.Uri
	headers := msg.GetHeaders("Record-Route")
	for i := range headers {
		if reversed {
			i = len(headers) - 1 - i
		}
		if h, ok := headers[i].(*sip.RecordRouteHeader); ok {
			routes = append(routes, h.Address)
		}
	}
	return routes
}

// quotable returns a name as it may stand between quotation marks (RFC 3261
// section 25.1, quoted-string).
func quotable(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
}
