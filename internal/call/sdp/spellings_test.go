package sdp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestSpellingsOfOneDescriptionHaveOneAnswer(t *testing.T) {
	plain := lines("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
		"m=audio 4000 RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:30", "a=sendonly")
	session := sdp.NewSession(7)
	want := string(answer(t, &session, plain, us()).Bytes())
	if !strings.Contains(want, "a=recvonly") || !strings.Contains(want, "a=ptime:30") {
		t.Fatalf("the answer lacks what was asked for:\n%s", want)
	}
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(plain) }
	for _, c := range []struct{ name, text string }{
		{"LF", replaced("\r\n", "\n")},
		{"CR", replaced("\r\n", "\r")},
		{"no last newline", strings.TrimSuffix(plain, "\r\n")},
		{"no last newline, LF", strings.TrimSuffix(replaced("\r\n", "\n"), "\n")},
		{"empty lines", replaced("\r\n", "\r\n\r\n")},
		{"blanks", replaced("\r\n", " \r\n", "rtpmap:0 ", "rtpmap: 0  ", "a=", " a = ")},
		{"c= of the m= line", replaced("c=IN IP4 192.0.2.9\r\n", "", "a=ptime:30", "a=ptime:30\r\nc=IN IP4 192.0.2.9")},
		{"c= of both", replaced("c=IN IP4 192.0.2.9", "c=IN IP4 192.0.2.200", "a=ptime:30", "c=IN IP4 192.0.2.9\r\na=ptime:30")},
		{"c= twice, as for layers", replaced("a=ptime:30", "c=IN IP4 192.0.2.9\r\nc=IN IP6 2001:db8::1\r\na=ptime:30")},
		{"direction of the session", replaced("a=sendonly\r\n", "", "t=0 0", "t=0 0\r\na=sendonly")},
		{"direction of both", replaced("t=0 0", "t=0 0\r\na=inactive")},
		{"lines that nobody knows", replaced("t=0 0", "t=0 0\r\nx=1\r\nnothing\r\n=\r\nb=odd\r\nk=prompt\r\na=silly\r\na=:", "a=ptime", "i=title\r\na=ptime")},
		{"another case", replaced("PCMU", "pcmu", "telephone-event", "Telephone-Event", "a=rtpmap", "a=RTPMAP", "sendonly", "SendOnly")},
		{"no rtpmap of what needs none", replaced("a=rtpmap:0 PCMU/8000\r\n", "")},
		{"one channel", replaced("PCMU/8000", "PCMU/8000/1", "event/8000", "event/8000/1")},
		{"no clock rate", replaced("PCMU/8000", "PCMU", "event/8000", "event")},
		{"formats twice, and of no RTP", replaced("0 101\r", "0 101 0 300 101 x\r")},
		{"another name of a number that needs none", replaced("0 PCMU/8000", "0 PCMA/8000")},
		{"a fraction", replaced("ptime:30", "ptime:30.0")},
		{"two fmtp", replaced("a=ptime", "a=fmtp:101 0-16\r\na=ptime")},
		{"no o=, s=, t=", replaced("o=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n", "", "t=0 0\r\n", "")},
		{"an o= of words", replaced("o=- 1 1", "o=the phone - -")},
		{"a time to live", replaced("c=IN IP4 192.0.2.9", "c=IN IP4 192.0.2.9/127")},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			if diff := cmp.Diff(want, string(answer(t, &session, c.text, us()).Bytes())); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCodecsHaveOneName(t *testing.T) {
	for _, c := range []struct {
		rtpmap string
		want   sdp.Codec
	}{
		{"g722/8000", sdp.G722},
		{"G722/16000", sdp.G722}, // corrected by the phone
		{"OPUS/48000/2", sdp.Opus},
		{"opus/48000", sdp.Opus},
		{"L16/44100/2", "L16/44100/2"},
		{"iLBC/8000", "iLBC/8000"},
		{"TELEPHONE-EVENT/48000", sdp.TelephoneEvent(48000)},
		{"PCMU/0", ""},
		{"PCMU/-8000", ""},
		{"PCMU/many", ""},
		{`a"b/8000`, ""},
		{"/8000", ""},
	} {
		d := parse(t, lines("v=0", "m=audio 4000 RTP/AVP 97", "a=rtpmap:97 "+c.rtpmap))
		if got := d.Media[0].Formats[0].Codec; got != c.want {
			t.Errorf("%s is %q, want %q", c.rtpmap, got, c.want)
		}
	}
	for _, c := range []struct {
		codec         sdp.Codec
		clock, sample int
	}{{sdp.PCMU, 8000, 8000}, {sdp.G722, 8000, 16000}, {sdp.Opus, 48000, 48000}, {"", 0, 0}} {
		if clock, sample := c.codec.ClockRate(), c.codec.SampleRate(); clock != c.clock || sample != c.sample {
			t.Errorf("%q has the rates %d and %d, want %d and %d", c.codec, clock, sample, c.clock, c.sample)
		}
	}
}

func TestWhatIsNoDescriptionIsInvalid(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "neither a v= nor an m= line"},
		{"prose", "hello\r\nthere", "neither a v= nor an m= line"},
		{"a port too high", "v=0\r\nm=audio 70000 RTP/AVP 0", "m= line 1"},
		{"no port", "v=0\r\nm=audio x RTP/AVP 0", "m= line 1"},
		{"too few words", "v=0\r\nm=audio 4000 RTP/AVP 0\r\nm=video 4000", "m= line 2"},
		{"a word too long", "v=0\r\nm=audio 4000 RTP/AVP " + strings.Repeat("9", 65), "m= line 1"},
		{"a word that is none", "v=0\r\nm=audio 4000 RTP/AVP \x00", "m= line 1"},
		{"too long", "v=0\r\n" + strings.Repeat("a=x\r\n", 20_000), "is the limit"},
		{"too many lines of media", "v=0\r\n" + strings.Repeat("m=audio 1 RTP/AVP 0\r\n", 33), "more than 32 m= lines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := sdp.Parse([]byte(c.text))
			if fault.CodeOf(err) != fault.Invalid || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to be invalid: %s", err, c.want)
			}
		})
	}
}
