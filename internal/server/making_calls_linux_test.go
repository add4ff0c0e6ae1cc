package server_test

import (
	"net/http"
	"testing"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
)

// rings waits for a call to a telephone, answers it and hears it.
func (p *telephone) rings(t *testing.T) (call *softphone.Call, heard *softphone.Recorder) {
	t.Helper()
	call = await.From(t, "a call", p.Incoming())
	call.Answer()
	heard = call.Hear()
	next[dialog.Answered](t, call)
	return call, heard
}

// TestTheAPIHasAResponderCallPeople: the origination rings first, and then hears the
// responder.
func TestTheAPIHasAResponderCallPeople(t *testing.T) {
	s := startSIP(t, &safeLog{}, nil)
	asked := make(chan string, 1)
	s.lead(t, playing(t, "1590", func(r *http.Request) { asked <- r.FormValue("OrigCallID") }))
	phone := s.telephone(t)
	body := `{"synchronous":"no","call-id":"b7c1f0","call-orig-user":"` + phone.Address() + `","call-term-user":"2125551212"}`
	if status, answer := s.ask(t, http.MethodPost, "/v2/domains/example.net/users/8001/calls", body); status != http.StatusAccepted {
		t.Fatalf("the call was answered %d %s", status, answer)
	}
	call, heard := phone.rings(t)
	if id := await.From(t, "the responder's request", asked); id != "b7c1f0" {
		t.Errorf("the responder was told the call %q", id)
	}
	if ended := next[softphone.Ended](t, call); ended.Cause != engine.Normal || !ended.Theirs {
		t.Errorf("the call ended as %+v", ended.Ended)
	}
	if got := keysIn(t, heard); got != "1590" {
		t.Errorf("who was called heard the tones of %q", got)
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
	next[dialog.Answered](t, call)
	colleague := s.telephone(t)
	s.provision(t, http.MethodPatch, "/users/~/calls/"+id+"/transfer", `{"call-term-user":"`+colleague.Address()+`"}`)
	there, heard := colleague.rings(t)
	if _, err := call.Press("159", softphone.ByTones); err != nil {
		t.Fatal(err)
	}
	next[softphone.Said](t, call)
	call.Hangup()
	next[softphone.Ended](t, there)
	if got := keysIn(t, heard); got != "159" {
		t.Errorf("the colleague heard the tones of %q", got)
	}
}

// TestAResponderForwardsToANumber: through the trunk, with the number of the user.
func TestAResponderForwardsToANumber(t *testing.T) {
	carrier := newPhone(t, "127.0.0.1")
	s := startSIP(t, &safeLog{}, map[string]string{
		"core.trunk.0.name": "carrier", "core.trunk.0.address": carrier.at(t), "core.trunk.0.options_every": "0", "core.trunk.0.caller": "+12125551212",
	})
	s.lead(t, responderSaying(t, `<Forward>2125550199</Forward>`))
	call := s.telephone(t).call("2125551212")
	there, heard := carrier.rings(t)
	next[dialog.Answered](t, call)
	if _, err := call.Press("159", softphone.ByTones); err != nil {
		t.Fatal(err)
	}
	next[softphone.Said](t, call)
	there.Hangup()
	if ended := next[softphone.Ended](t, call); ended.Cause != engine.Normal || !ended.Theirs {
		t.Errorf("the caller's call ended as %+v", ended.Ended)
	}
	if got := keysIn(t, heard); got != "159" {
		t.Errorf("the carrier heard the tones of %q", got)
	}
}

// TestWhatTheTrunkRefusesTheCallerIsTold: by the status of their own call.
func TestWhatTheTrunkRefusesTheCallerIsTold(t *testing.T) {
	carrier := newPhone(t, "127.0.0.1")
	s := startSIP(t, &safeLog{}, map[string]string{
		"core.trunk.0.name": "carrier", "core.trunk.0.address": carrier.at(t), "core.trunk.0.options_every": "0", "core.trunk.0.caller": "+12125551212",
	})
	s.lead(t, responderSaying(t, `<Forward>2125550199</Forward>`))
	call := s.telephone(t).call("2125551212")
	await.From(t, "a call", carrier.Incoming()).Refuse(engine.Busy)
	if ended := next[softphone.Ended](t, call); ended.Cause != engine.Busy || ended.Status != 486 {
		t.Errorf("the caller's call ended as %+v", ended.Ended)
	}
}
