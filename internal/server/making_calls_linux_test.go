package server_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// answers waits for a call to a telephone, answers it and hears it.
func (p *telephone) answers() (call *handset.Call, heard *softphone.Recorder) {
	p.T.Helper()
	call = p.Rings()
	call.Answer()
	heard = call.Hear()
	handset.Expect[dialog.Answered](call)
	return call, heard
}

// TestTheAPIHasAResponderCallPeople: the origination rings first, and then hears the
// responder.
func TestTheAPIHasAResponderCallPeople(t *testing.T) {
	s := startSIP(t, &safeLog{}, nil)
	asked := make(chan string, 1)
	s.lead(t, playing(t, "1590", func(r *http.Request) { asked <- r.FormValue("OrigCallID") }))
	phone := s.telephone(t)
	s.makeCall(t, phone)
	call, heard := phone.answers()
	if id := await.From(t, "the responder's request", asked); id != "b7c1f0" {
		t.Errorf("the responder was told the call %q", id)
	}
	if ended := handset.Expect[softphone.Ended](call); ended.Cause != engine.Normal || !ended.Theirs {
		t.Errorf("the call ended as %+v", ended.Ended)
	}
	if got := keysIn(t, heard); got != "1590" {
		t.Errorf("who was called heard the tones of %q", got)
	}
}

// makeCall has the API call a telephone, for a responder.
func (s *phoneSystem) makeCall(t *testing.T, to *telephone) {
	t.Helper()
	body := `{"synchronous":"no","call-id":"b7c1f0","call-orig-user":"` + to.Address() + `","call-term-user":"2125551212"}`
	if status, answer := s.ask(t, http.MethodPost, "/v2/domains/example.net/users/8001/calls", body); status != http.StatusAccepted {
		t.Fatalf("the call was answered %d %s", status, answer)
	}
}

// TestACallThatNobodyAnswersHasItsMessages: they say why.
func TestACallThatNobodyAnswersHasItsMessages(t *testing.T) {
	s := startSIP(t, &safeLog{}, nil)
	s.lead(t, responderSaying(t, `<Echo/>`))
	phone := s.telephone(t)
	s.makeCall(t, phone)
	phone.Rings().Refuse(engine.Busy)
	await.That(t, "the trace", func() bool {
		calls, err := s.StoredCalls(t.Context())
		return err == nil && len(calls) == 1
	})
	_, events := s.stored(t)
	want := []string{"true INVITE (INVITE)", "false 100 Trying (INVITE)", "false 486 Busy Here (INVITE)", "true ACK (ACK)"}
	if diff := cmp.Diff(want, ladderIn(t, events)); diff != "" {
		t.Errorf("the ladder (-want +got):\n%s\n%s", diff, events)
	}
}

// TestACallThatIsMadeIsOneInHand: a stop says how many it waits for.
func TestACallThatIsMadeIsOneInHand(t *testing.T) {
	var log safeLog
	s := startSIP(t, &log, map[string]string{"core.drain": "1h"})
	s.lead(t, responderSaying(t, `<Echo/>`))
	phone := s.telephone(t)
	s.makeCall(t, phone)
	call := phone.Rings()
	s.stop()
	await.That(t, "the stop", func() bool { return strings.Contains(log.String(), "msg=stopping") })
	if !strings.Contains(log.String(), "msg=stopping calls=1 ") {
		t.Errorf("the log says\n%s", log.String())
	}
	call.Refuse(engine.Busy)
	if err := await.From(t, "the stop", s.stopped); err != nil {
		t.Error(err)
	}
}

// TestALiveCallIsHandedOver: to somebody outside, in the middle of its responder.
func TestALiveCallIsHandedOver(t *testing.T) {
	s := startSIP(t, &safeLog{}, nil)
	asked := make(chan string, 1)
	s.lead(t, answering(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.FormValue("OrigCallID")
		_, _ = w.Write([]byte(`<Echo/>`))
	}))
	call := s.telephone(t).call("2125551212")
	id := await.From(t, "the responder's request", asked)
	handset.Expect[dialog.Answered](call)
	colleague := s.telephone(t)
	s.provision(t, http.MethodPatch, "/users/~/calls/"+id+"/transfer", `{"call-term-user":"`+colleague.Address()+`"}`)
	there, heard := colleague.answers()
	if _, err := call.Press("159", softphone.ByTones); err != nil {
		t.Fatal(err)
	}
	handset.Expect[softphone.Said](call)
	call.Hangup()
	handset.Expect[softphone.Ended](there)
	if got := keysIn(t, heard); got != "159" {
		t.Errorf("the colleague heard the tones of %q", got)
	}
}

// TestAResponderForwardsToANumber: through the trunk, with the number of the user.
func TestAResponderForwardsToANumber(t *testing.T) {
	carrier := newPhone(t, netip.MustParseAddr("127.0.0.1"))
	s := startSIP(t, &safeLog{}, map[string]string{
		"core.trunk.0.name": "carrier", "core.trunk.0.address": carrier.at(), "core.trunk.0.options_every": "0", "core.trunk.0.caller": "+12125551212",
	})
	s.lead(t, responderSaying(t, `<Forward>2125550199</Forward>`))
	call := s.telephone(t).call("2125551212")
	there, heard := carrier.answers()
	handset.Expect[dialog.Answered](call)
	if _, err := call.Press("159", softphone.ByTones); err != nil {
		t.Fatal(err)
	}
	handset.Expect[softphone.Said](call)
	there.Hangup()
	if ended := handset.Expect[softphone.Ended](call); ended.Cause != engine.Normal || !ended.Theirs {
		t.Errorf("the caller's call ended as %+v", ended.Ended)
	}
	if got := keysIn(t, heard); got != "159" {
		t.Errorf("the carrier heard the tones of %q", got)
	}
}

// TestWhatTheTrunkRefusesTheCallerIsTold: by the status of their own call.
func TestWhatTheTrunkRefusesTheCallerIsTold(t *testing.T) {
	carrier := newPhone(t, netip.MustParseAddr("127.0.0.1"))
	s := startSIP(t, &safeLog{}, map[string]string{
		"core.trunk.0.name": "carrier", "core.trunk.0.address": carrier.at(), "core.trunk.0.options_every": "0", "core.trunk.0.caller": "+12125551212",
	})
	s.lead(t, responderSaying(t, `<Forward>2125550199</Forward>`))
	call := s.telephone(t).call("2125551212")
	carrier.Rings().Refuse(engine.Busy)
	if ended := handset.Expect[softphone.Ended](call); ended.Cause != engine.Busy || ended.Status != 486 {
		t.Errorf("the caller's call ended as %+v", ended.Ended)
	}
}
