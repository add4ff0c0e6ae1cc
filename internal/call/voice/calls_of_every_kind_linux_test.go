package voice_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/sipp"
)

// talkative is a responder that plays something for as long as a call may last.
var talkative = enginetest.Documents{"/": `<Play>10m.wav</Play>`}

// silent is a responder that never answers.
var silent = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })

// slow is a responder whose callers hear it ring.
var slow = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		select {
		case <-time.After(4 * time.Second):
		case <-r.Context().Done():
		}
	}
	talkative.ServeHTTP(w, r)
})

// sippCall is a scenario whose caller calls a whole service.
type sippCall struct {
	scenario  string
	responder http.Handler  // default: talkative
	session   time.Duration // the shortest session timer; default: that of the RFC
	none      bool          // there is no call
	args      []string      // of sipp, besides the usual
	tcp       bool
}

// TestCallsOfEveryKindPass has a service pass the scenarios of package dialog, and
// some of its own, that a telephone with a program in its place passes there.
func TestCallsOfEveryKindPass(t *testing.T) {
	sipp.Find(t)
	for _, c := range []sippCall{
		{scenario: "calls/late_offer"},
		{scenario: "calls/late_offer_unanswered"},
		{scenario: "prack", responder: slow},
		{scenario: "late_offer_reliable", responder: slow},
		{scenario: "calls/update"},
		{scenario: "calls/timer_uac", session: time.Second},
		{scenario: "calls/timer_uas", session: time.Second},
		{scenario: "calls/timer_uas_invite", session: time.Second},
		{scenario: "calls/timer_short", none: true},
		{scenario: "calls/info"},
		{scenario: "calls/hold_sendonly"},
		{scenario: "calls/hold_inactive"},
		{scenario: "calls/hold_zero"},
		{scenario: "calls/recodec"},
		{scenario: "glare", session: time.Second},
		{scenario: "calls/overlap", responder: silent},
		{scenario: "calls/cancel", responder: silent},
		{scenario: "calls/cancel_thrice", responder: silent, args: []string{"-nr"}},
		{scenario: "calls/cancel_late"},
		{scenario: "calls/no_ack", args: []string{"-nr"}},
		{scenario: "calls/no_ack_again", args: []string{"-nr"}},
		{scenario: "calls/late_reoffer"},
		{scenario: "calls/bye_before_ack"},
		{scenario: "calls/bye_before_answer", responder: silent},
		{scenario: "calls/lower_cseq"},
		{scenario: "calls/ptime30"},
		{scenario: "calls/multipart"},
		{scenario: "calls/multipart_location"},
		{scenario: "calls/unended_line"},
		{scenario: "calls/headers40", args: []string{"-key", "fold", " "}},
		{scenario: "calls/opus_events"},
		{scenario: "calls/g729_only"},
		{scenario: "calls/big_udp"},
		{scenario: "calls/big_tcp", tcp: true},
		{scenario: "calls/options", none: true},
		{scenario: "calls/options_within"},
		{scenario: "calls/refer_refused"},
	} {
		t.Run(filepath.Base(c.scenario), func(t *testing.T) {
			t.Parallel()
			c.play(t)
		})
	}
}

func (c sippCall) play(t *testing.T) {
	port, ports := freshPortsOf(t, 2)
	p := plan{
		responder: talkative, voice: silentVoice{}, listen: []string{dialog.UDP}, session: c.session,
		ports: ports, after: func() { areAllBack(t, ports) },
	}
	if c.responder != nil {
		p.responder = c.responder
	}
	if c.tcp {
		p.listen, c.args = []string{dialog.TCP}, append(c.args, "-t", "t1")
	}
	s := p.serve(t)
	scenario := sipp.Scenario{File: scenarioFile(c.scenario), Data: sipp.Callee{Port: int(port), Session: shortestSession}}
	scenario.Start(t, append([]string{"-m", "1", "-s", "100", s.at.String()}, c.args...)...).Wait()
	if c.none {
		return
	}
	events := s.only(t)
	last := events[len(events)-1].Event
	if end, ok := last.(trace.Hangup); !ok || end.By != trace.ByCaller {
		t.Errorf("the call ended as %s", trace.Transcript(last))
	}
}

// shortestSession is how many seconds sessions last at least, whatever is agreed on.
const shortestSession = 8
