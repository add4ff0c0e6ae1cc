package sdp_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// lines returns a description of the given lines.
func lines(line ...string) string { return strings.Join(line, "\r\n") + "\r\n" }

// The offers of phones, exchanges and browsers, in the shapes that they have by
// their documentation and the RFCs.
var (
	baresip = lines("v=0", "o=- 3909738501 1437024517 IN IP4 192.0.2.10", "s=-", "c=IN IP4 192.0.2.10", "t=0 0", "a=tool:baresip 3.5.0",
		"m=audio 21060 RTP/AVP 96 9 0 8 101", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 stereo=1;sprop-stereo=1", "a=rtpmap:9 G722/8000",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=rtcp:21061",
		"a=rtcp-rsize", "a=sendrecv", "a=label:1", "a=ptime:20")

	asterisk = lines("v=0", "o=- 1764512345 1764512345 IN IP4 198.51.100.4", "s=Asterisk", "c=IN IP4 198.51.100.4", "t=0 0",
		"m=audio 14022 RTP/AVP 8 0 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000",
		"a=fmtp:101 0-16", "a=ptime:20", "a=maxptime:140", "a=sendrecv")

	freeSWITCH = lines("v=0", "o=FreeSWITCH 1764498111 1764498112 IN IP4 203.0.113.9", "s=FreeSWITCH", "c=IN IP4 203.0.113.9", "t=0 0",
		"m=audio 27314 RTP/AVP 102 9 8 0 103 101 13", "a=rtpmap:102 opus/48000/2",
		"a=fmtp:102 useinbandfec=1; maxaveragebitrate=30000; maxplaybackrate=48000; ptime=20; minptime=10; maxptime=40",
		"a=rtpmap:9 G722/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:103 telephone-event/48000", "a=fmtp:103 0-15",
		"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=rtpmap:13 CN/8000", "a=ptime:20")

	cisco = lines("v=0", "o=CiscoSystemsCCM-SIP 2000 1 IN IP4 10.10.4.2", "s=SIP Call", "c=IN IP4 10.10.4.31", "b=TIAS:64000", "b=AS:64",
		"t=0 0", "m=audio 24590 RTP/AVP 0 8 18 101", "b=TIAS:64000", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=rtpmap:8 PCMA/8000",
		"a=ptime:20", "a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15",
		"m=video 0 RTP/AVP 31 34", "b=TIAS:384000", "a=label:11", "m=application 0 RTP/AVP 125", "a=rtpmap:125 H224/4800")

	polycom = lines("v=0", "o=- 1764512001 1764512001 IN IP4 172.16.0.55", "s=Polycom IP Phone", "c=IN IP4 172.16.0.55", "t=0 0",
		"a=sendrecv", "m=audio 2226 RTP/SAVP 9 0 127", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0",
		"a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:127 telephone-event/8000",
		"m=audio 2228 RTP/AVP 9 0 127", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:127 telephone-event/8000")

	browser = lines("v=0", "o=mozilla 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=ice-options:trickle",
		"a=msid-semantic: WMS", "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 110 126", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
		"a=ice-ufrag:Yk3x", "a=ice-pwd:aB9cD8eF7gH6iJ5kL4mN3oP2", "a=fingerprint:sha-256 12:34:56", "a=setup:actpass", "a=mid:0", "a=rtcp-mux",
		"a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:63 red/48000/2",
		"a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:110 telephone-event/48000",
		"a=rtpmap:126 telephone-event/8000")

	linphone = lines("v=0", "o=alice 2890 1990 IN IP6 2001:db8::7", "s=Talk", "c=IN IP6 2001:db8::7", "t=0 0",
		"a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics", "m=audio 7078 RTP/AVPF 96 0 97 98",
		"a=rtpmap:96 opus/48000/2", "a=fmtp:96 useinbandfec=1", "a=rtpmap:97 telephone-event/48000", "a=rtpmap:98 telephone-event/8000",
		"a=rtcp-fb:* trr-int 1000", "m=video 9078 RTP/AVPF 99", "a=rtpmap:99 VP8/90000")

	oldGateway = "v=0\no=gw 8 8 IN IP4 198.51.100.77\ns=call\nt=0 0\nm=audio 16384/1 rtp/avp 18 0 8\na=ptime:30\nc=IN IP4 198.51.100.77\nb=X-foo:bar"

	fax = lines("v=0", "o=- 5 6 IN IP4 198.51.100.4", "s=-", "c=IN IP4 198.51.100.4", "t=0 0", "m=image 4000 udptl t38",
		"a=T38FaxVersion:0", "a=T38MaxBitRate:14400")

	onlyG729 = lines("v=0", "o=- 5 6 IN IP4 198.51.100.4", "s=-", "c=IN IP4 198.51.100.4", "t=0 0", "m=audio 4000 RTP/AVP 18 4 101",
		"a=rtpmap:18 G729/8000", "a=rtpmap:101 telephone-event/8000")
)

var everyOffer = []string{baresip, asterisk, freeSWITCH, cisco, polycom, browser, linphone, oldGateway, fax, onlyG729}

// us is our side: sound at an address of documentation.
func us(codecs ...sdp.Codec) sdp.Local {
	if codecs == nil {
		codecs = []sdp.Codec{sdp.G722, sdp.PCMU, sdp.PCMA}
	}
	return sdp.Local{Address: netip.MustParseAddrPort("192.0.2.1:40000"), Codecs: codecs}
}

// preferring is us, with a codec that the other leg has.
func preferring(codec sdp.Codec) sdp.Local {
	local := us()
	local.Prefer = codec
	return local
}

// us6 is the same, in IPv6.
func us6(codecs ...sdp.Codec) sdp.Local {
	local := us(codecs...)
	local.Address = netip.MustParseAddrPort("[2001:db8::1]:40000")
	return local
}

func parse(t interface {
	Helper()
	Fatal(...any)
}, text string) *sdp.Description {
	t.Helper()
	d, err := sdp.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// audioLines returns the m= lines and the a= lines of an answer.
func audioLines(d *sdp.Description) []string {
	var found []string
	for line := range strings.Lines(string(d.Bytes())) {
		if strings.HasPrefix(line, "m=") || strings.HasPrefix(line, "a=") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

func answer(t *testing.T, session *sdp.Session, offer string, local sdp.Local) *sdp.Description {
	t.Helper()
	d, _, err := session.Answer(parse(t, offer), local)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
