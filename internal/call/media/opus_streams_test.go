package media_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// opusWithKeysOf8000 is what is agreed on with a phone that has Opus, and keys as
// beside G.711.
func opusWithKeysOf8000(p *phone) sdp.Agreement {
	a := agreed(sdp.Opus, 20*ms, p.from)
	a.Events.Codec = sdp.TelephoneEvent(8000)
	a.Receive = []sdp.Format{a.Codec, a.Events}
	return a
}

// durations returns those of the packets of keys, and how many timestamps these have.
func durations(packets []packet) (all []uint16, timestamps int) {
	var seen []uint32
	for _, p := range packets {
		if p.PayloadType == 101 {
			all = append(all, binary.BigEndian.Uint16(p.Payload[2:]))
			seen = append(seen, p.Timestamp)
		}
	}
	return all, len(slices.Compact(seen))
}

// TestKeysBesideOpusCountAsTheirFormatSays: a phone that has them at 8000 Hz alone takes
// their durations so, and their timestamps as those of its Opus.
func TestKeysBesideOpusCountAsTheirFormatSays(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.Opus, 20*ms, media.Rules{})
	p.leg.Agree(opusWithKeysOf8000(p))
	s.pass(200 * ms)
	p.listen()
	if err := p.leg.Press("5"); err != nil {
		t.Fatal(err)
	}
	s.pass(400 * ms)
	packets := p.listen()
	got, timestamps := durations(packets)
	if diff := cmp.Diff([]uint16{160, 320, 480, 640, 800, 800, 800}, got); diff != "" || timestamps != 1 {
		t.Errorf("with %d timestamps, durations (-want +got):\n%s", timestamps, diff)
	}
	first, last := packets[0], packets[len(packets)-1]
	if passed, counted := (last.At-first.At)/ms, (last.Timestamp-first.Timestamp)/48; int(passed) != int(counted) {
		t.Errorf("%d ms have passed, the timestamps say %d", passed, counted)
	}
}

// TestTimeGoesOnWhileAKeyIsPassedOn: also where no sound is said beside it. The packets
// that say its end again take no time of their own.
func TestTimeGoesOnWhileAKeyIsPassedOn(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	a, b := s.join(sdp.Opus, sdp.Opus)
	a.leg.Agree(opusWithKeysOf8000(a))
	b.leg.Agree(opusWithKeysOf8000(b))
	a.talk(false)
	s.pass(200 * ms)
	b.listen()
	a.press(8, all, false)
	s.pass(300 * ms)
	packets := b.listen()
	if got, _ := durations(packets); len(got) == 0 || got[0] != 160 {
		t.Errorf("the durations are %d", got)
	}
	first, last := packets[0], packets[len(packets)-1]
	if passed, counted := int((last.At-first.At)/ms), int(last.Timestamp-first.Timestamp)/48; counted < passed-50 || counted > passed {
		t.Errorf("%d ms have passed, the timestamps say %d", passed, counted)
	}
}

// TestAnotherClockIsAnotherStream: a far end counts the jitter and the losses of one
// source by one clock. RTCP says that the one before has ended.
func TestAnotherClockIsAnotherStream(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.Opus, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(5 * 1000 * ms)
	before := p.listen()
	p.leg.Agree(agreed(sdp.G722, 20*ms, p.from))
	s.pass(5 * 1000 * ms)
	after := p.listen()
	one, other := before[0].SSRC, after[len(after)-1].SSRC
	if one == other || after[len(after)-200].SSRC != other {
		t.Errorf("the streams are %x and %x", one, other)
	}
	at := slices.IndexFunc(after, func(p packet) bool { return p.SSRC == other })
	if !after[at].Marker {
		t.Error("the other begins without a marker")
	}
	unbroken(t, after[at:], 160)
	reports, _ := p.reports()
	var left bool
	var last *rtcp.SenderReport
	for _, r := range reports {
		switch r := r.(type) {
		case *rtcp.Goodbye:
			left = left || r.Sources[0] == one
		case *rtcp.SenderReport:
			last = r
		}
	}
	if !left || last == nil || last.SSRC != other || last.PacketCount > 251 {
		t.Errorf("RTCP says that the first has ended: %v, and of the other %+v", left, last)
	}
	p.leg.Agree(agreed(sdp.PCMU, 20*ms, p.from))
	s.pass(100 * ms)
	if packets := p.listen(); packets[len(packets)-1].SSRC != other {
		t.Error("another codec of the same clock is another stream")
	}
	if record := p.hangUp(); record.Sent.Packets < 500 {
		t.Errorf("the record has %d packets", record.Sent.Packets)
	}
}
