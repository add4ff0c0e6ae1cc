package dialog

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/test/await"
)

// wiretap is a connection that keeps the statuses of what is written to it.
type wiretap struct {
	mu   sync.Mutex
	sent []int
	tags []string // of To, each once
}

func (w *wiretap) WriteMsg(msg sip.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	response, ok := msg.(*sip.Response)
	if !ok {
		return errors.New("a request")
	}
	w.sent = append(w.sent, response.StatusCode)
	if tag, ok := response.To().Params.Get("tag"); ok && !slices.Contains(w.tags, tag) {
		w.tags = append(w.tags, tag)
	}
	return nil
}

func (w *wiretap) LocalAddr() net.Addr    { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5060} }
func (w *wiretap) Ref(int) int            { return 1 }
func (w *wiretap) TryClose() (int, error) { return 1, nil }
func (w *wiretap) Close() error           { return nil }

// taken returns what was sent since the last time.
func (w *wiretap) taken() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := w.sent
	w.sent = nil
	return sent
}

// aRequest returns a request of a caller on UDP.
func aRequest(t *testing.T, method string) *sip.Request {
	t.Helper()
	msg, err := sip.NewParser().ParseSIP([]byte(strings.ReplaceAll(method+` sip:1000@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1
From: <sip:2000@192.0.2.9>;tag=caller
To: <sip:1000@192.0.2.1>
Call-ID: one
CSeq: 1 `+method+`
Max-Forwards: 70
Content-Length: 0

`, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	request, ok := msg.(*sip.Request)
	if !ok {
		t.Fatalf("it is a %T", msg)
	}
	request.SetTransport("UDP")
	return request
}

// aTransaction returns the transaction of an INVITE whose responses have the tag
// "us".
func aTransaction(t *testing.T) (tx *sip.ServerTx, respond func(status int) error, wire *wiretap) {
	t.Helper()
	wire = &wiretap{}
	invite := aRequest(t, "INVITE")
	invite.To().Params.Add("tag", "us")
	tx = sip.NewServerTx("one", invite, wire, slog.New(slog.DiscardHandler))
	if err := tx.Init(); err != nil {
		t.Fatal(err)
	}
	return tx, func(status int) error { return tx.Respond(sip.NewResponseFromRequest(invite, status, "", nil)) }, wire
}

// What crossed makes up for is in sipgo: a test that fails here means that it no
// longer has to.
func TestSipgoRepeatsTheResponseThatCrossedACANCEL(t *testing.T) {
	for name, replaced := range map[string]bool{"as it is": false, "replaced": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tx, respond, wire := aTransaction(t)
				defer tx.Terminate()
				if err := respond(180); err != nil {
					t.Fatal(err)
				}
				if err := tx.Receive(aRequest(t, "CANCEL")); err != nil {
					t.Fatal(err)
				}
				if err := respond(200); !errors.Is(err, sip.ErrTransactionCanceled) {
					t.Errorf("the 2xx that comes too late: %v", err)
				}
				want := 200
				if replaced {
					want = 487
					_ = respond(487) // the error is that of the 2xx
				}
				if diff := cmp.Diff([]int{180, 487}, wire.taken()); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
				pass(sip.Timer_G)
				if diff := cmp.Diff([]int{want}, wire.taken()); diff != "" {
					t.Errorf("sent again (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"us"}, wire.tags); diff != "" {
					t.Errorf("tags (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What the machines repeat themselves, and what they leave to sipgo.
func TestSipgoRepeatsProvisionalResponsesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tx, respond, wire := aTransaction(t)
		defer tx.Terminate()
		again := func() {
			if err := tx.Receive(aRequest(t, "INVITE")); err != nil {
				t.Fatal(err)
			}
		}
		_ = respond(100)
		again()
		_ = respond(180)
		again()
		_ = respond(200)
		again()
		pass(10 * sec)
		if diff := cmp.Diff([]int{100, 100, 180, 180, 200}, wire.taken()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		_ = respond(200)
		if diff := cmp.Diff([]int{200}, wire.taken()); diff != "" {
			t.Errorf("a 2xx of ours again (-want +got):\n%s", diff)
		}
	})
}

// pass lets the time of a bubble pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// A caller whose network loses our 200 sends its CANCEL again.
func TestSipgoAnswersEachCANCEL(t *testing.T) {
	agent, err := sipgo.NewUA()
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	server, err := sipgo.NewServer(agent)
	if err != nil {
		t.Fatal(err)
	}
	server.OnInvite(func(invite *sip.Request, tx sip.ServerTransaction) {
		invite.To().Params.Add("tag", "us")
		_ = tx.Respond(sip.NewResponseFromRequest(invite, 180, "", nil))
		select {
		case <-tx.Done():
		case <-t.Context().Done():
		}
	})
	ours, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.ServeUDP(ours) }()
	defer ours.Close()
	caller, err := net.DialUDP("udp", nil, ours.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()

	send := func(method string) {
		request := aRequest(t, method)
		request.Via().Params.Add("rport", "")
		if _, err := caller.Write([]byte(request.String())); err != nil {
			t.Fatal(err)
		}
	}
	// next returns the next response but for the 487 again, which sipgo repeats
	// until its ACK.
	rejected := false
	next := func() string {
		for b := make([]byte, 4096); ; {
			_ = caller.SetReadDeadline(time.Now().Add(await.Limit))
			n, err := caller.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			msg, err := sip.NewParser().ParseSIP(b[:n])
			if err != nil {
				t.Fatal(err)
			}
			response, ok := msg.(*sip.Response)
			if !ok {
				t.Fatalf("a %T came", msg)
			}
			if response.StatusCode != 487 || !rejected {
				rejected = rejected || response.StatusCode == 487
				return fmt.Sprint(response.StatusCode, " to ", response.CSeq().MethodName)
			}
		}
	}
	send("INVITE")
	got := []string{next()}
	send("CANCEL")
	got = append(got, next(), next())
	for range 2 {
		send("CANCEL")
		got = append(got, next())
	}
	if diff := cmp.Diff([]string{"180 to INVITE", "200 to CANCEL", "487 to INVITE", "200 to CANCEL", "200 to CANCEL"}, got); diff != "" {
		t.Errorf("responses (-want +got):\n%s", diff)
	}
}
