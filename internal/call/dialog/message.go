package dialog

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

const (
	// allowed are the methods that we serve (Allow, RFC 3261 section 20.5).
	allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY"

	// supported are the extensions that we know (Supported, RFC 3261 section
	// 20.37; RFC 3262, 4028, 4488).
	supported = "100rel, timer, norefersub"

	// hops is how many servers may pass a request on (Max-Forwards, RFC 3261
	// section 8.1.1.6).
	hops = 70
)

// statusSessionIntervalTooSmall is that of RFC 4028 section 6.
const statusSessionIntervalTooSmall = 422

// located are the methods whose requests and 2xx say where their sender is: those
// that begin or refresh a dialog, and those of events (RFC 3261, 3311, 3515, 6665).
var located = []sip.RequestMethod{sip.INVITE, sip.UPDATE, sip.REFER, sip.NOTIFY}

// request returns our next request of the dialog (RFC 3261 section 12.2.1.1),
// without a Via, which the transport adds. Before there is a dialog it is its
// INVITE.
func (d *ident) request(method sip.RequestMethod) *sip.Request {
	d.sent++
	return d.numbered(method, d.sent)
}

// numbered returns a request with the given CSeq.
func (d *ident) numbered(method sip.RequestMethod, seq uint32) *sip.Request {
	target, routes := d.way()
	req := sip.NewRequest(method, target)
	for _, route := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: *route.Clone()})
	}
	limit, callID := sip.MaxForwardsHeader(hops), sip.CallIDHeader(d.callID)
	req.AppendHeader(&limit)
	req.AppendHeader(sip.HeaderClone(&d.from))
	req.AppendHeader(sip.HeaderClone(&d.to))
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	if slices.Contains(located, method) {
		req.AppendHeader(d.contact.Clone())
	}
	if method == sip.INVITE || method == sip.UPDATE {
		appendAbilities(req)
	}
	// Left to itself, sipgo sends past a strict router, to the Route after it, and
	// over UDP to addresses of the scheme sips.
	req.SetTransport(transportOf(d.hop()))
	req.SetDestination(hostPort(d.hop()))
	req.SetBody(nil) // says so: TCP needs the length
	return req
}

// way returns the Request-URI of our requests and their Route. A strict router,
// which knows no parameter lr, expects itself in the Request-URI, and the target
// at the end of the Route (RFC 3261 section 12.2.1.1).
func (d *ident) way() (target sip.Uri, routes []sip.Uri) {
	if len(d.routes) == 0 || loose(d.routes[0]) {
		return requestURI(d.target), d.routes
	}
	return requestURI(d.routes[0]), slices.Concat(d.routes[1:], []sip.Uri{d.target})
}

// hop returns the server that our requests are sent to: the first on the way, or
// the other side itself.
func (d *ident) hop() sip.Uri {
	if len(d.routes) > 0 {
		return d.routes[0]
	}
	return d.target
}

// loose reports whether a server routes by Route alone.
func loose(server sip.Uri) bool {
	_, ok := paramOf(server.UriParams, "lr")
	return ok
}

// requestURI returns an address without what may not stand in a Request-URI
// (RFC 3261 section 19.1.1, table 1).
func requestURI(address sip.Uri) sip.Uri {
	target := *address.Clone()
	target.Headers = nil
	target.UriParams = slices.DeleteFunc(target.UriParams, func(p sip.HeaderKV) bool { return strings.EqualFold(p.K, "method") })
	return target
}

// transportOf returns the transport to a server, as sipgo writes it: UDP where
// its address names none (RFC 3263 section 4.1), and TLS where it is secure.
func transportOf(server sip.Uri) string {
	named, _ := paramOf(server.UriParams, "transport")
	switch {
	case server.IsEncrypted():
		return "TLS"
	case named == "":
		return "UDP"
	}
	return strings.ToUpper(named)
}

// hostPort returns where a server listens, as sipgo writes destinations.
func hostPort(server sip.Uri) string {
	port := server.Port
	if port == 0 {
		port = sip.DefaultPort(transportOf(server))
	}
	return net.JoinHostPort(strings.Trim(server.Host, "[]"), strconv.Itoa(port))
}

// paramOf returns a parameter by its name in lower case, however it is written.
func paramOf(params sip.HeaderParams, name string) (value string, ok bool) {
	for _, p := range params {
		if strings.EqualFold(p.K, name) {
			return p.V, true
		}
	}
	return "", false
}

// again returns a request to be sent another time, after a 401, 407, 422 or 491:
// all of it is the same but the CSeq and, as it is another transaction, the Via.
// The first one stays as it is: sipgo may still repeat it.
func (d *ident) again(req *sip.Request) *sip.Request {
	d.sent++
	next := req.Clone()
	next.RemoveHeader("Via")
	next.ReplaceHeader(&sip.CSeqHeader{SeqNo: d.sent, MethodName: req.Method})
	return next
}

// ack returns the ACK to a 2xx of our INVITE: with its CSeq and its credentials
// (RFC 3261 section 13.2.2.4), on the way of the dialog.
func (d *ident) ack(invite *sip.Request) *sip.Request {
	ack := d.numbered(sip.ACK, invite.CSeq().SeqNo)
	sip.CopyHeaders("Authorization", invite, ack)
	sip.CopyHeaders("Proxy-Authorization", invite, ack)
	return ack
}

// cancel returns the CANCEL of an INVITE that has been sent: to the same server,
// with the same Via (RFC 3261 section 9.1).
func cancel(invite *sip.Request) *sip.Request {
	req := sip.NewRequest(sip.CANCEL, invite.Recipient)
	req.AppendHeader(invite.Via().Clone())
	for _, name := range []string{"Route", "From", "To", "Call-ID"} {
		sip.CopyHeaders(name, invite, req)
	}
	limit := sip.MaxForwardsHeader(hops)
	req.AppendHeader(&limit)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.SetTransport(invite.Transport())
	req.SetDestination(invite.Destination())
	req.Laddr = invite.Laddr
	req.SetBody(nil)
	return req
}

// prack returns the PRACK to a reliable response to our INVITE (RFC 3262 section
// 7.2), which has this RSeq.
func (d *ident) prack(invite *sip.Request, rseq uint32) *sip.Request {
	req := d.request(sip.PRACK)
	seq := invite.CSeq()
	req.AppendHeader(sip.NewHeader("RAck", rack{rseq, seq.SeqNo, seq.MethodName.String()}.String()))
	return req
}

// respond returns a response to a request of theirs, with our tag if the request
// has it, which newInbound sees to. Our Contact and what we can do are in those
// that may begin or refresh a dialog.
func (d *ident) respond(req *sip.Request, status int) *sip.Response {
	res := sip.NewResponseFromRequest(req, status, phraseOf(status), nil)
	if status > 100 && status < 300 {
		if slices.Contains(located, req.Method) {
			res.AppendHeader(d.contact.Clone())
		}
		if req.Method == sip.INVITE || req.Method == sip.UPDATE {
			appendAbilities(res)
		}
	}
	return res
}

// appendAbilities says what we can do.
func appendAbilities(msg sip.Message) {
	msg.AppendHeader(sip.NewHeader("Allow", allowed))
	msg.AppendHeader(sip.NewHeader("Supported", supported))
}

// setBody gives a message a body of a media type.
func setBody(msg sip.Message, mediaType string, body []byte) {
	kind := sip.ContentTypeHeader(mediaType)
	msg.AppendHeader(&kind)
	msg.SetBody(body)
}

// phrases are those of RFC 3261 section 21 and of the RFCs of its extensions,
// for the statuses that we send. Only people read them.
var phrases = map[int]string{
	100: "Trying",
	180: "Ringing",
	183: "Session Progress",
	200: "OK",
	202: "Accepted",
	400: "Bad Request",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	408: "Request Timeout",
	413: "Request Entity Too Large",
	415: "Unsupported Media Type",
	416: "Unsupported URI Scheme",
	420: "Bad Extension",
	422: "Session Interval Too Small",
	469: "Bad Info Package",
	480: "Temporarily Unavailable",
	481: "Call/Transaction Does Not Exist",
	482: "Loop Detected",
	483: "Too Many Hops",
	486: "Busy Here",
	487: "Request Terminated",
	488: "Not Acceptable Here",
	489: "Bad Event",
	491: "Request Pending",
	500: "Server Internal Error",
	501: "Not Implemented",
	503: "Service Unavailable",
	504: "Server Time-out",
	505: "Version Not Supported",
	603: "Decline",
}

// phraseOf returns the reason phrase of a status.
func phraseOf(status int) string { return phrases[status] }
