package dialog

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
)

// Request is a request outside of any dialog, such as REGISTER and OPTIONS.
type Request struct {
	Method   sip.RequestMethod // not INVITE
	Target   sip.Uri           // the Request-URI
	Hop      Hop               // optional
	From, To Party

	// Contact is the user of the address by which the other side reaches us; empty:
	// the request has no Contact.
	Contact string

	Header []sip.Header // optional
}

// Answer is the final response to a Request.
type Answer struct {
	*sip.Response

	Contact sip.Uri // of the request; the zero value: it had none
}

// Client sends requests outside of dialogs. Those of one Client belong together, as
// the registrations of one address do: they share their Call-ID, count their CSeq
// up (RFC 3261 section 10.2), and carry credentials from the start once they were
// asked for them. It may be used by several goroutines.
type Client struct {
	stack *Stack
	first identity

	mu     sync.Mutex
	sent   uint32 // the last CSeq
	signer signer
}

// Client returns a Client that answers challenges with an account, which is
// optional.
func (s *Stack) Client(a Account) *Client {
	return &Client{stack: s, first: identity{callID: rand.Text(), local: rand.Text()}, signer: signer{account: account{a.User, a.Password}}}
}

// Ask sends a request, and returns its final response. One that is challenged is
// sent again with credentials, once, and once more if a nonce was stale: a 401 or
// 407 that is returned refuses them. The error is a fault.Error of the code
// Unavailable where nobody answers within 32 s (RFC 3261 section 17.1.2.2), or
// nothing can be sent; or it is the cause of ctx.
func (c *Client) Ask(ctx context.Context, r Request) (Answer, error) {
	s := c.stack
	way, err := s.flowBy(ctx, r.Hop, r.Target)
	if err != nil {
		return Answer{}, err
	}
	defer s.gate.call(way.peer.Addr())()
	d := newOutbound(origin{target: r.Target, from: r.From.party(), to: r.To.party(), identity: c.first})
	req := d.request(r.Method)
	var a Answer
	if r.Contact != "" {
		a.Contact = s.contact(way, r.Target, r.Contact)
		req.AppendHeader(&sip.ContactHeader{Address: a.Contact})
	}
	for _, h := range r.Header {
		req.AppendHeader(h)
	}
	for tried := (tries{}); ; {
		req = c.next(&d, req)
		a.Response, err = s.await(ctx, way, req)
		if err != nil || !c.worthAgain(&tried, a.Response) {
			return a, err
		}
	}
}

// next returns a request as it is sent next: with the next CSeq and credentials.
func (c *Client) next(d *ident, req *sip.Request) *sip.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	d.sent = c.sent
	req = d.again(req)
	c.sent = d.sent
	c.signer.sign(req)
	return req
}

// worthAgain reports whether a request is worth sending again, with credentials.
func (c *Client) worthAgain(tried *tries, res *sip.Response) bool {
	if res.StatusCode != sip.StatusUnauthorized && res.StatusCode != sip.StatusProxyAuthRequired {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.signer.challenged(tried, res)
}

// Seconds returns a header field that is a number of seconds, such as Retry-After;
// 0: there is none.
func (a Answer) Seconds(name string) time.Duration {
	d, _ := parseSeconds(parseField(valueOf(a.Response, name)).value) // none: 0
	return d
}

// Expiry returns for how long a 2xx to REGISTER has registered us (RFC 3261 section
// 10.2.4): what it says of our Contact, or of the only one, which some registrars
// change on the way back; else its Expires. 0: it says nothing.
func (a Answer) Expiry() time.Duration {
	all := a.GetHeaders("Contact")
	for _, h := range all {
		contact, ok := h.(*sip.ContactHeader)
		if !ok || len(all) > 1 && !sameAddress(contact.Address, a.Contact) {
			continue
		}
		if text, ok := paramOf(contact.Params, "expires"); ok {
			d, _ := parseSeconds(text) // what makes no sense says nothing
			return d
		}
	}
	return a.Seconds("Expires")
}

// sameAddress reports whether two addresses lead to one place.
func sameAddress(a, b sip.Uri) bool {
	return a.User == b.User && strings.EqualFold(a.Host, b.Host) && a.Port == b.Port
}

// await sends a request, and waits for its final response.
func (s *Stack) await(ctx context.Context, f flow, req *sip.Request) (*sip.Response, error) {
	heard := make(chan outcome, 1)
	tx, err := s.send(ctx, f, req, listener{
		response: func(res *sip.Response) {
			if !res.IsProvisional() {
				heard <- outcome{response: res}
			}
		},
		lost: func(err error) { heard <- outcome{err: err} },
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &fault.Error{Code: fault.Unavailable, Message: "no request can be sent to " + f.peer.String(), Err: err}
	}
	defer tx.Terminate()
	select {
	case h := <-heard:
		switch {
		case h.err == nil:
			return h.response, nil
		case errors.Is(h.err, sip.ErrTransactionTimeout):
			return nil, fault.Newf(fault.Unavailable, "%s does not answer", f.peer)
		}
		return nil, &fault.Error{Code: fault.Unavailable, Message: "the way to " + f.peer.String() + " is gone", Err: h.err}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// outcome is what comes of a request: its final response, or why there is none.
type outcome struct {
	response *sip.Response
	err      error
}
