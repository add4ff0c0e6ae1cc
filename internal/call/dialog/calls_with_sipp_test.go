package dialog

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/sipp"
)

// soon is for scenarios that wait for the end of what nobody answers.
var soon = timing{t1: 30 * time.Millisecond, t2: 240 * time.Millisecond}

// sippCall is a call between sipp and a phone.
type sippCall struct {
	scenario string
	number   string         // called by sipp: one of programs
	want     []string       // what the phone is told; nil: there is no call
	args     []string       // of sipp, besides the usual
	prepare  func(*station) // optional
	tcp      bool
}

func hurry(p *station)        { p.timing = soon }
func shortSession(p *station) { p.least = time.Second }

var (
	agreed      = "agreed PCMU/8000 sendrecv to 6000"
	up          = []string{agreed, "dialog.Answered{}"}
	endedByThem = "ended normal by them"
	wasHeld     = []string{agreed, "dialog.Answered{}", "agreed PCMU/8000 recvonly to 6000", agreed, endedByThem}
)

func wasUp(more ...string) []string { return append(append([]string{}, up...), more...) }

var sippCalls = []sippCall{
	{scenario: "info", number: "answers", want: wasUp("key 5", "key *", "key #", endedByThem)},
	{scenario: "hold_sendonly", number: "answers", want: wasHeld},
	{scenario: "hold_inactive", number: "answers", want: wasUp("agreed PCMU/8000 inactive to 6000", agreed, endedByThem)},
	{scenario: "hold_zero", number: "answers", want: wasUp("agreed PCMU/8000 recvonly to 0", agreed, endedByThem)},
	{scenario: "late_offer", number: "answers", want: []string{"dialog.Answered{}", agreed, endedByThem}},
	{scenario: "late_offer_unanswered", number: "answers", want: []string{"dialog.Answered{}", "ended failed"}},
	{scenario: "prack_supported", number: "answers_early", want: []string{"early: " + agreed, "dialog.Answered{}", endedByThem}},
	{scenario: "prack_required", number: "answers_early", want: []string{"early: " + agreed, "dialog.Answered{}", endedByThem}},
	{scenario: "prack_missing", number: "answers_early", want: []string{"early: " + agreed, "ended failed 504"}, prepare: hurry},
	{scenario: "update", number: "answers", want: wasHeld},
	{scenario: "update_early", number: "answers_after_change", want: []string{"early: " + agreed, "agreed PCMU/8000 recvonly to 6000", "dialog.Answered{}", endedByThem}},
	{scenario: "timer_uac", number: "answers", want: wasUp("ended failed"), prepare: shortSession},
	{scenario: "timer_uas", number: "answers", want: wasUp("ended failed"), prepare: shortSession},
	{scenario: "timer_uas_invite", number: "answers", want: wasUp("ended failed"), prepare: shortSession},
	{scenario: "timer_short", number: "answers"},
	{scenario: "recodec", number: "answers", want: wasUp("agreed PCMA/8000 sendrecv to 6000", "key 1", endedByThem)},
	{scenario: "glare", number: "holds_once", want: wasUp("agreed PCMU/8000 sendonly to 6000", endedByThem)},
	{scenario: "held_by_us", number: "holds", want: wasUp("agreed PCMU/8000 sendonly to 6000", agreed, endedByThem)},
	{scenario: "overlap", number: "rings", want: []string{"ended normal 487 by them"}},
	{scenario: "cancel", number: "rings", want: []string{"ended elsewhere 487 by them"}},
	{scenario: "cancel_thrice", number: "rings", want: []string{"ended normal 487 by them"}, args: []string{"-nr"}},
	{scenario: "cancel_late", number: "answers", want: wasUp(endedByThem)},
	{scenario: "no_ack", number: "answers", want: wasUp("ended failed"), args: []string{"-nr"}, prepare: hurry},
	{scenario: "no_ack_again", number: "answers", want: wasUp("agreed PCMU/8000 recvonly to 6000", "ended failed"), args: []string{"-nr"}, prepare: hurry},
	{scenario: "late_reoffer", number: "answers", want: wasUp("agreed PCMU/8000 recvonly to 6000", endedByThem)},
	{scenario: "bye_crosses", number: "holds_once", want: wasUp(endedByThem)},
	{scenario: "bye_before_ack", number: "answers", want: wasUp(endedByThem)},
	{scenario: "bye_before_answer", number: "rings", want: []string{"ended normal 487 by them"}},
	{scenario: "lower_cseq", number: "answers", want: wasUp(endedByThem)},
	{scenario: "multipart", number: "answers", want: wasUp(endedByThem)},
	{scenario: "multipart_location", number: "answers", want: wasUp(endedByThem)},
	{scenario: "unended_line", number: "answers", want: []string{"agreed PCMU/8000 recvonly to 6000", "dialog.Answered{}", endedByThem}},
	{scenario: "headers40", number: "answers", want: wasUp(endedByThem), args: []string{"-key", "fold", " "}},
	{scenario: "g729_only", number: "answers", want: []string{"ended failed 488"}},
	{scenario: "ptime30", number: "answers", want: wasUp(agreed, endedByThem)},
	{scenario: "opus_events", number: "answers", want: wasUp(endedByThem)},
	{scenario: "big_udp", number: "answers", want: wasUp(endedByThem)},
	{scenario: "big_tcp", number: "answers", want: wasUp(endedByThem), tcp: true},
	{scenario: "options_within", number: "answers", want: wasUp(endedByThem)},
	{scenario: "refer", number: "takes_transfers", want: wasUp("asked for 200", endedByThem)},
	{scenario: "refer_bye", number: "takes_transfers", want: wasUp("asked for 200", endedByThem)},
	{scenario: "refer_replaces", number: "takes_transfers", want: wasUp("asked for 200", "ended failed")},
	{scenario: "refer_silent", number: "takes_transfers", want: wasUp("asked for 200", "ended failed")},
	{scenario: "refer_refused", number: "takes_no_transfers", want: wasUp("asked for 200", endedByThem)},
	{scenario: "referred", number: "transfers", want: wasUp("dialog.TransferProgress{100}", "dialog.Transferred{200}", "ended normal")},
	{scenario: "referred_early", number: "transfers", want: wasUp("dialog.TransferProgress{100}", "dialog.Transferred{486}", "ended normal")},
	{scenario: "referred_unheard", number: "transfers", want: wasUp("dialog.Transferred{0}", "ended normal"), prepare: hurry},
	{scenario: "referred_bye", number: "transfers", want: wasUp("dialog.Transferred{0}", endedByThem)},
	{scenario: "referred_not", number: "transfers", want: wasUp("dialog.NotTransferred{603}", "ended normal")},
}

// calledSipp are calls to sipp. The number is that of the program that makes the
// call.
var calledSipp = []sippCall{
	{scenario: "uas_busy", want: []string{"ended busy 486 by them"}},
	{scenario: "uas_q850", want: []string{"ended nowhere 503 by them"}},
	{scenario: "uas_redirected", want: []string{"ended unavailable 302 by them"}},
	{scenario: "uas_no_answer", number: "gives_up", want: []string{"dialog.Ringing{}", "ended normal 487"}},
	{scenario: "uas_180_sdp", want: []string{"early: " + agreed, "dialog.Ringing{}", agreed, "dialog.Answered{}", endedByThem}},
	{scenario: "uas_183_silent", want: append([]string{"dialog.Ringing{}"}, wasUp(endedByThem)...)},
	{scenario: "uas_200_before_cancel", number: "gives_up", want: []string{"dialog.Ringing{}", "ended normal 487"}},
	{scenario: "uas_200_after_cancel", number: "gives_up", want: []string{"dialog.Ringing{}", "ended normal 487"}},
	{scenario: "uas_cancel_unheard", number: "gives_up", want: []string{"dialog.Ringing{}", "ended normal 487"}, prepare: hurry},
	{scenario: "uas_other_fork", want: []string{"early: " + agreed, "dialog.Ringing{}", "agreed PCMA/8000 sendrecv to 6002", "dialog.Answered{}", endedByThem}},
	{scenario: "uas_reliable_answer", want: []string{"early: " + agreed, "dialog.Answered{}", endedByThem}},
	{scenario: "uas_auth", want: wasUp(endedByThem)},
	{scenario: "uas_auth_refused", want: []string{"ended rejected 401 by them"}},
	{scenario: "uas_no_challenge", want: []string{"ended rejected 401 by them"}},
	{scenario: "uas_auth_bye", number: "hangs_up", want: wasUp("ended normal")},
	{scenario: "uas_auth_hold", number: "holds_once", want: wasUp("agreed PCMU/8000 sendonly to 6000", endedByThem)},
	{scenario: "uas_refer", number: "transfers", want: wasUp("dialog.TransferProgress{180}", "dialog.Transferred{200}", "ended normal")},
	{scenario: "uas_refers", number: "takes_transfers", want: wasUp("asked for 200", endedByThem)},
	{scenario: "uas_forked", want: append([]string{"dialog.Ringing{}"}, wasUp(endedByThem)...)},
	{scenario: "uas_422", want: wasUp(endedByThem)},
	{scenario: "uas_491", want: wasUp(endedByThem)},
	{scenario: "uas_491_hold", number: "holds_once", want: wasUp("agreed PCMU/8000 sendonly to 6000", endedByThem)},
	{scenario: "uas_488_hold", number: "holds_once", want: wasUp("dialog.NotChanged{488}", "ended normal")},
	{scenario: "uas_481_hold", number: "holds_once", want: wasUp("ended failed")},
	{scenario: "uas_reliable", want: []string{"early: " + agreed, "dialog.Ringing{}", "dialog.Answered{}", endedByThem}},
	{scenario: "uas_timer", want: wasUp(endedByThem)},
	{scenario: "uas_no_sdp", want: []string{"ended failed"}},
	{scenario: "uas_g729", want: []string{"ended failed"}},
	{scenario: "uas_record_route", number: "hangs_up", want: wasUp("ended normal")},
}

func TestSippIsCalled(t *testing.T) {
	playSipp(t, calledSipp, func(t *testing.T, s *sippCall, p *station) *handset {
		port := sipp.FreePort(t)
		run := scenario(s.scenario).Start(t, "-m", "1", "-p", fmt.Sprint(port))
		await.That(t, "a sipp that listens", func() bool { return sipp.Listening(port) })
		h := p.dialAs(Account{User: "alice", Password: setting.NewSecret("secret")}, sip.Uri{Scheme: "sip", User: "called", Host: "127.0.0.1", Port: port})
		run.Wait()
		return h
	})
}

func TestSippCalls(t *testing.T) {
	playSipp(t, sippCalls, func(t *testing.T, s *sippCall, p *station) *handset {
		args := append([]string{"-m", "1", "-s", s.number, fmt.Sprintf("127.0.0.1:%d", p.uri("").Port)}, s.args...)
		if s.tcp {
			args = append(args, "-t", "t1")
		}
		scenario(s.scenario).Start(t, args...).Wait()
		if s.want == nil {
			return nil
		}
		return await.From(t, "a call", p.calls)
	})
}

// playSipp plays scenarios, each with a phone of its own. In the end these must
// have forgotten their calls; some wait for that for as long as a 2xx may come
// again, so all wait at the same time.
func playSipp(t *testing.T, all []sippCall, play func(*testing.T, *sippCall, *station) *handset) {
	t.Helper()
	sipp.Find(t)
	phones := make([]*station, len(all))
	t.Run("scenarios", func(together *testing.T) {
		for i, s := range all {
			phones[i] = s.phone(t)
			together.Run(s.scenario, func(t *testing.T) {
				t.Parallel()
				if h := play(t, &s, phones[i]); h != nil {
					if diff := cmp.Diff(s.want, h.story(t)); diff != "" {
						t.Errorf("events (-want +got):\n%s", diff)
					}
				}
			})
		}
	})
	for _, p := range phones {
		if !t.Failed() {
			p.leftNothing(t)
		}
	}
}

// phone starts the phone of a scenario.
func (s *sippCall) phone(t *testing.T) *station {
	t.Helper()
	network := UDP
	if s.tcp {
		network = TCP
	}
	return startStation(t, network, func(p *station) {
		p.program = programs[s.number]
		if s.prepare != nil {
			s.prepare(p)
		}
	})
}

// dialAs calls from an account, and has the program of the phone do the rest.
func (p *station) dialAs(account Account, target sip.Uri) *handset {
	h := &handset{station: p, more: make(chan struct{}, 1)}
	begun := make(chan struct{})
	h.Call = p.Dial(Outgoing{
		Target: target, From: Party{Address: p.uri("caller")}, To: Party{Address: target}, Account: account, Local: ours(4000),
	}, func(e Event) {
		<-begun
		h.take(e)
		if p.program != nil {
			p.program(h.Call, e)
		}
	})
	close(begun)
	return h
}

// story waits for the end of a call, and returns what happened.
func (h *handset) story(t *testing.T) []string {
	t.Helper()
	var story []string
	await.That(t, "an end", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		story = story[:0]
		for _, e := range h.events {
			story = append(story, textOf(e))
		}
		n := len(h.events)
		if n == 0 {
			return false
		}
		_, over := h.events[n-1].(Ended)
		return over
	})
	return story
}

// scenario returns a scenario of calls.
func scenario(name string) sipp.Scenario {
	return sipp.Scenario{File: filepath.Join("testdata", "sipp", "calls", name+".xml"), Data: sipp.Callee{Port: soundPort, Session: 2}}
}

// soundPort is where the phones of programs have their sound.
const soundPort = 5000
