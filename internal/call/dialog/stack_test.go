package dialog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/test/await"
)

// everyone trusts all that send.
func everyone(netip.Addr) bool { return true }

// on is a Listen at a free port.
func on(network, ip string) Listen {
	return Listen{Network: network, Address: netip.AddrPortFrom(netip.MustParseAddr(ip), 0)}
}

// everyWay are the Listens of all networks and families.
func everyWay() []Listen {
	return []Listen{on(UDP, "127.0.0.1"), on(TCP, "127.0.0.1"), on(TLS, "127.0.0.1"), on(UDP, "::1"), on(TCP, "::1"), on(TLS, "::1")}
}

// serve runs a stack until the test ends. Unless the test has another handler,
// INVITEs are turned down with 603.
func serve(t testing.TB, c Config, invite requestHandler) *Stack {
	t.Helper()
	s := opening(t, c, invite)
	run(t, s)
	return s
}

// opening returns a stack that does not run yet. Its handler may wait: it has a
// goroutine of its own.
func opening(t testing.TB, c Config, invite requestHandler) *Stack {
	t.Helper()
	if c.Listen == nil {
		c.Listen = []Listen{on(UDP, "127.0.0.1")}
	}
	c.ServeTLS, c.DialTLS = certificates()
	if invite == nil {
		invite = decline
	}
	s, err := newStack(c, func(req *sip.Request, tx sip.ServerTransaction) { go invite(req, tx) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a stack until the test ends, or until stop is called.
func run(t testing.TB, s *Stack) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- s.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := await.From(t, "an end of the stack", over); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// decline turns a call down and forgets it.
func decline(req *sip.Request, tx sip.ServerTransaction) {
	_ = tx.Respond(sip.NewResponseFromRequest(req, 603, "Decline", nil)) // the peer sees whether it was sent
	tx.Terminate()
}

// sends sends a request of ours, and returns what will have its responses.
func sends(t *testing.T, s *Stack, f flow, req *sip.Request) (responses <-chan *sip.Response) {
	t.Helper()
	heard := make(chan *sip.Response, 100)
	_, err := s.send(await.Context(t), f, req, listener{response: func(res *sip.Response) { heard <- res }, lost: func(error) {}})
	if err != nil {
		t.Error(err) // some call it on other goroutines
	}
	return heard
}

// certificates returns both sides of TLS for 127.0.0.1 and [::1], once.
var certificates = sync.OnceValues(func() (server, client *tls.Config) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	client = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.NextProtos = nil
	return &tls.Config{Certificates: s.TLS.Certificates}, client
})

// peer is the other side, on a socket of its own.
type peer struct {
	t testing.TB
	net.Conn
	stream *sip.ParserStream // nil over UDP
	buffer []byte
	read   []sip.Message // and not yet asked for
}

// reach connects a peer to the i-th Listen of a stack.
func reach(t testing.TB, s *Stack, i int) *peer {
	t.Helper()
	l := s.Addresses()[i]
	conn, err := dial(l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return newPeer(t, conn, l.Network)
}

func dial(l Listen) (net.Conn, error) {
	if l.Network == TLS {
		_, client := certificates()
		return tls.Dial("tcp", l.Address.String(), client)
	}
	return net.Dial(l.Network, l.Address.String())
}

func newPeer(t testing.TB, conn net.Conn, network string) *peer {
	p := &peer{t: t, Conn: conn}
	if network != UDP {
		p.stream = sip.NewParser().NewSIPStream()
	}
	return p
}

// send sends text as it is.
func (p *peer) send(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.Conn, text); err != nil {
		p.t.Fatal(err)
	}
}

// next waits for the next message.
func (p *peer) next() sip.Message {
	p.t.Helper()
	for len(p.read) == 0 {
		if err := p.fetch(); err != nil {
			p.t.Fatalf("read the next message: %v", err)
		}
	}
	m := p.read[0]
	p.read = p.read[1:]
	return m
}

func (p *peer) fetch() error {
	if err := p.SetReadDeadline(time.Now().Add(await.Limit)); err != nil {
		return err
	}
	if p.buffer == nil {
		p.buffer = make([]byte, maxDatagram)
	}
	n, err := p.Read(p.buffer)
	if err != nil {
		return err
	}
	if p.stream == nil {
		m, err := sip.ParseMessage(p.buffer[:n])
		p.read = append(p.read, m)
		return err
	}
	err = p.stream.ParseSIPStream(p.buffer[:n], func(m sip.Message) { p.read = append(p.read, m) })
	if errors.Is(err, sip.ErrParseSipPartial) {
		return nil
	}
	return err
}

// answer waits for the next response.
func (p *peer) answer() *sip.Response {
	p.t.Helper()
	m, ok := p.next().(*sip.Response)
	if !ok {
		p.t.Fatalf("a request came in place of a response")
	}
	return m
}

// request waits for the next request.
func (p *peer) request() *sip.Request {
	p.t.Helper()
	m, ok := p.next().(*sip.Request)
	if !ok {
		p.t.Fatalf("a response came in place of a request")
	}
	return m
}

// ask sends text and waits for the response.
func (p *peer) ask(text string) *sip.Response {
	p.t.Helper()
	p.send(text)
	return p.answer()
}

// answered says that the stack is well: it answers OPTIONS with 200.
func (p *peer) answered() {
	p.t.Helper()
	text := message("OPTIONS")
	res := p.ask(text)
	if res.StatusCode != 200 || !strings.Contains(text, "Call-ID: "+res.CallID().Value()+"\r\n") {
		p.t.Fatalf("OPTIONS was answered by %s of %s", res.StartLine(), res.CallID())
	}
}

var serial atomic.Int64

// message returns a request of its own transaction and call. Each change is a
// pair: what stands there, and what does instead.
func message(method string, changes ...string) string {
	n := serial.Add(1)
	text := fmt.Sprintf("%[1]s sip:500@127.0.0.1 SIP/2.0\r\n"+
		"Via: SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK-%[2]d;rport\r\n"+
		"Max-Forwards: 70\r\n"+
		"From: <sip:2125550100@127.0.0.1>;tag=from-%[2]d\r\n"+
		"To: <sip:500@127.0.0.1>\r\n"+
		"Call-ID: call-%[2]d\r\n"+
		"CSeq: 1 %[1]s\r\n"+
		"Contact: <sip:2125550100@127.0.0.1:5999>\r\n"+
		"Content-Length: 0\r\n\r\n", method, n)
	return strings.NewReplacer(changes...).Replace(text)
}

// with adds a header field to a message.
func with(field string) []string {
	return []string{"Max-Forwards: 70\r\n", "Max-Forwards: 70\r\n" + field + "\r\n"}
}

// body gives a message a body.
func body(kind, text string) []string {
	return []string{"Content-Length: 0\r\n\r\n", fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(text), text)}
}

// offer is a session description of the other side.
const offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"

// gone waits for the end of the connection, and reports whether nothing came
// before.
func (p *peer) gone() bool {
	p.t.Helper()
	return p.fetch() != nil && len(p.read) == 0
}

// heard reports whether something has come.
func (p *peer) heard() bool {
	p.t.Helper()
	if err := p.SetReadDeadline(time.Now()); err != nil {
		p.t.Fatal(err)
	}
	n, _ := p.Read(make([]byte, maxDatagram)) // an error: nothing has
	return n > 0
}
