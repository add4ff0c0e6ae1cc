package rtp_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// arriving is a packet of an event, when it arrives.
type arriving struct {
	at        time.Duration
	timestamp uint32
	code      uint8
	end       bool
	duration  uint16
	marker    bool
}

func (a arriving) packet() rtp.Packet {
	second := byte(10)
	if a.end {
		second |= 0x80
	}
	h := rtp.Header{PayloadType: 101, Marker: a.marker, Timestamp: a.timestamp, SSRC: 1}
	p, _ := rtp.Read(datagram(h, []byte{a.code, second, byte(a.duration >> 8), byte(a.duration)}))
	return p
}

// pressed returns the packets of a key at 8000 Hz as most phones send them: one
// every 20 ms, the last three with the end, the first of duration 0.
func pressed(at time.Duration, timestamp uint32, code uint8, packets int) []arriving {
	var sent []arriving
	for i := range packets {
		sent = append(sent, arriving{at + time.Duration(i)*20*ms, timestamp, code, i >= packets-3, uint16(160 * min(i, packets-3)), i == 0})
	}
	return sent
}

// heard runs the packets, and then the clock for a second.
func heard(events *rtp.Events, rate int, packets []arriving) []rtp.Event {
	var told []rtp.Event
	var now time.Duration
	for _, p := range packets {
		for ; now < p.at; now += 20 * ms {
			told = events.Tick(told, now)
		}
		told = events.Step(told, p.packet(), rate, p.at)
	}
	return events.Tick(told, now+time.Second)
}

// keysOf returns the keys that began, and fails unless each ended before the next.
func keysOf(t interface{ Errorf(string, ...any) }, told []rtp.Event) string {
	var keys strings.Builder
	for i, e := range told {
		if e.Ended != (i%2 == 1) || e.Ended && e.Code != told[i-1].Code {
			t.Errorf("event %d of %+v does not follow", i, told)
		}
		if key, ok := e.Key(); ok && !e.Ended {
			keys.WriteByte(key)
		}
	}
	return keys.String()
}

func TestKeysAreHeardOnce(t *testing.T) {
	five := pressed(0, 1000, 5, 7)
	length := 80 * ms
	began := rtp.Event{Code: 5}
	ended := rtp.Event{Code: 5, Ended: true, Length: length}
	for _, c := range []struct {
		name    string
		packets []arriving
		want    []rtp.Event
	}{
		{"as phones send them", five, []rtp.Event{began, ended}},
		{"the first packet says the end", five[4:5], []rtp.Event{{Code: 5}, {Code: 5, Ended: true, Length: length}}},
		{"each packet twice", slices.Concat(five[:3], five[:3], five[3:], five), []rtp.Event{began, ended}},
		{"the ends are lost", five[:4], []rtp.Event{began, {Code: 5, Ended: true, Length: 60 * ms}}},
		{"the ends are lost, the last two change places", []arriving{five[0], five[3], five[2]}, []rtp.Event{began, {Code: 5, Ended: true, Length: 60 * ms}}},
		{"a long network pause", []arriving{five[0], {600 * ms, 1000, 5, true, 640, false}}, []rtp.Event{began, {Code: 5, Ended: true, Length: 0}}},
		{
			"the ends are lost, and the next follows at once",
			slices.Concat(five[:4], pressed(90*ms, 1720, 6, 7)),
			[]rtp.Event{began, {Code: 5, Ended: true, Length: 60 * ms}, {Code: 6, At: 90 * ms}, {Code: 6, At: 90 * ms, Ended: true, Length: length}},
		},
		{
			"the same key again, right after",
			slices.Concat(five, pressed(140*ms, 2120, 5, 7)),
			[]rtp.Event{began, ended, {Code: 5, At: 140 * ms}, {Code: 5, At: 140 * ms, Ended: true, Length: length}},
		},
		{
			"packets of the key before, late",
			slices.Concat(five[:6], pressed(140*ms, 2120, 5, 7)[:1], five[6:]),
			[]rtp.Event{began, ended, {Code: 5, At: 140 * ms}, {Code: 5, At: 140 * ms, Ended: true}},
		},
		{"no marker anywhere", []arriving{{0, 7, 5, false, 160, false}, {20 * ms, 7, 5, true, 320, false}}, []rtp.Event{began, {Code: 5, Ended: true, Length: 40 * ms}}},
		{"markers everywhere", []arriving{{0, 7, 5, false, 160, true}, {20 * ms, 7, 5, true, 320, true}}, []rtp.Event{began, {Code: 5, Ended: true, Length: 40 * ms}}},
		{
			"timestamps over the end of 32 bits",
			[]arriving{{0, 1<<32 - 80, 1, true, 80, true}, {60 * ms, 400, 2, true, 80, true}},
			[]rtp.Event{{Code: 1}, {Code: 1, Ended: true, Length: 10 * ms}, {Code: 2, At: 50 * ms}, {Code: 2, At: 50 * ms, Ended: true, Length: 10 * ms}},
		},
		{
			"timestamps that begin again far before",
			[]arriving{{0, 1 << 20, 1, true, 80, true}, {60 * ms, 400, 2, true, 80, true}},
			[]rtp.Event{{Code: 1}, {Code: 1, Ended: true, Length: 10 * ms}, {Code: 2, At: 50 * ms}, {Code: 2, At: 50 * ms, Ended: true, Length: 10 * ms}},
		},
		{"an event that is no key", []arriving{{0, 7, 36, true, 800, true}}, []rtp.Event{{Code: 36}, {Code: 36, Ended: true, Length: 100 * ms}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, heard(&rtp.Events{}, 8000, c.packets)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAKeyIsHeardWhateverPacketIsLost: all losses of the seven packets of a key
// but the loss of all.
func TestAKeyIsHeardWhateverPacketIsLost(t *testing.T) {
	for lost := range 1<<7 - 1 {
		var left []arriving
		for i, p := range pressed(time.Second, 1000, 5, 7) {
			if lost>>i&1 == 0 {
				left = append(left, p)
			}
		}
		told := heard(&rtp.Events{}, 8000, left)
		if keys := keysOf(t, told); keys != "5" || len(told) != 2 {
			t.Errorf("with the losses %07b: %q was heard, %+v", lost, keys, told)
		}
		// The ends do not say how long ago the key was let go.
		if off := told[0].At - time.Second; off < -80*ms || off > 40*ms {
			t.Errorf("with the losses %07b: began at %v", lost, told[0].At)
		}
	}
}

func TestAKeyWhoseEndIsLostEndsThreeIntervalsLater(t *testing.T) {
	var events rtp.Events
	events.Step(nil, arriving{}.packet(), 8000, time.Second)
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{149 * ms, 0}, {150 * ms, 1}, {151 * ms, 0}} {
		if told := events.Tick(nil, time.Second+c.after); len(told) != c.want {
			t.Errorf("after %v: %+v", c.after, told)
		}
	}
}

func TestAKeyHeldForLongIsOne(t *testing.T) {
	for _, c := range []struct {
		name    string
		packets []arriving
		keys    string
		length  time.Duration // of the last
	}{
		{"two segments", []arriving{{0, 100, 1, false, 65535, true}, {20 * ms, 65635, 1, false, 960, false}, {40 * ms, 65635, 1, true, 1920, false}}, "1", 67455 * time.Second / 48000},
		{"three segments, the second cut short", []arriving{{0, 100, 1, false, 65535, true}, {20 * ms, 65635, 1, false, 960, false}, {40 * ms, 131170, 1, true, 960, false}}, "1", 132030 * time.Second / 48000},
		{"the segment before, late", []arriving{{0, 100, 1, false, 65535, true}, {20 * ms, 65635, 1, false, 960, false}, {30 * ms, 100, 1, false, 65535, false}, {40 * ms, 65635, 1, true, 960, false}}, "1", 66495 * time.Second / 48000},
		{"the same key again, at that very distance", []arriving{{0, 100, 1, true, 960, true}, {20 * ms, 65635, 1, true, 960, true}}, "11", 20 * ms},
		{"the same key again, there and without a marker", []arriving{{0, 100, 1, true, 960, true}, {20 * ms, 65635, 1, true, 960, false}}, "11", 20 * ms},
		{"another key, at that very distance", []arriving{{0, 100, 1, false, 960, true}, {20 * ms, 65635, 2, true, 960, false}}, "12", 20 * ms},
		{"its ends lost, and a marker", []arriving{{0, 100, 1, false, 960, true}, {20 * ms, 65635, 1, true, 960, true}}, "11", 20 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := heard(&rtp.Events{}, 48000, c.packets)
			if keys := keysOf(t, told); keys != c.keys || told[len(told)-1].Length != c.length {
				t.Errorf("heard %q for %v, want %q for %v", keys, told[len(told)-1].Length, c.keys, c.length)
			}
		})
	}
}

func TestDurationsAreOfTheRateOfTheEvents(t *testing.T) {
	for rate, want := range map[int]time.Duration{8000: 600 * ms, 16000: 300 * ms, 48000: 100 * ms} {
		told := heard(&rtp.Events{}, rate, []arriving{{time.Second, 9, 3, true, 4800, true}})
		if told[1].Length != want || told[0].At != time.Second-want {
			t.Errorf("at %d Hz: %+v", rate, told)
		}
	}
}

func TestAnotherRateOrSourceIsAnotherCountOfTime(t *testing.T) {
	var events rtp.Events
	key := arriving{0, 5000, 1, true, 800, true}
	other := key.packet()
	other.SSRC = 2
	earlier := key
	earlier.timestamp = 4000
	var told []rtp.Event
	told = events.Step(told, key.packet(), 8000, 0)
	told = events.Step(told, other, 8000, 0)
	told = events.Step(told, key.packet(), 8000, 0)
	told = events.Step(told, key.packet(), 48000, 0)
	told = events.Step(told, earlier.packet(), 8000, 0)
	if keys := keysOf(t, told); keys != "11111" {
		t.Errorf("heard %q, want five keys", keys)
	}
}

func TestKeysThatBeganTooEarlyAreNotTold(t *testing.T) {
	for _, c := range []struct {
		name  string
		start time.Duration
		want  string
	}{
		{"before both", 0, "12"},
		{"at the first", 200 * ms, "12"},
		{"in the first", 210 * ms, "2"},
		{"between them", 400 * ms, "2"},
		{"after both", 900 * ms, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var events rtp.Events
			events.Since(c.start)
			told := heard(&events, 8000, slices.Concat(pressed(200*ms, 1600, 1, 7), pressed(500*ms, 4000, 2, 7)))
			if keys := keysOf(t, told); keys != c.want {
				t.Errorf("heard %q, want %q", keys, c.want)
			}
		})
	}
}

func TestAKeyThatBeganEarlyIsOldWhicheverPacketArrives(t *testing.T) {
	var events rtp.Events
	events.Since(time.Second)
	late := arriving{1050 * ms, 1600, 1, false, 800, false} // held for 100 ms by now
	if told := heard(&events, 8000, []arriving{late}); told != nil {
		t.Errorf("heard %+v", told)
	}
}

func TestWhatIsNoEventTellsNothing(t *testing.T) {
	var events rtp.Events
	short, _ := rtp.Read(datagram(voice, []byte{5, 0, 0}))
	told := events.Step(nil, short, 8000, 0)
	told = events.Step(told, arriving{}.packet(), 0, 0)
	if told = events.Tick(told, time.Hour); told != nil {
		t.Errorf("heard %+v", told)
	}
}

func TestEventsHaveTheirKeys(t *testing.T) {
	for i, want := range []byte("0123456789*#ABCD") {
		if key, ok := (rtp.Event{Code: uint8(i)}).Key(); key != want || !ok {
			t.Errorf("event %d is %q", i, key)
		}
		if code, ok := rtp.CodeOf(want); code != uint8(i) || !ok {
			t.Errorf("%q is event %d", want, code)
		}
		if code, ok := rtp.CodeOf(strings.ToLower(string(want))[0]); code != uint8(i) || !ok {
			t.Errorf("small %q is event %d", want, code)
		}
	}
	if _, ok := (rtp.Event{Code: 16}).Key(); ok {
		t.Error("a flash is a key")
	}
	for _, key := range []byte{'e', 'E', ' ', 0, 'a' - 1, 0xb5} {
		if _, ok := rtp.CodeOf(key); ok {
			t.Errorf("%q has an event", key)
		}
	}
}

// TestKeysAreHeardThroughABadNetwork: packets of each key lost but one, doubled,
// and out of order by less than the pause between two keys.
func TestKeysAreHeardThroughABadNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.SliceOfN(rapid.Uint8Range(0, 15), 1, 12).Draw(t, "codes")
		timestamp := rapid.Uint32().Draw(t, "timestamp")
		at := time.Second
		var packets []arriving
		var want strings.Builder
		for _, code := range codes {
			key, _ := rtp.Event{Code: code}.Key()
			want.WriteByte(key)
			n := rapid.IntRange(4, 12).Draw(t, "packets")
			sent := pressed(at, timestamp, code, n)
			kept := rapid.IntRange(0, n-1).Draw(t, "kept")
			for i, p := range sent {
				copies := rapid.IntRange(0, 2).Draw(t, "copies")
				if i == kept {
					copies = max(1, copies)
				}
				for range copies {
					p.at = sent[i].at + time.Duration(rapid.IntRange(0, 40).Draw(t, "delay"))*ms
					packets = append(packets, p)
				}
			}
			at += time.Duration(n)*20*ms + 40*ms
			timestamp += uint32(n)*160 + 320
		}
		slices.SortStableFunc(packets, func(a, b arriving) int { return int(a.at - b.at) })
		if keys := keysOf(t, heard(&rtp.Events{}, 8000, packets)); keys != want.String() {
			t.Fatalf("heard %q, want %q", keys, want.String())
		}
	})
}
