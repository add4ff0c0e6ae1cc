package dialog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// parsed returns a message from its text.
func parsed(t interface{ Fatalf(string, ...any) }, text string) sip.Message {
	lines := strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n")
	msg, err := sip.ParseMessage([]byte(strings.ReplaceAll(lines, "\n", "\r\n") + "\r\n\r\n"))
	if err != nil {
		t.Fatalf("%v, in\n%s", err, text)
	}
	return msg
}

func parsedRequest(t interface{ Fatalf(string, ...any) }, text string) *sip.Request {
	req, ok := parsed(t, text).(*sip.Request)
	if !ok {
		t.Fatalf("no request:\n%s", text)
	}
	return req
}

func parsedResponse(t interface{ Fatalf(string, ...any) }, text string) *sip.Response {
	res, ok := parsed(t, text).(*sip.Response)
	if !ok {
		t.Fatalf("no response:\n%s", text)
	}
	return res
}

func parsedURI(t interface{ Fatalf(string, ...any) }, text string) sip.Uri {
	var uri sip.Uri
	if err := sip.ParseUri(text, &uri); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return uri
}

// anInvite is one of theirs, with further header fields.
func anInvite(t interface{ Fatalf(string, ...any) }, fields ...string) *sip.Request {
	return parsedRequest(t, `INVITE sip:+16045550123@pbx.example.net SIP/2.0
Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK7;rport
From: "Ana \"A\" Silva" <sip:2005@carrier.example>;tag=theirs
To: <sip:+16045550123@pbx.example.net>
Call-ID: c7@carrier.example
CSeq: 7 INVITE
Max-Forwards: 70
`+strings.Join(fields, "\n"))
}

// ourCall is what a call of ours begins with.
func ourCall(t interface{ Fatalf(string, ...any) }, routes ...string) origin {
	o := origin{
		target:   parsedURI(t, "sip:+5511987654321@carrier.example;user=phone"),
		from:     party{`Desk "5"`, parsedURI(t, "sip:2005@pbx.example.net")},
		to:       party{"", parsedURI(t, "sip:+5511987654321@carrier.example")},
		contact:  parsedURI(t, "sip:192.0.2.1:5060"),
		identity: identity{callID: "c1@pbx", local: "ours"},
	}
	for _, route := range routes {
		o.routes = append(o.routes, parsedURI(t, route))
	}
	return o
}

// theirResponse is one to the INVITE of ourCall.
func theirResponse(t interface{ Fatalf(string, ...any) }, status int, fields ...string) *sip.Response {
	return parsedResponse(t, fmt.Sprintf(`SIP/2.0 %d X
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1
From: "Desk \"5\"" <sip:2005@pbx.example.net>;tag=ours
To: <sip:+5511987654321@carrier.example>;tag=theirs
Call-ID: c1@pbx
CSeq: 1 INVITE
`, status)+strings.Join(fields, "\n"))
}

// way describes where a request goes: its Request-URI and its Route.
func way(req *sip.Request) string {
	text := req.Recipient.String()
	for _, h := range req.GetHeaders("Route") {
		text += " " + h.Value()
	}
	return text
}

func TestRequestsTakeTheWayThatWasRecorded(t *testing.T) {
	const contact = "Contact: <sip:2005@192.0.2.9:5070;transport=tcp>"
	const there = "sip:2005@192.0.2.9:5070;transport=tcp"
	for _, c := range []struct {
		name             string
		recorded         []string
		called, calling  string // the way of our requests, by which side we are
		toCalled, toCall string // where they are sent to
	}{
		{"straight", nil, there, there, "192.0.2.9:5070", "192.0.2.9:5070"},
		{"one server", []string{"<sip:p1;lr>"}, there + " <sip:p1;lr>", there + " <sip:p1;lr>", "p1:5060", "p1:5060"},
		{"two servers", []string{"<sip:p1;lr>", "<sip:p2:5080;lr>"}, there + " <sip:p1;lr> <sip:p2:5080;lr>", there + " <sip:p2:5080;lr> <sip:p1;lr>", "p1:5060", "p2:5080"},
		{"two in one field", []string{"<sip:p1;lr>, <sip:p2;lr>"}, there + " <sip:p1;lr> <sip:p2;lr>", there + " <sip:p2;lr> <sip:p1;lr>", "p1:5060", "p2:5060"},
		{"parameters are kept", []string{"<sip:p1;lr=on;ftag=a1;did=6f.2>"}, there + " <sip:p1;lr=on;ftag=a1;did=6f.2>", there + " <sip:p1;lr=on;ftag=a1;did=6f.2>", "p1:5060", "p1:5060"},
		{"in capitals", []string{"<sip:p1;LR>"}, there + " <sip:p1;LR>", there + " <sip:p1;LR>", "p1:5060", "p1:5060"},
		{"over TLS", []string{"<sips:p1;lr>"}, there + " <sips:p1;lr>", there + " <sips:p1;lr>", "p1:5061", "p1:5061"},
		{"a strict router", []string{"<sip:p1>"}, "sip:p1 <" + there + ">", "sip:p1 <" + there + ">", "p1:5060", "p1:5060"},
		{"a strict router over IPv6 and TLS", []string{"<sip:[2001:db8::1];transport=TLS>"}, "sip:[2001:db8::1];transport=TLS <" + there + ">", "sip:[2001:db8::1];transport=TLS <" + there + ">", "[2001:db8::1]:5061", "[2001:db8::1]:5061"},
		{"a strict router first", []string{"<sip:p1:5070>", "<sip:p2;lr>"}, "sip:p1:5070 <sip:p2;lr> <" + there + ">", there + " <sip:p2;lr> <sip:p1:5070>", "p1:5070", "p2:5060"},
		{"a strict router last", []string{"<sip:p1;lr>", "<sip:p2>"}, there + " <sip:p1;lr> <sip:p2>", "sip:p2 <sip:p1;lr> <" + there + ">", "p1:5060", "p2:5060"},
		{"a method in its address", []string{"<sip:p1;method=INVITE?Subject=x>"}, "sip:p1 <" + there + ">", "sip:p1 <" + there + ">", "p1:5060", "p1:5060"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fields := []string{contact}
			for _, r := range c.recorded {
				fields = append(fields, "Record-Route: "+r)
			}
			called, err := newInbound(anInvite(t, fields...), "ours", sip.Uri{Host: "192.0.2.1"})
			if err != nil {
				t.Fatal(err)
			}
			ours := newOutbound(ourCall(t, "sip:gone;lr"))
			ours.request(sip.INVITE)
			calling := ours.fork(theirResponse(t, 200, fields...))
			for _, side := range []struct {
				name         string
				d            ident
				want, server string
			}{{"called", called, c.called, c.toCalled}, {"calling", calling, c.calling, c.toCall}} {
				for _, method := range []sip.RequestMethod{sip.BYE, sip.INVITE, sip.INFO} {
					req := side.d.request(method)
					if diff := cmp.Diff(side.want, way(req)); diff != "" {
						t.Errorf("%s, %s (-want +got):\n%s", side.name, method, diff)
					}
					if req.Destination() != side.server {
						t.Errorf("%s, %s: sent to %s, want %s", side.name, method, req.Destination(), side.server)
					}
					if secure := strings.HasSuffix(side.server, ":5061"); secure != (req.Transport() == "TLS") {
						t.Errorf("%s, %s: sent over %s", side.name, method, req.Transport())
					}
				}
				if hop := side.d.hop(); hostPort(hop) != side.server {
					t.Errorf("%s: the first server is %s, want %s", side.name, hop.String(), side.server)
				}
			}
		})
	}
}

func TestFirstInviteTakesTheWayThatWasConfigured(t *testing.T) {
	for _, c := range []struct {
		routes []string
		want   string
		server string
	}{
		{nil, "sip:+5511987654321@carrier.example;user=phone", "carrier.example:5060"},
		{[]string{"sip:proxy.example;lr", "sip:edge.example;lr"}, "sip:+5511987654321@carrier.example;user=phone <sip:proxy.example;lr> <sip:edge.example;lr>", "proxy.example:5060"},
		{[]string{"sip:proxy.example:5080"}, "sip:proxy.example:5080 <sip:+5511987654321@carrier.example;user=phone>", "proxy.example:5080"},
	} {
		d := newOutbound(ourCall(t, c.routes...))
		req := d.request(sip.INVITE)
		if got := way(req); got != c.want || req.Destination() != c.server {
			t.Errorf("%v: it goes to %s by\n%s, want\n%s", c.routes, req.Destination(), got, c.want)
		}
	}
}

func TestRoutesOfThe2xxCountMoreThanThoseOfThe18x(t *testing.T) {
	ours := newOutbound(ourCall(t, "sip:proxy.example;lr"))
	invite := ours.request(sip.INVITE)
	d := ours.fork(theirResponse(t, 183, "Contact: <sip:early@192.0.2.9>", "Record-Route: <sip:p1;lr>"))
	update := theirResponse(t, 200, "Contact: <sip:updated@192.0.2.9>", "Record-Route: <sip:p9;lr>")
	update.CSeq().MethodName = sip.UPDATE
	for _, c := range []struct {
		after string
		event func()
		want  string
	}{
		{"183", func() {}, "sip:early@192.0.2.9 <sip:p1;lr>"},
		{"the 2xx of an UPDATE", func() { d.answered(update) }, "sip:updated@192.0.2.9 <sip:p1;lr>"},
		{"200", func() {
			d.answered(theirResponse(t, 200, "Contact: <sip:late@192.0.2.9>", "Record-Route: <sip:p2;lr>", "Record-Route: <sip:p3;lr>"))
		}, "sip:late@192.0.2.9 <sip:p3;lr> <sip:p2;lr>"},
		{"200 to a later INVITE", func() {
			d.answered(theirResponse(t, 200, "Contact: <sip:moved@192.0.2.9>"))
		}, "sip:moved@192.0.2.9 <sip:p3;lr> <sip:p2;lr>"},
	} {
		c.event()
		if got := way(d.request(sip.INFO)); got != c.want {
			t.Errorf("after %s: %s, want %s", c.after, got, c.want)
		}
	}
	straight := ours.fork(theirResponse(t, 200, "Contact: <sip:late@192.0.2.9>", "Record-Route: <sip:p2;lr>"))
	straight.answered(theirResponse(t, 200))
	if got := way(straight.request(sip.INFO)); got != "sip:late@192.0.2.9 <sip:p2;lr>" {
		t.Errorf("without a 18x: %s", got)
	}
	if got := way(d.ack(invite)); got != "sip:moved@192.0.2.9 <sip:p3;lr> <sip:p2;lr>" {
		t.Errorf("the ACK goes by %s", got)
	}
	if got := way(ours.request(sip.INVITE)); got != "sip:+5511987654321@carrier.example;user=phone <sip:proxy.example;lr>" {
		t.Errorf("a further INVITE goes by %s", got)
	}
}

// aServer is on the way of a call, and may have stayed on it.
type aServer struct {
	uri    string
	strict bool
}

// passed hands a request, sent to next, from server to server as RFC 3261
// sections 16.4, 16.6 and 16.12 have it, and returns the servers it passed and
// where it came out.
func passed(t *rapid.T, req *sip.Request, next string, servers map[string]aServer) (by []string, at string) {
	target, routes := req.Recipient.String(), []string{}
	for _, h := range req.GetHeaders("Route") {
		routes = append(routes, strings.Trim(h.Value(), "<>"))
	}
	for range 20 {
		server, ok := servers[next]
		if !ok {
			if len(routes) > 0 {
				t.Fatalf("it comes out at %s with a Route of %v", next, routes)
			}
			return by, target
		}
		by = append(by, server.uri)
		if server.strict { // RFC 2543: the first Route becomes the Request-URI
			if target != server.uri || len(routes) == 0 {
				t.Fatalf("%s, a strict router, gets a request for %s by %v", server.uri, target, routes)
			}
			target, routes = routes[0], routes[1:]
			next = target
			continue
		}
		if target == server.uri && len(routes) > 0 { // a strict router was before it: section 16.4
			target, routes = routes[len(routes)-1], routes[:len(routes)-1]
		} else {
			routes = routes[1:]
		}
		next = target
		if len(routes) > 0 {
			if next = routes[0]; !strings.Contains(next, ";lr") {
				target, routes = next, append(routes[1:], target)
			}
		}
	}
	t.Fatalf("it goes in circles")
	return nil, ""
}

// Whatever servers stay on the way, requests of both sides pass each of them
// once, in order, and come out at the other side in its dialog.
func TestRequestsReachTheOtherSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		servers, fields := make(map[string]aServer), []string{}
		var forth []string
		for i := range rapid.IntRange(0, 5).Draw(t, "servers") {
			s := aServer{uri: fmt.Sprintf("sip:p%d", i), strict: rapid.Bool().Draw(t, "strict")}
			if !s.strict {
				s.uri += ";lr"
			}
			servers[s.uri] = s
			forth = append(forth, s.uri)
			fields = append([]string{"Record-Route: <" + s.uri + ">"}, fields...) // each puts itself first
		}
		back := make([]string, 0, len(forth))
		for i := range forth {
			back = append(back, forth[len(forth)-1-i])
		}

		ours := newOutbound(ourCall(t))
		invite := ours.request(sip.INVITE)
		for _, f := range fields {
			invite.AppendHeader(sip.NewHeader("Record-Route", strings.TrimPrefix(f, "Record-Route: ")))
		}
		invite = parsedRequest(t, invite.String())
		called, err := newInbound(invite, "theirs", parsedURI(t, "sip:100@192.0.2.9"))
		if err != nil {
			t.Fatalf("%v", err)
		}
		res := called.respond(invite, 200)
		calling := ours.fork(parsedResponse(t, res.String()))

		for range rapid.IntRange(1, 10).Draw(t, "requests") {
			from, to, want, there := &calling, &called, forth, "sip:100@192.0.2.9"
			if rapid.Bool().Draw(t, "of the called") {
				from, to, want, there = &called, &calling, back, "sip:192.0.2.1:5060"
			}
			method := rapid.SampledFrom([]sip.RequestMethod{sip.INFO, sip.INVITE, sip.UPDATE, sip.BYE, sip.REFER, sip.NOTIFY, sip.PRACK}).Draw(t, "method")
			req := from.request(method)
			hop := from.hop()
			by, at := passed(t, req, hop.String(), servers)
			if diff := cmp.Diff(want, append([]string{}, by...)); diff != "" && len(want)+len(by) > 0 {
				t.Fatalf("passed (-want +got):\n%s", diff)
			}
			if at != there || hostPort(hop) != req.Destination() {
				t.Fatalf("it comes out at %s, want %s; sent to %s", at, there, req.Destination())
			}
			if identityOf(req) != to.identity || !to.receive(req) {
				t.Fatalf("%v is not in order in %v", identityOf(req), to.identity)
			}
		}
	})
}
