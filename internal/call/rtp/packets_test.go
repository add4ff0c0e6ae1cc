package rtp_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

const ms = time.Millisecond

var voice = rtp.Header{PayloadType: 8, Marker: true, Sequence: 0xfedc, Timestamp: 0x01020304, SSRC: 0xa0b0c0d0}

// datagram returns a packet as it is sent.
func datagram(h rtp.Header, payload []byte) []byte {
	b := make([]byte, rtp.HeaderSize, rtp.HeaderSize+len(payload))
	h.Put(b)
	return append(b, payload...)
}

// bytesOf returns the bytes of several pieces, one after another.
func bytesOf(pieces ...[]byte) []byte { return bytes.Join(pieces, nil) }

func TestPacketsAreReadWhateverTheyCarryBesideTheSound(t *testing.T) {
	head := datagram(voice, nil)
	with := func(bits byte) []byte {
		b := bytes.Clone(head)
		b[0] |= bits
		return b
	}
	csrcs := make([]byte, 15*4)
	extension := []byte{0xbe, 0xde, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8}
	sound := []byte("sound")
	for _, c := range []struct {
		name     string
		datagram []byte
		want     string
	}{
		{"nothing", bytesOf(head, sound), "sound"},
		{"no sound either", head, ""},
		{"fifteen CSRCs", bytesOf(with(15), csrcs, sound), "sound"},
		{"a header extension", bytesOf(with(0x10), extension, sound), "sound"},
		{"an empty header extension", bytesOf(with(0x10), []byte{0, 0, 0, 0}, sound), "sound"},
		{"padding", bytesOf(with(0x20), sound, []byte{0, 0, 3}), "sound"},
		{"padding of one byte", bytesOf(with(0x20), sound, []byte{1}), "sound"},
		{"padding alone", bytesOf(with(0x20), []byte{0, 0, 0, 4}), ""},
		{"all of them", bytesOf(with(0x3f), csrcs, extension, sound, []byte{0, 2}), "sound"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, kind := rtp.Read(c.datagram)
			if kind != rtp.RTP || string(p.Payload) != c.want {
				t.Errorf("kind %d, payload %q, want %q", kind, p.Payload, c.want)
			}
			if diff := cmp.Diff(voice, p.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoPacketIsToldApart(t *testing.T) {
	head := datagram(voice, nil)
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(head)
		b[at] = to
		return b
	}
	stun := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...)
	longer := append(bytes.Clone(stun), 0, 0, 0, 0)
	for _, c := range []struct {
		name     string
		datagram []byte
		want     rtp.Kind
	}{
		{"nothing", nil, rtp.Noise},
		{"one byte", []byte{0x80}, rtp.Noise},
		{"a header cut short", head[:11], rtp.Noise},
		{"version 1", changed(0, 0x40), rtp.Noise},
		{"version 3", changed(0, 0xc0), rtp.Noise},
		{"CSRCs that are not there", changed(0, 0x81), rtp.Noise},
		{"an extension that is not there", changed(0, 0x90), rtp.Noise},
		{"an extension cut short", append(changed(0, 0x90), 0, 0, 0, 1), rtp.Noise},
		{"padding of no byte", append(changed(0, 0xa0), 0), rtp.Noise},
		{"more padding than packet", append(changed(0, 0xa0), 2), rtp.Noise},
		{"CR LF, which keeps a binding open", []byte("\r\n\r\n"), rtp.Noise},
		{"SIP", []byte("OPTIONS sip:x SIP/2.0\r\n\r\n")[:10], rtp.Noise},
		{"ZRTP", append([]byte{0x10, 0, 0, 0, 'Z', 'R', 'T', 'P'}, make([]byte, 20)...), rtp.Noise},

		{"RTCP, its first type", changed(1, 192), rtp.RTCP},
		{"RTCP, a sender report", changed(1, 200), rtp.RTCP},
		{"RTCP, its last type", changed(1, 223), rtp.RTCP},
		{"RTCP of a header alone", changed(1, 200)[:4], rtp.Noise},
		{"the highest payload type before RTCP", changed(1, 191), rtp.RTP},
		{"the lowest one after", changed(1, 224), rtp.RTP},
		{"a dynamic payload type without a marker", changed(1, 101), rtp.RTP},

		{"STUN", stun, rtp.STUN},
		{"STUN of another length", longer, rtp.Noise},
		{"STUN without its cookie", make([]byte, 20), rtp.Noise},
		{"DTLS, a client hello", append([]byte{22, 0xfe, 0xff}, make([]byte, 50)...), rtp.DTLS},
		{"DTLS of a header cut short", []byte{22, 0xfe, 0xff, 0}, rtp.Noise},
	} {
		t.Run(c.name, func(t *testing.T) {
			if p, kind := rtp.Read(c.datagram); kind != c.want || kind != rtp.RTP && p.Payload != nil {
				t.Errorf("kind %d, want %d", kind, c.want)
			}
		})
	}
}

func TestHeadersAreReadAsTheyWerePut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := header(t)
		payload := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload")
		p, kind := rtp.Read(datagram(want, payload))
		if kind != rtp.RTP || p.Header != want || !bytes.Equal(p.Payload, payload) {
			t.Fatalf("kind %d: %+v, want %+v", kind, p, want)
		}
	})
}

// header draws any header but those that RTCP takes up.
func header(t *rapid.T) rtp.Header {
	h := rtp.Header{
		PayloadType: rapid.Uint8Range(0, 127).Draw(t, "payload type"),
		Marker:      rapid.Bool().Draw(t, "marker"),
		Sequence:    rapid.Uint16().Draw(t, "sequence"),
		Timestamp:   rapid.Uint32().Draw(t, "timestamp"),
		SSRC:        rapid.Uint32().Draw(t, "SSRC"),
	}
	h.Marker = h.Marker && (h.PayloadType < 64 || h.PayloadType > 95)
	return h
}

func TestAPacketIsPassedOnInItsBuffer(t *testing.T) {
	other := rtp.Header{PayloadType: 0, Sequence: 7, Timestamp: 160, SSRC: 9}
	head := datagram(voice, nil)
	head[0] |= 0x32 // padding, an extension, two CSRCs
	for name, b := range map[string][]byte{
		"as it came": datagram(voice, []byte("sound")),
		"with less":  bytesOf(head, make([]byte, 8), []byte{0, 0, 0, 1, 1, 2, 3, 4}, []byte("sound"), []byte{0, 2}),
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := rtp.Read(b)
			if diff := cmp.Diff(datagram(other, []byte("sound")), p.Rewrite(b, other)); diff != "" {
				t.Errorf("packet (-want +got):\n%s", diff)
			}
		})
	}
}
