package server_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// drainSIP starts a Core for calls over SIP, and on-call.
func drainSIP(t *testing.T, drain string, o server.Options) *phoneSystem {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "rota.toml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return startCoreIn(t, sipSettings(t, folder, map[string]string{
		"core.drain": drain, "oncall.secret": onCallSecretOfDrain, "oncall.fallback": "+31612345678",
		"oncall.source.0.kind": "file", "oncall.source.0.path": "rota.toml",
	}), o)
}

func TestCallsOverSIPGoOnDuringAStop(t *testing.T) {
	var log safeLog
	m := newManager(t)
	s := drainSIP(t, "2h", server.Options{Manager: m.Manager, Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.lead(t, responderSaying(t, `<Gather numDigits="1" timeout="600" action="http://`+s.Address()+`/oncall?secret_key=`+onCallSecretOfDrain+`"/>`))
	phone := s.telephone(t)
	call := phone.call("2125551212")
	handset.Expect[dialog.Answered](call)
	s.stop()
	m.isTold("EXTEND_TIMEOUT_USEC=")
	if ended := handset.Expect[softphone.Ended](phone.call("2125551212")); ended.Status != http.StatusServiceUnavailable || ended.Retry == 0 {
		t.Errorf("a new call ended as %+v, want 503 and when to try again", ended.Ended)
	}
	if _, err := call.Press("1", softphone.ByEvents); err != nil {
		t.Fatal(err)
	}
	await.That(t, "the next document, of this very server", func() bool {
		return strings.Contains(log.String(), "msg=request route=oncall method=GET status=200")
	})
	call.Hangup()
	handset.Expect[softphone.Ended](call)
	s.hasStopped(t)
}

func TestCallsOverSIPThatOutlastTheDrainAreHungUp(t *testing.T) {
	var log safeLog
	s := drainSIP(t, "500ms", server.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	asked, left := make(chan struct{}, 2), make(chan struct{})
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		if len(asked) == 2 { // the second caller hears nothing
			select {
			case <-r.Context().Done():
			case <-left:
			}
			return
		}
		_, _ = io.WriteString(w, `<Echo/>`)
	}))
	t.Cleanup(program.Close)
	t.Cleanup(func() { close(left) })
	s.lead(t, program.URL+"/")
	phone := s.telephone(t)
	answered := phone.call("2125551212")
	handset.Expect[dialog.Answered](answered)
	ringing := phone.call("2125551212")
	await.That(t, "the question of the second call", func() bool { return len(asked) == 2 })
	s.stop()
	if ended := handset.Expect[softphone.Ended](answered); ended.Cause != engine.Overloaded || !ended.Theirs || ended.Status != 0 {
		t.Errorf("the call that was answered ended as %+v, want a BYE that says why", ended.Ended)
	}
	if ended := handset.Expect[softphone.Ended](ringing); ended.Status != http.StatusServiceUnavailable || ended.Retry == 0 {
		t.Errorf("the call that was not ended as %+v, want 503 and when to try again", ended.Ended)
	}
	s.hasStopped(t)
	if strings.Contains(log.String(), "ends of calls not answered") {
		t.Errorf("the stop did not wait for the last responses:\n%s", log.String())
	}
}

// TestAStopWaitsForALostBYE: a caller to whom nobody repeats it stays in a dead call.
func TestAStopWaitsForALostBYE(t *testing.T) {
	var log safeLog
	s := drainSIP(t, "0s", server.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.lead(t, responderSaying(t, `<Echo/>`))
	p := newPlainPhone(t, s.SIPAddresses()[0].Address)
	p.send("INVITE sip:12125551212@127.0.0.1 SIP/2.0\r\n", "1 INVITE", "",
		"Content-Type: application/sdp\r\n", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")
	answer := p.receives("SIP/2.0 200")
	p.send("ACK sip:12125551212@127.0.0.1 SIP/2.0\r\n", "1 ACK", fieldOf(answer, "To"), "", "")
	s.stop()
	for range 2 { // on their way they get lost
		p.receives("BYE ")
	}
	bye := p.receives("BYE ")
	p.write("SIP/2.0 200 OK\r\n" + fieldOf(bye, "Via") + fieldOf(bye, "From") + fieldOf(bye, "To") + fieldOf(bye, "Call-ID") + fieldOf(bye, "CSeq") + "Content-Length: 0\r\n\r\n")
	s.hasStopped(t)
	if strings.Contains(log.String(), "ends of calls not answered") {
		t.Errorf("the stop did not wait for the BYE that came through:\n%s", log.String())
	}
}

// plainPhone is a phone that does what the test writes.
type plainPhone struct {
	t    *testing.T
	conn *net.UDPConn
}

func newPlainPhone(t *testing.T, to netip.AddrPort) *plainPhone {
	t.Helper()
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &plainPhone{t, conn}
}

// send sends a request of the phone's only call. To is the header field; empty: that
// of its first request.
func (p *plainPhone) send(line, cseq, to, more, body string) {
	p.t.Helper()
	here := p.conn.LocalAddr().String()
	if to == "" {
		to = "To: <sip:12125551212@127.0.0.1>\r\n"
	}
	p.write(line + "Via: SIP/2.0/UDP " + here + ";branch=z9hG4bK" + strings.ReplaceAll(cseq, " ", "") + "\r\nFrom: <sip:2125550100@127.0.0.1>;tag=1\r\n" + to +
		"Call-ID: plain\r\nCSeq: " + cseq + "\r\nContact: <sip:2125550100@" + here + ">\r\nMax-Forwards: 70\r\n" + more +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

func (p *plainPhone) write(message string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(message)); err != nil {
		p.t.Fatal(err)
	}
}

// receives waits for a message that begins so.
func (p *plainPhone) receives(begin string) string {
	p.t.Helper()
	buffer := make([]byte, 4096)
	for {
		if err := p.conn.SetReadDeadline(time.Now().Add(await.Limit)); err != nil {
			p.t.Fatal(err)
		}
		n, err := p.conn.Read(buffer)
		if err != nil {
			p.t.Fatalf("there never was %q: %v", begin, err)
		}
		if message := string(buffer[:n]); strings.HasPrefix(message, begin) {
			return message
		}
	}
}

// fieldOf returns a header field of a message, with its name and the line's end.
func fieldOf(message, name string) string {
	return regexp.MustCompile(`(?m)^` + name + `: .*\r\n`).FindString(message)
}
