package dialog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/test/await"
)

// bursts is how often each test sends what arrives together: an order that is left
// to chance is wrong in some of them.
const bursts = 300

// patient starts a phone that repeats nothing: on a busy machine that would come
// between what these tests wait for.
func patient(t *testing.T, network string) *station {
	sip.SetTimers(time.Minute, time.Minute, time.Minute)
	t.Cleanup(func() { sip.SetTimers(500*time.Millisecond, 4*time.Second, 5*time.Second) })
	return startStation(t, network, func(p *station) { p.timing = timing{t1: time.Minute, t2: time.Minute} })
}

// burst sends messages so that they arrive at once: over TCP in one piece.
func (p *peer) burst(texts ...string) {
	p.t.Helper()
	if p.stream != nil {
		texts = []string{strings.Join(texts, "")}
	}
	for _, text := range texts {
		p.send(text)
	}
}

// atNumber gives a request of a peer another CSeq.
func atNumber(text string, seq int) string {
	return strings.Replace(text, "CSeq: 1 ", fmt.Sprintf("CSeq: %d ", seq), 1)
}

// keyed returns an INFO within a dialog.
func keyed(id identity, key string, seq int) string {
	return strings.NewReplacer(body(typeDTMF, key)...).Replace(atNumber(within(id, "INFO"), seq))
}

// converse calls a station, which answers, and returns the dialog and the text of its
// ACK, which is still to be sent.
func (p *peer) converse(bob *station) (id identity, ack string, call *handset) {
	p.t.Helper()
	p.send(message("INVITE", body("application/sdp", offer)...))
	call = bob.next()
	call.Answer(ours(5000))
	id, ack = p.dialog()
	call.expect("agreed PCMU/8000 sendrecv to 40000", "dialog.Answered{}")
	return id, ack, call
}

// dialog waits for the 200 to an INVITE, and returns the dialog that it makes, with
// the text of its ACK.
func (p *peer) dialog() (id identity, ack string) {
	p.t.Helper()
	res := p.answer()
	for res.IsProvisional() {
		res = p.answer()
	}
	from, _ := res.From().Params.Get("tag")
	id = identity{callID: res.CallID().Value(), local: tagOf(res), remote: from}
	return id, within(id, "ACK")
}

// answersInOrder waits for responses with the status 200 to requests of these CSeqs.
func (p *peer) answersInOrder(seqs ...int) {
	p.t.Helper()
	for _, seq := range seqs {
		if res := p.answer(); res.StatusCode != 200 || int(res.CSeq().SeqNo) != seq {
			p.t.Fatalf("got %s to %s in place of 200 to %d", res.StartLine(), res.CSeq().Value(), seq)
		}
	}
}

func TestRequestsThatArriveTogetherAreTakenInOrder(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			bob := patient(t, network)
			p := reach(t, bob.Stack, 0)
			id, ack, call := p.converse(bob)
			p.send(ack)
			for i := range bursts {
				seq := 2 + 3*i
				p.burst(keyed(id, "1", seq), atNumber(within(id, "UPDATE"), seq+1), keyed(id, "2", seq+2))
				p.answersInOrder(seq, seq+1, seq+2)
				call.expect("key 1", "key 2")
			}
		})
	}
}

func TestBYERightBehindAnACKAndAKeyEndsTheCallLast(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			bob := patient(t, network)
			p := reach(t, bob.Stack, 0)
			for range bursts {
				id, ack, call := p.converse(bob)
				p.burst(ack, keyed(id, "5", 2), atNumber(within(id, "BYE"), 3))
				p.answersInOrder(2, 3)
				call.expect("key 5", "ended normal by them")
			}
		})
	}
}

func TestCANCELRightBehindItsINVITEFindsIt(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			bob := patient(t, network)
			p := reach(t, bob.Stack, 0)
			for range bursts {
				invite := message("INVITE")
				p.burst(invite, strings.ReplaceAll(invite, "INVITE", "CANCEL"))
				for got := map[sip.RequestMethod]int{}; len(got) < 2; {
					res := p.answer()
					if res.IsProvisional() {
						continue
					}
					got[res.CSeq().MethodName] = res.StatusCode
					if want := map[sip.RequestMethod]int{sip.INVITE: 487, sip.CANCEL: 200}[res.CSeq().MethodName]; res.StatusCode != want {
						t.Fatalf("the %s got %s", res.CSeq().MethodName, res.StartLine())
					}
					if res.CSeq().MethodName == sip.INVITE {
						p.send(strings.NewReplacer("INVITE", "ACK", "To: <sip:500@127.0.0.1>", "To: "+res.To().Value()).Replace(invite))
					}
				}
				bob.next().expect("ended normal 487 by them")
			}
		})
	}
}

// calledBy has a station call a peer, by the connection of the peer.
func (p *peer) calledBy(alice *station) (call *handset, invite *sip.Request) {
	p.t.Helper()
	target := alice.uri("100")
	target.Port = int(addressOf(p.LocalAddr()).Port())
	return alice.dial(target), p.request()
}

// theirs returns a request of a peer within the dialog of an INVITE to it, with this
// CSeq.
func (p *peer) theirs(invite *sip.Request, method sip.RequestMethod, seq uint32) *sip.Request {
	req := p.within("answers", invite, method)
	req.CSeq().SeqNo = seq
	req.SetBody(nil) // says so: TCP needs the length
	return req
}

// takesACK waits for the ACK of an answer.
func (p *peer) takesACK() {
	p.t.Helper()
	if req := p.request(); req.Method != sip.ACK {
		p.t.Fatalf("got %s in place of an ACK", req.StartLine())
	}
}

func TestResponsesAndABYEThatArriveTogetherAreToldInOrder(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			alice := patient(t, network)
			p := reach(t, alice.Stack, 0)
			p.answered() // so its connection has been accepted
			for range bursts {
				a, invite := p.calledBy(alice)
				p.burst(p.answering("answers", invite, 180), p.answering("answers", invite, 183),
					p.answering("answers", invite, 200), p.theirs(invite, sip.BYE, 1).String())
				a.expect("early: agreed PCMU/8000 sendrecv to 40000", "dialog.Ringing{}",
					"agreed PCMU/8000 sendrecv to 40000", "dialog.Answered{}", "ended normal by them")
				p.takesACK()
				p.answersInOrder(1)
			}
		})
	}
}

func TestNOTIFYRightBehindTheResponseToREFERIsTakenAfterIt(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			alice := patient(t, network)
			p := reach(t, alice.Stack, 0)
			p.answered() // so its connection has been accepted
			a, invite := p.calledBy(alice)
			p.answerAs("answers", invite, 200)
			p.takesACK()
			a.expect("agreed PCMU/8000 sendrecv to 40000", "dialog.Answered{}")
			reports := func(seq uint32, state, line string) string {
				req := p.theirs(invite, sip.NOTIFY, seq)
				req.AppendHeader(sip.NewHeader("Event", "refer"))
				req.AppendHeader(sip.NewHeader("Subscription-State", state))
				req.RemoveHeader("Content-Length")
				setBody(req, "message/sipfrag", []byte(line))
				return req.String()
			}
			for i := range bursts {
				a.Transfer(Target{URI: alice.uri("200")})
				refer, seq := p.request(), uint32(2*i+1)
				taken := sip.NewResponseFromRequest(refer, 202, "Accepted", nil)
				p.burst(taken.String(), reports(seq, "active;expires=60", "SIP/2.0 100 Trying"),
					reports(seq+1, "terminated;reason=noresource", "SIP/2.0 200 OK"))
				p.answersInOrder(int(seq), int(seq+1))
				a.expect("dialog.TransferProgress{100}", "dialog.Transferred{200}")
			}
			a.Hangup(engine.Normal)
		})
	}
}

func TestRequestThatWasSentTooLateIsRefused(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			bob := patient(t, network)
			p := reach(t, bob.Stack, 0)
			id, ack, call := p.converse(bob)
			p.burst(ack, keyed(id, "2", 3), keyed(id, "1", 2))
			p.answersInOrder(3)
			if res := p.answer(); res.StatusCode != 500 || res.CSeq().SeqNo != 2 {
				t.Errorf("the lower CSeq got %s", res.StartLine())
			}
			call.expect("key 2")
		})
	}
}

// stuck is a stack with a call of which one message is being taken, and goes on being
// taken until release.
func stuck(t *testing.T, network string) (s *Stack, id identity, taken <-chan *sip.Request, release func()) {
	held, all := make(chan struct{}), make(chan *sip.Request, 2*maxWaiting)
	s = serve(t, Config{Listen: []Listen{on(network, "127.0.0.1")}, Trusted: everyone}, nil)
	id = identity{callID: fmt.Sprint("stuck-", serial.Add(1)), local: "ours", remote: "theirs"}
	s.dialogs.add(id, func(req *sip.Request, tx sip.ServerTransaction) {
		all <- req
		<-held
		_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil)) // the peer waits for it
	})
	return s, id, all, func() { close(held) }
}

func TestCallThatTakesNothingHoldsUpNoOther(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			s, id, taken, release := stuck(t, network)
			p := reach(t, s, 0)
			for seq := range 10 {
				p.send(atNumber(within(id, "INFO"), seq+1))
			}
			await.From(t, "the first message", taken)
			p.answered()
			release()
			p.answersInOrder(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
		})
	}
}

// One who sends and sends while the call waits has the rest dropped, and nothing of it
// stays: what is sent again later is taken.
func TestSoManyMessagesOfACallMayWait(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			s, id, taken, release := stuck(t, network)
			p := reach(t, s, 0)
			for seq := range 1 + maxWaiting + 5 {
				p.send(atNumber(within(id, "INFO"), seq+1))
			}
			await.From(t, "the first message", taken)
			p.answered() // so all has been read
			if n := s.Counts().Dropped[Backlog]; n != 5 {
				t.Errorf("%d were dropped, want 5", n)
			}
			release()
			for seq := range 1 + maxWaiting {
				p.answersInOrder(seq + 1)
			}
			p.send(atNumber(within(id, "INFO"), 1000))
			p.answersInOrder(1000)
			s.leftNoneWaiting(t)
		})
	}
}

// leftNoneWaiting waits until no message of any call waits.
func (s *Stack) leftNoneWaiting(t *testing.T) {
	t.Helper()
	await.That(t, "no message that waits", func() bool {
		s.queues.mu.Lock()
		defer s.queues.mu.Unlock()
		return len(s.queues.waiting) == 0
	})
}

// What sipgo keeps to itself, and what nobody wants, ends the turn of a call as well.
func TestWhatNobodyTakesLeavesNothingBehind(t *testing.T) {
	bob := startStation(t, UDP)
	p := reach(t, bob.Stack, 0)
	id, ack, call := p.converse(bob)
	key := keyed(id, "1", 2)
	p.burst(ack, key, ack, key, within(identity{id.callID, "nobody's", id.remote}, "ACK"),
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnone\r\nCSeq: 1 BYE\r\nCall-ID: "+id.callID+"\r\nContent-Length: 0\r\n\r\n",
		keyed(id, "2", 3), atNumber(within(id, "BYE"), 4))
	call.expect("key 1", "key 2", "ended normal by them")
	bob.leftNothing(t)
	bob.leftNoneWaiting(t)
}
