package sdp_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

func TestPhonesAreAnswered(t *testing.T) {
	const bits = "a=sendrecv"
	for _, c := range []struct {
		name  string
		offer string
		local sdp.Local
		want  []string // m= and a= lines
	}{
		{"baresip, its first that is ours", baresip, us(), []string{"m=audio 40000 RTP/AVP 9 101", "a=rtpmap:9 G722/8000",
			"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=maxptime:60", bits}},
		{"Asterisk, with flash", asterisk, us(), []string{"m=audio 40000 RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000",
			"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=maxptime:60", bits}},
		{"FreeSWITCH, keys at the rate of G.711", freeSWITCH, us(sdp.PCMU), []string{"m=audio 40000 RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000",
			"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=maxptime:60", bits}},
		{"FreeSWITCH, keys at the rate of Opus", freeSWITCH, us(sdp.PCMU, sdp.Opus), []string{"m=audio 40000 RTP/AVP 102 103",
			"a=rtpmap:102 opus/48000/2", "a=rtpmap:103 telephone-event/48000", "a=fmtp:103 0-15", "a=ptime:20", "a=maxptime:60", bits}},
		{"Opus with keys of another rate", baresip, us(sdp.Opus), []string{"m=audio 40000 RTP/AVP 96 101", "a=rtpmap:96 opus/48000/2",
			"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=maxptime:60", bits}},
		{"Asterisk, by what the other leg has", asterisk, preferring(sdp.PCMU), []string{"m=audio 40000 RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000",
			"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=maxptime:60", bits}},
		{"Asterisk, where the other leg has what it lacks", asterisk, preferring(sdp.G722), []string{"m=audio 40000 RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000",
			"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=maxptime:60", bits}},
		{"Cisco, with lines that are over", cisco, us(), []string{"m=audio 40000 RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000",
			"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=maxptime:60", bits,
			"m=video 0 RTP/AVP 31 34", "m=application 0 RTP/AVP 125"}},
		{"Polycom, the plain of two", polycom, us(), []string{"m=audio 0 RTP/SAVP 9 0 127", "m=audio 40000 RTP/AVP 9 127",
			"a=rtpmap:9 G722/8000", "a=rtpmap:127 telephone-event/8000", "a=fmtp:127 0-15", "a=ptime:20", "a=maxptime:60", bits}},
		{"Linphone, in IPv6 with feedback and video", linphone, us6(), []string{"m=audio 40000 RTP/AVPF 0 98", "a=rtpmap:0 PCMU/8000",
			"a=rtpmap:98 telephone-event/8000", "a=fmtp:98 0-15", "a=ptime:20", "a=maxptime:60", bits, "m=video 0 RTP/AVPF 99"}},
		{"a gateway that leaves much out", oldGateway, us(), []string{"m=audio 40000 rtp/avp 0", "a=rtpmap:0 PCMU/8000",
			"a=ptime:30", "a=maxptime:60", bits}},
		{"fax beside sound", asterisk + "m=image 4000 udptl t38\r\n", us(), []string{"m=audio 40000 RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000",
			"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=maxptime:60", bits, "m=image 0 udptl t38"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			if diff := cmp.Diff(c.want, audioLines(answer(t, &session, c.offer, c.local))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFormatsOfAnOfferAreThoseOfItsSound(t *testing.T) {
	for _, c := range []struct {
		offer string
		want  []sdp.Format
	}{
		{asterisk, []sdp.Format{{Payload: 8, Codec: sdp.PCMA}, {Payload: 0, Codec: sdp.PCMU}}},
		{linphone, []sdp.Format{{Payload: 96, Codec: sdp.Opus, Params: "useinbandfec=1"}, {Payload: 0, Codec: sdp.PCMU}}},
		{lines("v=0", "m=video 4000 RTP/AVP 31"), nil},
	} {
		if diff := cmp.Diff(c.want, parse(t, c.offer).Sound()); diff != "" {
			t.Errorf("formats (-want +got):\n%s", diff)
		}
	}
}

func TestAnswerIsWhole(t *testing.T) {
	session := sdp.NewSession(7)
	want := lines("v=0", "o=- 7 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 40000 RTP/AVP 8 101",
		"a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=maxptime:60", "a=sendrecv")
	if diff := cmp.Diff(want, string(answer(t, &session, asterisk, us()).Bytes())); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	agreed := sdp.Agreement{
		Codec:  sdp.Format{Payload: 8, Codec: sdp.PCMA},
		Events: sdp.Format{Payload: 101, Codec: sdp.TelephoneEvent(8000), Params: "0-16"},
		Receive: []sdp.Format{
			{Payload: 8, Codec: sdp.PCMA},
			{Payload: 101, Codec: sdp.TelephoneEvent(8000), Params: "0-16"},
		},
		Ptime:  20 * time.Millisecond,
		Remote: netip.MustParseAddrPort("198.51.100.4:14022"),
	}
	if diff := cmp.Diff(agreed, session.Agreement(), addresses); diff != "" {
		t.Errorf("agreed (-want +got):\n%s", diff)
	}
}

var addresses = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

func TestOpusSaysWhatTheOtherLegSays(t *testing.T) {
	local := us(sdp.Opus)
	local.Params = map[sdp.Codec]string{sdp.Opus: "useinbandfec=0"}
	session := sdp.NewSession(7)
	text := string(answer(t, &session, freeSWITCH, local).Bytes())
	if !strings.Contains(text, "a=fmtp:102 useinbandfec=0\r\n") {
		t.Errorf("the answer does not have the other leg's parameters:\n%s", text)
	}
	if got := session.Agreement().Codec.Params; !strings.HasPrefix(got, "useinbandfec=1; ") {
		t.Errorf("the parameters for the other leg are %q", got)
	}
}

// TestParametersThatNobodyNeedsAreNotSaid: they would be said to the other leg.
func TestParametersThatNobodyNeedsAreNotSaid(t *testing.T) {
	for _, params := range []string{strings.Repeat("x", 257), "stereo=1\x00", "stereo=\xff1"} {
		if got := parse(t, strings.Replace(baresip, "stereo=1;sprop-stereo=1", params, 1)).Sound()[0].Params; got != "" {
			t.Errorf("%q was read as %q", params, got)
		}
	}
}

func TestOffersThatCannotBeAnsweredAreRefused(t *testing.T) {
	audio := func(protocol, rest string) string {
		return lines("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio "+protocol+" "+rest)
	}
	for _, c := range []struct {
		name    string
		offer   string
		warning int
		reason  string
	}{
		{"nothing of ours", onlyG729, 305, "no codec in common: offered were G729/8000, G723/8000, accepted are G722/8000, PCMU/8000, PCMA/8000"},
		{"numbers without names", audio("4000 RTP/AVP", "99 100"), 305, "no codec in common: offered were none by name, accepted are G722/8000, PCMU/8000, PCMA/8000"},
		{"keys alone", audio("4000 RTP/AVP", "101\r\na=rtpmap:101 telephone-event/8000"), 305, "no codec in common: offered were none by name, accepted are G722/8000, PCMU/8000, PCMA/8000"},
		{"fax alone", fax, 304, "no audio was offered"},
		{"no line at all", lines("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "t=0 0"), 304, "no audio was offered"},
		{"sound that is over", audio("0 RTP/AVP", "0"), 304, "no audio was offered"},
		{"a browser", browser, 302, "accepted is RTP/AVP, not UDP/TLS/RTP/SAVPF"},
		{"secure alone", audio("4000 RTP/SAVP", "0"), 302, "accepted is RTP/AVP, not RTP/SAVP"},
		{"another IP version", linphone, 301, "the address is of another IP version than ours"},
		{"secure, and plain of others' codecs", audio("4000 RTP/SAVP", "0\r\nm=audio 4002 RTP/AVP 18"), 305,
			"no codec in common: offered were G729/8000, accepted are G722/8000, PCMU/8000, PCMA/8000"},
		{"plain of others' codecs, and secure", audio("4000 RTP/AVP", "18\r\nm=audio 4002 RTP/SAVP 0"), 305,
			"no codec in common: offered were G729/8000, accepted are G722/8000, PCMU/8000, PCMA/8000"},
		{"more codecs than a sentence holds", audio("4000 RTP/AVP", "3 4 5 6 7 10 11 12 13 14"), 305,
			"no codec in common: offered were GSM/8000, G723/8000, DVI4/8000, DVI4/16000, LPC/8000, L16/44100/2, L16/44100, QCELP/8000, others, accepted are G722/8000, PCMU/8000, PCMA/8000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			_, _, err := session.Answer(parse(t, c.offer), us())
			refused, ok := errors.AsType[*sdp.UnacceptableError](err)
			if !ok {
				t.Fatalf("got %v, want an UnacceptableError", err)
			}
			if refused.Warning != c.warning || refused.Reason != c.reason {
				t.Errorf("got %d %q, want %d %q", refused.Warning, refused.Reason, c.warning, c.reason)
			}
		})
	}
}

func TestRefusedOfferChangesNothing(t *testing.T) {
	session := sdp.NewSession(7)
	first := answer(t, &session, asterisk, us())
	before := session.Agreement()
	if _, _, err := session.Answer(parse(t, onlyG729), us()); err == nil {
		t.Fatal("an offer of G.729 alone was answered")
	}
	if diff := cmp.Diff(before, session.Agreement(), addresses); diff != "" {
		t.Errorf("agreed (-before +after):\n%s", diff)
	}
	if again := answer(t, &session, asterisk, us()); again != first {
		t.Errorf("the next answer is\n%s, not\n%s", again.Bytes(), first.Bytes())
	}
}
