package sdp_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	strict "github.com/pion/sdp/v3"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

var (
	aCodec     = rapid.SampledFrom([]sdp.Codec{sdp.PCMU, sdp.PCMA, sdp.G722, sdp.Opus, "G729/8000", "L16/44100/2", sdp.TelephoneEvent(8000), sdp.TelephoneEvent(48000), ""})
	aDirection = rapid.SampledFrom([]sdp.Direction{sdp.SendRecv, sdp.RecvOnly, sdp.SendOnly, sdp.Inactive})
	aPtime     = rapid.Map(rapid.IntRange(0, 1000), func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond })
	anAddress  = rapid.SampledFrom([]netip.Addr{netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("198.51.100.1"),
		netip.MustParseAddr("2001:db8::7"), netip.IPv4Unspecified(), netip.IPv6Unspecified(), {}})

	// static are the codecs of numbers that always mean the same.
	static = map[uint8]sdp.Codec{0: sdp.PCMU, 8: sdp.PCMA, 9: sdp.G722}
)

// aSound is a line that may be agreed on.
var aSound = rapid.Custom(func(t *rapid.T) sdp.Media {
	m := sdp.Media{
		Kind: "audio", Port: rapid.Uint16Min(1).Draw(t, "port"), Protocol: rapid.SampledFrom([]string{"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "UDP/TLS/RTP/SAVPF"}).Draw(t, "protocol"),
		Address: anAddress.Draw(t, "address"), Direction: aDirection.Draw(t, "direction"), Ptime: aPtime.Draw(t, "ptime"), MaxPtime: aPtime.Draw(t, "maxptime"),
	}
	numbers := rapid.SampledFrom([]uint8{0, 8, 9, 96, 97, 98, 101, 111, 127})
	for _, number := range rapid.SliceOfNDistinct(numbers, 1, 6, func(n uint8) uint8 { return n }).Draw(t, "numbers") {
		f := sdp.Format{Payload: number, Codec: static[number], Params: rapid.SampledFrom([]string{"", "0-15", "0-16", "minptime=10;useinbandfec=1"}).Draw(t, "params")}
		if f.Codec == "" {
			f.Codec = aCodec.Draw(t, "codec")
		}
		m.Formats = append(m.Formats, f)
	}
	return m
})

// aLine is any line.
var aLine = rapid.OneOf(aSound, aSound, rapid.Custom(func(t *rapid.T) sdp.Media {
	return sdp.Media{
		Kind: rapid.SampledFrom([]string{"video", "image", "application", "text"}).Draw(t, "kind"), Port: rapid.Uint16().Draw(t, "port"),
		Protocol: rapid.SampledFrom([]string{"udptl", "RTP/AVP", "UDP/DTLS/SCTP"}).Draw(t, "protocol"),
		Others:   rapid.SampledFrom([][]string{{"t38"}, {"99", "31"}, {"webrtc-datachannel"}}).Draw(t, "formats"),
	}
}), rapid.Just(sdp.Media{Kind: "audio", Protocol: "RTP/AVP", Others: []string{"0"}}))

var aDescription = rapid.Custom(func(t *rapid.T) *sdp.Description {
	return &sdp.Description{
		Origin: sdp.Origin{ID: rapid.Uint64().Draw(t, "id"), Version: rapid.Uint64().Draw(t, "version"), Address: rapid.SampledFrom([]string{"192.0.2.9", "2001:db8::7", "pbx.example.net"}).Draw(t, "host")},
		Media:  rapid.SliceOfN(aLine, 0, 5).Draw(t, "lines"),
	}
})

var aLocal = rapid.Custom(func(t *rapid.T) sdp.Local {
	codecs := rapid.SliceOfNDistinct(rapid.SampledFrom([]sdp.Codec{sdp.PCMU, sdp.PCMA, sdp.G722, sdp.Opus}), 1, 4, func(c sdp.Codec) sdp.Codec { return c }).Draw(t, "codecs")
	local := us(codecs...)
	if rapid.Bool().Draw(t, "IPv6") {
		local = us6(codecs...)
	}
	local.Direction = aDirection.Draw(t, "ours")
	return local
})

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := aDescription.Draw(t, "description")
		got := parse(t, string(want.Bytes()))
		if len(got.Media) == 0 && len(want.Media) == 0 {
			got.Media = want.Media
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Fatalf("%s (-written +read):\n%s", want.Bytes(), diff)
		}
	})
}

func TestAnswersKeepTheRulesOfOffers(t *testing.T) {
	answered := 0
	rapid.Check(t, func(t *rapid.T) {
		offer, local := aDescription.Draw(t, "offer"), aLocal.Draw(t, "local")
		session := sdp.NewSession(7)
		got, _, err := session.Answer(offer, local)
		if _, refused := errors.AsType[*sdp.UnacceptableError](err); refused {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		answered++
		if broken := breaks(offer, got); broken != "" {
			t.Fatalf("%s, by\n%s\nto\n%s", broken, got.Bytes(), offer.Bytes())
		}
		readStrictly(t, got)
	})
	if answered == 0 {
		t.Error("no offer was answered")
	}
}

// breaks returns what an answer may not do by RFC 3264 section 6, or "".
func breaks(offer, answer *sdp.Description) string {
	if len(offer.Media) != len(answer.Media) {
		return fmt.Sprintf("%d lines are answered with %d", len(offer.Media), len(answer.Media))
	}
	sounds := 0
	for i, theirs := range offer.Media {
		ours := answer.Media[i]
		switch {
		case ours.Kind != theirs.Kind || ours.Protocol != theirs.Protocol:
			return fmt.Sprintf("line %d is another's", i+1)
		case ours.Port == 0:
			continue
		case theirs.Port == 0:
			return fmt.Sprintf("line %d was refused, and is not", i+1)
		case ours.Direction.Sends() && (!theirs.Direction.Receives() || theirs.Address.IsUnspecified()):
			return fmt.Sprintf("line %d sends to one that does not receive", i+1)
		case ours.Direction.Receives() && !theirs.Direction.Sends():
			return fmt.Sprintf("line %d waits for one that does not send", i+1)
		}
		sounds++
		for _, f := range ours.Formats {
			if !slices.ContainsFunc(theirs.Formats, func(t sdp.Format) bool { return t.Payload == f.Payload && t.Codec == f.Codec }) {
				return fmt.Sprintf("line %d has %d %s, which was not offered", i+1, f.Payload, f.Codec)
			}
		}
		if len(ours.Formats) == 2 && ours.Formats[1].Codec.ClockRate() != ours.Formats[0].Codec.ClockRate() && !hasKeysOf8000Alone(theirs.Formats) {
			return fmt.Sprintf("line %d has keys of another clock", i+1)
		}
	}
	if sounds != 1 {
		return fmt.Sprintf("%d lines of sound are taken", sounds)
	}
	return ""
}

// hasKeysOf8000Alone reports whether a line has Opus, and no keys of its clock rate.
func hasKeysOf8000Alone(formats []sdp.Format) bool {
	has := func(c sdp.Codec) bool {
		return slices.ContainsFunc(formats, func(f sdp.Format) bool { return f.Codec == c })
	}
	return has(sdp.Opus) && has(sdp.TelephoneEvent(8000)) && !has(sdp.TelephoneEvent(48000))
}

// readStrictly reads a description of ours with a reader of another house,
// which forgives little. It knows no m=image.
func readStrictly(t *rapid.T, d *sdp.Description) {
	text := strings.ReplaceAll(strings.ReplaceAll(string(d.Bytes()), "m=image", "m=video"), "udptl", "UDP")
	var read strict.SessionDescription
	if err := read.UnmarshalString(text); err != nil {
		t.Fatalf("%v, of\n%s", err, text)
	}
	if written, err := read.Marshal(); err != nil || string(written) != text {
		t.Fatalf("it reads\n%s\n(%v), of\n%s", written, err, text)
	}
}

// Two of us, who offer and answer in turn with all that a call changes, always
// agree: what one sends the other takes, by the number that it said.
func TestTwoSessionsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sessions := [2]sdp.Session{sdp.NewSession(1), sdp.NewSession(2)}
		said := [2]map[uint64]string{{}, {}}
		say := func(who int, d *sdp.Description) *sdp.Description {
			text := string(d.Bytes())
			if before, ok := said[who][d.Origin.Version]; ok && before != text {
				t.Fatalf("one version says\n%s\nand\n%s", before, text)
			}
			said[who][d.Origin.Version] = text
			readStrictly(t, d)
			return parse(t, text)
		}
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			offerer := rapid.IntRange(0, 1).Draw(t, "offerer")
			one, other := &sessions[offerer], &sessions[1-offerer]
			first, second := aLocal.Draw(t, "first"), aLocal.Draw(t, "second")
			offer := say(offerer, one.Offer(first))
			answer, _, err := other.Answer(offer, second)
			if err != nil {
				one.Withdraw()
				continue
			}
			if _, err := one.Accept(say(1-offerer, answer)); err != nil {
				t.Fatalf("%v, from\n%s\nto\n%s", err, answer.Bytes(), offer.Bytes())
			}
			a, b := one.Agreement(), other.Agreement()
			if a.Direction.Sends() != b.Direction.Receives() || b.Direction.Sends() != a.Direction.Receives() {
				t.Fatalf("one is %s, the other %s", a.Direction, b.Direction)
			}
			if a.Codec.Codec != b.Codec.Codec || a.Events.Codec != b.Events.Codec || !takes(a, b) || !takes(b, a) {
				t.Fatalf("agreed on %+v and %+v", a, b)
			}
		}
	})
}

// takes reports whether one takes what the other sends.
func takes(one, other sdp.Agreement) bool {
	for _, sent := range []sdp.Format{other.Codec, other.Events} {
		if sent.Codec != "" && !slices.ContainsFunc(one.Receive, func(f sdp.Format) bool { return f.Payload == sent.Payload && f.Codec == sent.Codec }) {
			return false
		}
	}
	return true
}
