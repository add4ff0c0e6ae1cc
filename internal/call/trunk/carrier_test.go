package trunk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/switchhook/switchhook/test/await"
)

// sipServer is one server of a carrier, over UDP and TCP at one port. It answers as
// a test says, but 400 to what a carrier would not take.
type sipServer struct {
	t       *testing.T
	address netip.AddrPort
	answer  func(req *sip.Request) (status int, fields []string)
	closing []io.Closer

	mu    sync.Mutex
	seen  []*sip.Request
	known map[string]uint32 // the last CSeq of each Call-ID
	over  bool
	conns []net.Conn
	run   sync.WaitGroup
}

// startServer starts a server, until the test ends or it is stopped.
func startServer(t *testing.T, answer func(*sip.Request) (int, []string)) *sipServer {
	t.Helper()
	s := &sipServer{t: t, answer: answer, known: make(map[string]uint32)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	packets, err := net.ListenPacket("udp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.address = netip.MustParseAddrPort(listener.Addr().String())
	s.closing = []io.Closer{listener, packets}
	s.run.Go(func() { s.serveUDP(packets) })
	s.run.Go(func() { s.serveTCP(listener) })
	t.Cleanup(s.stop)
	return s
}

// stop stops the server, as a machine that dies.
func (s *sipServer) stop() {
	s.mu.Lock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	if !s.over {
		for _, c := range s.closing {
			_ = c.Close()
		}
	}
	s.over = true
	s.mu.Unlock()
	s.run.Wait()
}

func (s *sipServer) serveUDP(packets net.PacketConn) {
	buffer := make([]byte, 65535)
	for {
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		m, err := sip.ParseMessage(bytes.Clone(buffer[:n]))
		if err != nil {
			s.t.Errorf("a datagram cannot be read: %v", err)
			continue
		}
		s.take(m, "UDP", func(res string) { _, _ = packets.WriteTo([]byte(res), from) })
	}
}

func (s *sipServer) serveTCP(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.over {
			_ = conn.Close()
		}
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.run.Go(func() { s.serveConn(conn) })
	}
}

func (s *sipServer) serveConn(conn net.Conn) {
	stream, buffer := sip.NewParser().NewSIPStream(), make([]byte, 65535)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		err = stream.ParseSIPStream(buffer[:n], func(m sip.Message) {
			s.take(m, "TCP", func(res string) { _, _ = io.WriteString(conn, res) })
		})
		if err != nil && !errors.Is(err, sip.ErrParseSipPartial) {
			s.t.Errorf("a stream cannot be read: %v", err)
		}
	}
}

// take answers a request.
func (s *sipServer) take(m sip.Message, transport string, send func(string)) {
	req, ok := m.(*sip.Request)
	if !ok || req.Method == sip.ACK {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status, fields := 400, []string(nil)
	if wrong := s.wrong(req, transport); wrong != "" {
		s.t.Errorf("%s: %s in\n%s", req.Method, wrong, req)
	} else {
		s.seen = append(s.seen, req)
		status, fields = s.answer(req)
	}
	res := sip.NewResponseFromRequest(req, status, "As the Test Says", nil)
	if to := res.To(); !to.Params.Has("tag") {
		to.Params.Add("tag", "theirs")
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		res.AppendHeader(sip.NewHeader(name, value))
	}
	send(res.String())
}

// wrong returns what a carrier would not take in a request, or "".
func (s *sipServer) wrong(req *sip.Request, transport string) string {
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length"} {
		if len(req.GetHeaders(name)) != 1 {
			return "not one " + name
		}
	}
	branch, _ := req.Via().Params.Get("branch")
	tag, _ := req.From().Params.Get("tag")
	seq, id := req.CSeq(), req.CallID().Value()
	switch {
	case !strings.HasPrefix(branch, "z9hG4bK") || !req.Via().Params.Has("rport"):
		return "a bad Via"
	case req.Via().Transport != transport:
		return "a Via over " + req.Via().Transport
	case tag == "" || req.To().Params.Has("tag"):
		return "a bad tag"
	case seq.MethodName != req.Method || seq.SeqNo <= s.known[id]:
		return fmt.Sprintf("the CSeq %s after %d", seq.Value(), s.known[id])
	case req.Recipient.Host != carrierName || req.Recipient.Port != 0:
		return "another Request-URI"
	case req.GetHeader("Route") != nil:
		return "a Route"
	case (req.Contact() == nil) != (req.Method == sip.OPTIONS):
		return "a Contact where none belongs, or none"
	case req.Method == sip.REGISTER && (req.Recipient.User != "" || len(req.GetHeaders("Expires")) != 1 || req.From().Address.User != "2005"):
		return "a bad registration"
	}
	s.known[id] = seq.SeqNo
	return ""
}

// requests returns what the server has taken.
func (s *sipServer) requests() []*sip.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*sip.Request(nil), s.seen...)
}

// The carrier of these tests, and what it knows us by.
const (
	carrierName = "carrier.test"
	ourUser     = "2005"
	ourPassword = "correct horse"
)

// challengeWith returns a challenge.
func challengeWith(nonce string, stale bool) string {
	return fmt.Sprintf(`WWW-Authenticate: Digest realm="carrier", nonce=%q, algorithm=SHA-256, qop="auth", stale=%t`, nonce, stale)
}

// knowsPassword reports whether a request answers the challenge of a nonce.
func knowsPassword(req *sip.Request, nonce string) bool {
	h := req.GetHeader("Authorization")
	if h == nil {
		return false
	}
	given, err := digest.ParseCredentials(h.Value())
	if err != nil || given.Nonce != nonce {
		return false
	}
	want, err := digest.Digest(&digest.Challenge{Realm: "carrier", Nonce: nonce, Algorithm: "SHA-256", QOP: []string{"auth"}}, digest.Options{
		Method: req.Method.String(), URI: req.Recipient.String(), Count: given.Nc, Cnonce: given.Cnonce, Username: ourUser, Password: ourPassword,
	})
	return err == nil && want.Response == given.Response
}

// dnsServer answers for carrier.test: its SRV records, in the order of priority, lead
// to servers.
func dnsServer(t *testing.T, service string, servers ...*sipServer) *net.Resolver {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		buffer := make([]byte, 1500)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if err := m.Unpack(buffer[:n]); err != nil || len(m.Questions) != 1 {
				t.Errorf("a question cannot be read: %v", err)
				continue
			}
			answerQuestion(&m, service, servers)
			packed, err := m.Pack()
			if err != nil {
				t.Error(err)
			}
			_, _ = packets.WriteTo(packed, from) // who asked asks again
		}
	}()
	t.Cleanup(func() {
		_ = packets.Close()
		<-served
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", packets.LocalAddr().String())
	}}
}

// answerQuestion makes an answer of a question.
func answerQuestion(m *dnsmessage.Message, service string, servers []*sipServer) {
	q := m.Questions[0]
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	add := func(body dnsmessage.ResourceBody) {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}, Body: body})
	}
	switch name := strings.ToLower(q.Name.String()); {
	case name == service+"."+carrierName+".":
		for i, s := range servers {
			if q.Type == dnsmessage.TypeSRV {
				add(&dnsmessage.SRVResource{Priority: uint16(10 * i), Target: dnsmessage.MustNewName(fmt.Sprintf("sip%d.%s.", i, carrierName)), Port: s.address.Port()})
			}
		}
	case strings.HasPrefix(name, "sip") && strings.HasSuffix(name, "."+carrierName+"."):
		if q.Type == dnsmessage.TypeA {
			add(&dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}})
		}
	default:
		m.RCode = dnsmessage.RCodeNameError
	}
}

// waitFor waits until a trunk is as a test wants it.
func waitFor(t *testing.T, tr *Trunk, what string, is func(State) bool) {
	t.Helper()
	await.That(t, what, func() bool { return is(tr.State()) })
}
