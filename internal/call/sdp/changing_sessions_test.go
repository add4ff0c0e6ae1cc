package sdp_test

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

func TestVersionGrowsWithChangesAlone(t *testing.T) {
	session := sdp.NewSession(7)
	check := func(what string, d *sdp.Description, version uint64) {
		t.Helper()
		if want := (sdp.Origin{ID: 7, Version: version, Address: "192.0.2.1"}); d.Origin != want {
			t.Errorf("%s: o= is %+v, want %+v", what, d.Origin, want)
		}
	}
	check("first", answer(t, &session, asterisk, us()), 1)
	check("the same offer again", answer(t, &session, asterisk, us()), 1)
	check("another version of it", answer(t, &session, strings.Replace(asterisk, "1764512345 IN", "1764512346 IN", 1), us()), 1)
	check("a session kept alive", session.Repeat(), 1)
	session.Withdraw()

	check("an offer of ours", session.Offer(us()), 2)
	session.Withdraw()
	check("the same offer, after it was refused", session.Offer(us()), 2)
	session.Withdraw()
	check("what was said before the refused offer", answer(t, &session, asterisk, us()), 3)

	moved := us()
	moved.Address = netip.MustParseAddrPort("192.0.2.2:50000")
	check("another address of ours, under the same o=", answer(t, &session, asterisk, moved), 4)
}

// A refused offer is not what keeps a session alive.
func TestSessionIsKeptAliveAsItWasAgreedOn(t *testing.T) {
	session := sdp.NewSession(7)
	agreed := answer(t, &session, asterisk, us())
	hold := us()
	hold.Direction = sdp.SendOnly
	session.Offer(hold)
	session.Withdraw()

	again := session.Repeat()
	if diff := cmp.Diff(audioLines(agreed), audioLines(again)); diff != "" {
		t.Errorf("offered to keep the session alive (-agreed +offered):\n%s", diff)
	}
	if again.Origin.Version != 3 {
		t.Errorf("it has the version %d, after one of 2 that was refused", again.Origin.Version)
	}
	if session.Repeat() != again {
		t.Error("the same once more is another")
	}
}

func TestChangesOfTheOtherSideAreTold(t *testing.T) {
	base := call("192.0.2.9", "a=ptime:20")
	for _, c := range []struct {
		name  string
		offer string
		want  sdp.Changes
	}{
		{"nothing", base, sdp.Changes{}},
		{"its o= alone", strings.Replace(base, "- 1 1", "- 1 2", 1), sdp.Changes{}},
		{"address", call("192.0.2.10", "a=ptime:20"), sdp.Changes{Address: true}},
		{"port", strings.Replace(base, "4000", "4002", 1), sdp.Changes{Port: true}},
		{"codec", strings.Replace(base, "AVP 0", "AVP 8", 1), sdp.Changes{Codec: true}},
		{"number", strings.Replace(base, "AVP 0", "AVP 96\r\na=rtpmap:96 PCMU/8000", 1), sdp.Changes{Codec: true}},
		{"keys", strings.Replace(base, "AVP 0", "AVP 0 101\r\na=rtpmap:101 telephone-event/8000", 1), sdp.Changes{Codec: true}},
		{"direction", base + "a=sendonly\r\n", sdp.Changes{Direction: true}},
		{"ptime", call("192.0.2.9", "a=ptime:30"), sdp.Changes{Ptime: true}},
		{"a line of video", base + "m=video 5000 RTP/AVP 99\r\n", sdp.Changes{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			answer(t, &session, base, us())
			_, changes, err := session.Answer(parse(t, c.offer), us())
			if err != nil {
				t.Fatal(err)
			}
			if changes != c.want || changes.Any() != (c.want != sdp.Changes{}) {
				t.Errorf("changes: %+v, want %+v", changes, c.want)
			}
		})
	}
}

func TestOurOfferKeepsTheLinesOfTheSession(t *testing.T) {
	session := sdp.NewSession(7)
	answer(t, &session, fax+"m=audio 4000 RTP/AVP 0 120\r\na=rtpmap:120 telephone-event/8000\r\nm=video 6000 RTP/AVP 99\r\n", us())
	want := []string{"m=image 0 udptl t38", "m=audio 40000 RTP/AVP 8 0 120", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000",
		"a=rtpmap:120 telephone-event/8000", "a=fmtp:120 0-16", "a=ptime:20", "a=maxptime:60", "a=sendrecv", "m=video 0 RTP/AVP 99"}
	if diff := cmp.Diff(want, audioLines(session.Offer(us(sdp.PCMA, sdp.PCMU)))); diff != "" {
		t.Errorf("offer (-want +got):\n%s", diff)
	}
	if _, err := session.Accept(parse(t, lines("v=0", "c=IN IP4 192.0.2.9", "m=image 0 udptl t38", "m=audio 4000 RTP/AVP 8", "m=video 0 RTP/AVP 99"))); err != nil {
		t.Fatal(err)
	}
	if got := session.Agreement().Codec.Codec; got != sdp.PCMA {
		t.Errorf("agreed on %s", got)
	}
}

func TestOurOfferKeepsTheProtocolOfTheSession(t *testing.T) {
	session := sdp.NewSession(7)
	answer(t, &session, linphone, us6(sdp.PCMU))
	if got := audioLines(session.Offer(us6(sdp.PCMU)))[0]; got != "m=audio 40000 RTP/AVPF 0 98" {
		t.Errorf("the offer has the line %s", got)
	}
}

// TestOpusIsKeptAndNotBegunLater: the other leg of a call has Opus or has not, and
// nothing here makes one of the other.
func TestOpusIsKeptAndNotBegunLater(t *testing.T) {
	both := us(sdp.PCMU, sdp.Opus)
	opusLast := strings.Replace(call("192.0.2.9"), "AVP 0", "AVP 0 96\r\na=rtpmap:96 opus/48000/2", 1)
	opusFirst := strings.Replace(opusLast, "AVP 0 96", "AVP 96 0", 1)
	opusAlone := strings.Replace(opusLast, "AVP 0 96", "AVP 96", 1)
	g711 := call("192.0.2.9")
	for _, c := range []struct {
		name   string
		offers []string
		want   sdp.Codec
	}{
		{"they have come to like something else better", []string{opusFirst, opusLast}, sdp.Opus},
		{"they do not have it any more", []string{opusFirst, g711}, sdp.PCMU},
		{"they have it again", []string{opusFirst, g711, opusFirst}, sdp.PCMU},
		{"they did not like it best", []string{opusLast, opusFirst}, sdp.PCMU},
		{"they did not have it", []string{g711, opusFirst}, sdp.PCMU},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			for _, offer := range c.offers {
				answer(t, &session, offer, both)
			}
			if got := session.Agreement().Codec.Codec; got != c.want {
				t.Errorf("agreed on %s, want %s", got, c.want)
			}
			offered := slices.ContainsFunc(session.Offer(both).Media[0].Formats, func(f sdp.Format) bool { return f.Codec == sdp.Opus })
			if offered != (c.want == sdp.Opus) {
				t.Errorf("offered again: %v", offered)
			}
		})
	}
	session := sdp.NewSession(7)
	answer(t, &session, g711, both)
	if _, _, err := session.Answer(parse(t, opusAlone), both); err == nil {
		t.Error("Opus alone was taken in a call without it")
	}
}

func TestNumbersKeepTheirMeaning(t *testing.T) {
	opus, keys := sdp.Format{Payload: 101, Codec: sdp.Opus}, sdp.TelephoneEvent(48000)
	session := sdp.NewSession(7)
	answer(t, &session, strings.Replace(call("192.0.2.9"), "AVP 0", "AVP 101 96\r\na=rtpmap:101 opus/48000/2\r\na=rtpmap:96 x/8000", 1), us(sdp.Opus))
	for _, f := range session.Offer(us(sdp.Opus)).Media[0].Formats {
		if f.Codec == sdp.Opus && f != opus || f.Codec == keys && f.Payload != 97 {
			t.Errorf("%s has the number %d, which stands for another, or changed", f.Codec, f.Payload)
		}
	}

	// The other side counts otherwise than we: our numbers stay ours.
	session = sdp.NewSession(7)
	first := session.Offer(us(sdp.Opus))
	if _, err := session.Accept(parse(t, lines("v=0", "c=IN IP4 192.0.2.9", "m=audio 4000 RTP/AVP 98 99", "a=rtpmap:98 opus/48000/2", "a=rtpmap:99 telephone-event/48000"))); err != nil {
		t.Fatal(err)
	}
	if second := session.Offer(us(sdp.Opus)); second != first {
		t.Errorf("the second offer is\n%s, not\n%s", second.Bytes(), first.Bytes())
	}
}

func TestNumberOfAnAnswerIsNotOurs(t *testing.T) {
	session := sdp.NewSession(7)
	session.Offer(us(sdp.PCMU))
	if _, err := session.Accept(parse(t, lines("v=0", "c=IN IP4 192.0.2.9", "m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 x/8000"))); err != nil {
		t.Fatal(err)
	}
	for _, f := range session.Offer(us(sdp.PCMU, "L16/16000")).Media[0].Formats {
		if f.Payload == 96 {
			t.Errorf("%s has the number of another codec", f.Codec)
		}
	}
}

func TestNumbersThatAreAllTakenAreNotOffered(t *testing.T) {
	var taken strings.Builder
	for n := 96; n < 128; n++ {
		taken.WriteString(" " + strconv.Itoa(n))
	}
	offer := strings.Replace(call("192.0.2.9"), "AVP 0", "AVP 0"+taken.String(), 1)
	for number := range strings.FieldsSeq(taken.String()) {
		offer += "a=rtpmap:" + number + " x" + number + "/8000\r\n"
	}
	session := sdp.NewSession(7)
	answer(t, &session, offer, us())
	if diff := cmp.Diff([]sdp.Format{{Payload: 0, Codec: sdp.PCMU}}, session.Offer(us(sdp.PCMU, "L16/16000")).Media[0].Formats); diff != "" {
		t.Errorf("offered (-want +got):\n%s", diff)
	}
}
