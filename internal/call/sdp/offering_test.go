package sdp_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestOfferIsWhole(t *testing.T) {
	session := sdp.NewSession(7)
	want := lines("v=0", "o=- 7 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 40000 RTP/AVP 107 9 0 96 101",
		"a=rtpmap:107 opus/48000/2", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:96 telephone-event/48000",
		"a=fmtp:96 0-16", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=maxptime:60", "a=sendrecv")
	if diff := cmp.Diff(want, string(session.Offer(us(sdp.Opus, sdp.G722, sdp.PCMU)).Bytes())); diff != "" {
		t.Errorf("offer (-want +got):\n%s", diff)
	}
}

// TestOpusIsOfferedWithTheKeysThatTelephonesKnow: many know those of 8000 Hz alone.
func TestOpusIsOfferedWithTheKeysThatTelephonesKnow(t *testing.T) {
	session := sdp.NewSession(7)
	offer := session.Offer(us(sdp.Opus)).Media[0].Formats
	want := []sdp.Format{{Payload: 107, Codec: sdp.Opus}, {Payload: 96, Codec: sdp.TelephoneEvent(48000), Params: "0-16"}, {Payload: 101, Codec: sdp.TelephoneEvent(8000), Params: "0-16"}}
	if diff := cmp.Diff(want, offer); diff != "" {
		t.Fatalf("offer (-want +got):\n%s", diff)
	}
	answer := lines("v=0", "c=IN IP4 192.0.2.9", "m=audio 4000 RTP/AVP 107 101", "a=rtpmap:107 opus/48000/2", "a=rtpmap:101 telephone-event/8000")
	if _, err := session.Accept(parse(t, answer)); err != nil {
		t.Fatal(err)
	}
	if got := session.Agreement().Events.Codec; got != sdp.TelephoneEvent(8000) {
		t.Errorf("keys are sent as %q", got)
	}
}

// What an offer of G.722, PCMU, PCMA and keys at 101 comes to, by the answer.
func TestAnswersToOurOffer(t *testing.T) {
	keys := func(n uint8) sdp.Format { return sdp.Format{Payload: n, Codec: sdp.TelephoneEvent(8000)} }
	ours := sdp.Format{Payload: 101, Codec: sdp.TelephoneEvent(8000), Params: "0-16"}
	for _, c := range []struct {
		name    string
		answer  []string // from m= on
		codec   sdp.Format
		events  sdp.Format
		receive []sdp.Format
	}{
		{"one of them", []string{"m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"},
			sdp.Format{Payload: 0, Codec: sdp.PCMU}, keys(101), []sdp.Format{{Payload: 0, Codec: sdp.PCMU}, ours}},
		{"several: the first is sent, all are taken", []string{"m=audio 4000 RTP/AVP 101 8 0", "a=rtpmap:101 telephone-event/8000"},
			sdp.Format{Payload: 8, Codec: sdp.PCMA}, keys(101), []sdp.Format{{Payload: 0, Codec: sdp.PCMU}, {Payload: 8, Codec: sdp.PCMA}, ours}},
		{"numbers of its own", []string{"m=audio 4000 RTP/AVP 99 98", "a=rtpmap:99 PCMA/8000", "a=rtpmap:98 telephone-event/8000"},
			sdp.Format{Payload: 99, Codec: sdp.PCMA}, keys(98), []sdp.Format{{Payload: 8, Codec: sdp.PCMA}, ours}},
		{"no keys", []string{"m=audio 4000 RTP/AVP 9"},
			sdp.Format{Payload: 9, Codec: sdp.G722}, sdp.Format{}, []sdp.Format{{Payload: 9, Codec: sdp.G722}}},
		{"what was not offered too", []string{"m=audio 4000 RTP/AVP 18 0", "a=rtpmap:18 G729/8000"},
			sdp.Format{Payload: 0, Codec: sdp.PCMU}, sdp.Format{}, []sdp.Format{{Payload: 0, Codec: sdp.PCMU}}},
		{"with feedback", []string{"m=audio 4000 RTP/AVPF 0"},
			sdp.Format{Payload: 0, Codec: sdp.PCMU}, sdp.Format{}, []sdp.Format{{Payload: 0, Codec: sdp.PCMU}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			session.Offer(us())
			changes, err := session.Accept(parse(t, lines(append([]string{"v=0", "c=IN IP4 192.0.2.9"}, c.answer...)...)))
			if err != nil {
				t.Fatal(err)
			}
			agreed := session.Agreement()
			if diff := cmp.Diff(sdp.Agreement{Codec: c.codec, Events: c.events, Receive: c.receive, Ptime: agreed.Ptime,
				Remote: netip.MustParseAddrPort("192.0.2.9:4000")}, agreed, addresses); diff != "" {
				t.Errorf("agreed (-want +got):\n%s", diff)
			}
			if want := (sdp.Changes{Address: true, Port: true, Codec: true, Ptime: true}); changes != want {
				t.Errorf("changes: %+v, want %+v", changes, want)
			}
		})
	}
}

func TestAnswersThatTakeNothingAreTold(t *testing.T) {
	for _, c := range []struct {
		name    string
		answer  string
		warning int
	}{
		{"refused", lines("v=0", "m=audio 0 RTP/AVP 0"), 304},
		{"no line", lines("v=0", "o=- 1 1 IN IP4 192.0.2.9"), 304},
		{"another kind", lines("v=0", "m=video 4000 RTP/AVP 0"), 304},
		{"another codec", onlyG729, 305},
		{"keys alone", lines("v=0", "c=IN IP4 192.0.2.9", "m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), 305},
		{"secure", lines("v=0", "c=IN IP4 192.0.2.9", "m=audio 4000 RTP/SAVP 0"), 302},
		{"another IP version", lines("v=0", "c=IN IP6 2001:db8::7", "m=audio 4000 RTP/AVP 0"), 301},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			session.Offer(us())
			_, err := session.Accept(parse(t, c.answer))
			if refused, ok := errors.AsType[*sdp.UnacceptableError](err); !ok || refused.Warning != c.warning {
				t.Errorf("got %v, want an UnacceptableError with the warning %d", err, c.warning)
			}
			if session.Agreement().Codec.Codec != "" {
				t.Errorf("it was agreed on %+v", session.Agreement())
			}
		})
	}
}

func TestOnlyTheFirstAnswerCounts(t *testing.T) {
	session := sdp.NewSession(7)
	session.Offer(us())
	fork := session // of another phone, which the INVITE reached too
	if _, err := session.Accept(parse(t, call("192.0.2.9"))); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Accept(parse(t, call("192.0.2.10"))); fault.CodeOf(err) != fault.Refused {
		t.Errorf("a second answer: %v, want it refused", err)
	}
	if _, err := fork.Accept(parse(t, call("192.0.2.11"))); err != nil {
		t.Errorf("the answer in another dialog: %v", err)
	}
	for s, want := range map[*sdp.Session]string{&session: "192.0.2.9", &fork: "192.0.2.11"} {
		if got := s.Agreement().Remote.Addr().String(); got != want {
			t.Errorf("we send to %s, want %s", got, want)
		}
	}
}
