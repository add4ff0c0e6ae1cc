package voice_test

import (
	"context"
	"net/netip"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
	"github.com/switchhook/switchhook/test/sipp"
)

// farEnd is a scenario of sipp that a caller is connected with.
type farEnd struct {
	scenario string
	rings    time.Duration              // for how long at most; 0: a minute
	caller   func(caller *handset.Call) // does this; optional
	codecs   []sdp.Codec                // of the caller; default: those of softphones
	status   int                        // that the caller is told; 0: they were answered
	went     string
}

// hangsUpOnceRinging gives up.
func hangsUpOnceRinging(caller *handset.Call) {
	handset.Expect[dialog.Ringing](caller)
	caller.Hangup()
}

func hangsUpOnceAnswered(caller *handset.Call) {
	handset.Expect[dialog.Answered](caller)
	caller.Hangup()
}

// pressesAndHearsKeys takes part in uas_info.
func pressesAndHearsKeys(caller *handset.Call) {
	handset.Expect[dialog.Answered](caller)
	if _, err := caller.Press("7", softphone.ByEvents); err != nil {
		caller.T.Fatal(err)
	}
	if k := handset.Expect[softphone.Key](caller); k.Key != '8' || k.By != softphone.ByEvents {
		caller.T.Errorf("%c came by %s, want 8 by events", k.Key, k.By)
	}
	caller.Hangup()
}

// scenarioFile returns the file of a scenario; those in calls are of package dialog.
func scenarioFile(scenario string) string {
	folder := "testdata"
	if filepath.Dir(scenario) == "calls" {
		folder = filepath.Join("..", "dialog", "testdata")
	}
	return filepath.Join(folder, "sipp", scenario+".xml")
}

const callerHungUp = ": the caller has hung up"

// TestCallersAreConnectedWithSipp: its scenarios are those of package dialog, and
// some of what only a connection does.
func TestCallersAreConnectedWithSipp(t *testing.T) {
	sipp.Find(t)
	for _, c := range []farEnd{
		{scenario: "uas_busy", codecs: []sdp.Codec{sdp.PCMA}, status: 486, went: "busy"},
		{scenario: "calls/uas_q850", status: 404, went: "unavailable"},
		{scenario: "calls/uas_redirected", status: 480, went: "unavailable"},
		{scenario: "calls/uas_g729", status: 480, went: "unavailable"},
		{scenario: "calls/uas_no_answer", rings: 200 * time.Millisecond, status: 480, went: "no_answer"},
		{scenario: "calls/uas_180_sdp", went: "answered talked"},
		{scenario: "calls/uas_183_silent", went: "answered talked"},
		{scenario: "calls/uas_reliable", went: "answered talked"},
		{scenario: "calls/uas_other_fork", went: "answered talked"},
		{scenario: "calls/uas_forked", went: "answered talked"},
		{scenario: "calls/uas_200_before_cancel", caller: hangsUpOnceRinging, status: 487, went: "cancelled" + callerHungUp},
		{scenario: "calls/uas_200_after_cancel", caller: hangsUpOnceRinging, status: 487, went: "cancelled" + callerHungUp},
		{scenario: "calls/uas_auth", went: "answered talked"},
		{scenario: "uas_stale", went: "answered talked"},
		{scenario: "uas_stale_for_ever", status: 480, went: "unavailable"},
		{scenario: "uas_refers", went: "answered talked"},
		{scenario: "calls/uas_auth_bye", caller: hangsUpOnceAnswered, went: "answered talked" + callerHungUp},
		{scenario: "uas_info", codecs: []sdp.Codec{sdp.PCMU}, caller: pressesAndHearsKeys, went: "answered talked" + callerHungUp},
		{scenario: "uas_hold_zero", codecs: []sdp.Codec{sdp.PCMU}, went: "answered talked"},
	} {
		t.Run(filepath.Base(c.scenario), func(t *testing.T) { c.play(t) })
	}
}

func (c farEnd) play(t *testing.T) {
	leavesNothing(t)
	port := sipp.FreePort(t)
	run := sipp.Start(t, scenarioFile(c.scenario), "-m", "1", "-p", strconv.Itoa(port))
	await.That(t, "a sipp that listens", func() bool { return sipp.Listening(port) })
	went := make(chan string, 1)
	s := switchboard(t, func(ctx context.Context, line engine.Line) {
		went <- connect(ctx, line, engine.Outside{To: "+12125550111", Timeout: c.rings})
	}, func(config *voice.ServerConfig) { config.Carrier = sippCarrier(port) })
	caller := newPhone(t, c.codecs...).Dial(s.address())
	if c.caller != nil {
		c.caller(caller)
	}
	if end := handset.Expect[softphone.Ended](caller); end.Status != c.status {
		t.Errorf("the caller was told %d, want %d", end.Status, c.status)
	}
	if got := await.From(t, "an end of the connection", went); got != c.went {
		t.Errorf("it went %q, want %q", got, c.went)
	}
	run.Wait()
}

// TestSippCallsInPlaceOfUs: somebody who was rung is handed on as a caller is.
func TestSippCallsInPlaceOfUs(t *testing.T) {
	leavesNothing(t)
	port := sipp.FreePort(t)
	run := sipp.Start(t, scenarioFile("calls/uas_refer"), "-m", "1", "-p", strconv.Itoa(port))
	await.That(t, "a sipp that listens", func() bool { return sipp.Listening(port) })
	s := switchboard(t, nothing, func(config *voice.ServerConfig) { config.Carrier, config.Refer = sippCarrier(port), true })
	var went string
	done := s.ring(t.Context(), engine.Outside{To: "+12125550111"}, func(ctx context.Context, line engine.Line) {
		went = connect(ctx, line, engine.Outside{To: "sip:200@127.0.0.1"})
	})
	if got := await.From(t, "an end of the call", done); got.err != nil || went != "answered" {
		t.Errorf("the transfer went %q, and the call %v", went, got.err)
	}
	run.Wait()
}

// sippCarrier is a carrier at a port of this machine that knows us as alice.
type sippCarrier int

func (port sippCarrier) Outgoing(context.Context, engine.Outside) ([]dialog.Outgoing, error) {
	target := sip.Uri{Scheme: "sip", User: "called", Host: loopback.String(), Port: int(port)}
	return []dialog.Outgoing{{
		Target: target, From: dialog.Party{Address: sip.Uri{Scheme: "sip", User: "+12125550100"}}, To: dialog.Party{Address: target},
		Hop:     dialog.Hop{Network: dialog.UDP, Address: netip.AddrPortFrom(loopback, uint16(port))},
		Account: dialog.Account{User: "alice", Password: setting.NewSecret("secret")},
	}}, nil
}

// Tried has nothing else to try.
func (port sippCarrier) Tried(dialog.Outgoing, dialog.Ended) bool { return false }

// Serves says that it is at no other address.
func (port sippCarrier) Serves(at netip.AddrPort) bool { return int(at.Port()) == int(port) }
