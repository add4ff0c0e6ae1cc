package dialog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

// question asks a peer to register us.
func question(p *peer) Request {
	hop := Hop{Network: UDP, Address: addressOf(p.LocalAddr())}
	us := Party{Address: uriOf("sip:2005@carrier.example")}
	return Request{
		Method: sip.REGISTER, Target: uriOf("sip:carrier.example"), Hop: hop, From: us, To: us, Contact: "2005",
		Header: []sip.Header{sip.NewHeader("Expires", "600")},
	}
}

// asking is what came of a request.
type asking struct {
	answer Answer
	err    error
}

// known is the account that the guards of these tests know.
var known = Account{ourAccount.user, ourAccount.password}

// begin asks.
func begin(ctx context.Context, c *Client, r Request) <-chan asking {
	done := make(chan asking, 1)
	go func() {
		a, err := c.Ask(ctx, r)
		done <- asking{a, err}
	}()
	return done
}

// status waits for what came of a request, and returns its status.
func status(t *testing.T, done <-chan asking) int {
	t.Helper()
	a := await.From(t, "an answer", done)
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a.answer.StatusCode
}

// challenging is what a guard's challenges look like.
func challenging(nonce string, more ...string) string {
	return `WWW-Authenticate: Digest realm="carrier", qop="auth", nonce="` + nonce + `"` + strings.Join(more, "")
}

func TestRequestsOutsideOfCallsAreWholeAndCountUp(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	c := s.Client(Account{})
	var callIDs []string
	for i := range 2 {
		done := begin(await.Context(t), c, question(p))
		req := p.request()
		ours := s.Addresses()[0].Address
		got := []string{
			req.StartLine(), req.From().Address.String(), req.To().Value(), req.Contact().Address.String(), req.CSeq().Value(),
			valueOf(req, "Expires"), valueOf(req, "Max-Forwards"), valueOf(req, "Content-Length"), fmt.Sprintf("%s:%d", req.Via().Host, req.Via().Port),
		}
		want := []string{
			"REGISTER sip:carrier.example SIP/2.0", "sip:2005@carrier.example", "<sip:2005@carrier.example>",
			fmt.Sprintf("sip:2005@%s", ours), fmt.Sprintf("%d REGISTER", i+1), "600", "70", "0", ours.String(),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		callIDs = append(callIDs, req.CallID().Value())
		p.respond(req, 100, "")
		p.respond(req, 200, "theirs")
		a := await.From(t, "an answer", done)
		if a.err != nil || a.answer.StatusCode != 200 || a.answer.Contact.String() != req.Contact().Address.String() {
			t.Errorf("the answer is %+v", a)
		}
	}
	if len(slices.Compact(callIDs)) != 1 {
		t.Errorf("the Call-IDs are %v", callIDs)
	}
}

// A registrar challenges, then calls the nonce stale although the password is right,
// and then lets us in. The next registration has credentials from the start.
func TestStaleNonceIsAnsweredOnce(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	c := s.Client(known)
	done := begin(await.Context(t), c, question(p))
	req := p.request()
	if req.GetHeader("Authorization") != nil {
		t.Error("the first request has credentials that nobody asked for")
	}
	for _, challenge := range []string{challenging("1"), challenging("2", ", stale=true")} {
		p.respond(req, 401, "theirs", challenge)
		req = p.request()
		if broken := unlikeAnswer(valueOf(req, "Authorization"), challengesOf(authResponse(401, challenge))[0], req); broken != "" {
			t.Error(broken)
		}
	}
	if seq := req.CSeq().SeqNo; seq != 3 {
		t.Errorf("the third request has the CSeq %d", seq)
	}
	p.respond(req, 200, "theirs")
	if got := status(t, done); got != 200 {
		t.Error(got)
	}
	done = begin(await.Context(t), c, question(p))
	req = p.request()
	if !strings.Contains(valueOf(req, "Authorization"), `nc=00000002`) {
		t.Errorf("the next registration has the credentials %q", valueOf(req, "Authorization"))
	}
	p.respond(req, 200, "theirs")
	status(t, done)
}

func TestChallengesAreNoLoop(t *testing.T) {
	for _, c := range []struct {
		name       string
		challenges []string
		sent       int
	}{
		{"the password is wrong", []string{challenging("1"), challenging("2")}, 2},
		{"each nonce is stale", []string{challenging("1"), challenging("2", ", stale=true"), challenging("3", ", stale=true")}, 3},
		{"the same nonce is stale", []string{challenging("1"), challenging("1", ", stale=true")}, 2},
		{"no challenge", []string{"X-None: 1"}, 1},
		{"one that cannot be answered", []string{`WWW-Authenticate: Bearer realm="carrier"`}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, Config{}, nil)
			p := reach(t, s, 0)
			done := begin(await.Context(t), s.Client(known), question(p))
			for i := range c.sent {
				p.respond(p.request(), 401, "theirs", c.challenges[i])
			}
			if got := status(t, done); got != 401 {
				t.Errorf("the answer is %d", got)
			}
		})
	}
}

func TestUnansweredRequestsEndWithTheirContext(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(await.Context(t))
	done := begin(ctx, s.Client(Account{}), question(p))
	p.request()
	cancel(late)
	if a := await.From(t, "an end", done); !errors.Is(a.err, late) {
		t.Errorf("it ends with %v", a.err)
	}
}

func TestRequestsThatCannotBeSentAreUnavailable(t *testing.T) {
	s := serve(t, Config{Listen: []Listen{on(UDP, "127.0.0.1"), on(TCP, "127.0.0.1")}}, nil)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	for _, hop := range []Hop{
		{Network: UDP, Address: netip.MustParseAddrPort("[::1]:5060")},
		{Network: TCP, Address: addressOf(nobody.Addr())},
		{Network: TLS, Address: addressOf(nobody.Addr()), Name: "carrier.example"},
	} {
		r := question(reach(t, s, 0))
		r.Hop = hop
		_, err := s.Client(Account{}).Ask(await.Context(t), r)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != fault.Unavailable {
			t.Errorf("over %s: %v", hop.Network, err)
		}
	}
}

// Of the servers of a carrier each shows the certificate of the carrier's name.
func TestCertificateIsForTheNameOfTheServer(t *testing.T) {
	server, _ := certificates()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).Handshake() // the client sees whether it failed
			accepted <- conn
		}
	}()
	s := serve(t, Config{Listen: []Listen{on(TLS, "127.0.0.1")}}, nil)
	r := Request{Method: sip.OPTIONS, Target: uriOf("sip:carrier.example"), Hop: Hop{Network: TLS, Address: addressOf(listener.Addr())}}
	client := s.Client(Account{})

	r.Hop.Name = "carrier.example"
	if _, err := client.Ask(await.Context(t), r); err == nil || !strings.Contains(err.Error(), "carrier.example") {
		t.Errorf("the certificate of another name is taken: %v", err)
	}
	_ = await.From(t, "a connection", accepted).Close()

	r.Hop.Name = "example.com" // as the certificate of httptest says
	done := begin(await.Context(t), client, r)
	p := newPeer(t, await.From(t, "a connection", accepted), TLS)
	defer func() { _ = p.Close() }()
	p.respond(p.request(), 200, "theirs")
	status(t, done)
	done = begin(await.Context(t), client, r)
	p.respond(p.request(), 200, "theirs") // over the same connection
	status(t, done)
}

func TestRegistrationLastsAsLongAsItsAnswerSays(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	c := s.Client(Account{})
	ours := "<sip:2005@" + s.Addresses()[0].Address.String() + ">"
	for _, test := range []struct {
		name   string
		fields []string
		want   time.Duration
	}{
		{"it says nothing", nil, 0},
		{"Expires", []string{"Expires: 60"}, time.Minute},
		{"of our Contact", []string{"Expires: 60", "Contact: " + ours + ";expires=90"}, 90 * time.Second},
		{"of ours among others", []string{"Contact: <sip:2005@192.0.2.1>;expires=17, " + ours + `;q=0.5;Expires=90`}, 90 * time.Second},
		{"of the only one, as they see us", []string{"Contact: <sip:2005@192.0.2.1:1024>;expires=90"}, 90 * time.Second},
		{"of others alone", []string{"Expires: 60", "Contact: <sip:2005@192.0.2.1>;expires=17", "Contact: <sip:2005@192.0.2.2>;expires=18"}, time.Minute},
		{"ours without a time", []string{"Expires: 60", "Contact: " + ours}, time.Minute},
		{"nonsense", []string{"Expires: soon", "Contact: " + ours + ";expires=never"}, 0},
	} {
		done := begin(await.Context(t), c, question(p))
		p.respond(p.request(), 200, "theirs", test.fields...)
		a := await.From(t, "an answer", done)
		if got := a.answer.Expiry(); a.err != nil || got != test.want {
			t.Errorf("%s: %v, %v", test.name, got, a.err)
		}
	}
}
