package rtp_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// frame is a packet of 20 ms at 8000 Hz that carries its own number.
type frame struct {
	number int
	at     time.Duration
}

// first is the timestamp of frame 0, so that timestamps wrap soon.
const first = 1<<32 - 1000

func (f frame) packet() rtp.Packet {
	h := rtp.Header{Timestamp: uint32(first + 160*f.number)}
	p, _ := rtp.Read(datagram(h, binary.BigEndian.AppendUint32(nil, uint32(f.number))))
	return p
}

// taken is a frame that came out.
type taken struct {
	Number int
	Place  int64 // in frames
	At     time.Duration
}

// play pushes the frames when they arrive, and takes what is due every 5 ms.
func play(b *rtp.Buffer, frames []frame) []taken {
	var out []taken
	var now time.Duration
	drain := func(until time.Duration) {
		for ; now < until; now += 5 * ms {
			for f, ok := b.Take(now); ok; f, ok = b.Take(now) {
				out = append(out, taken{int(binary.BigEndian.Uint32(f.Payload)), f.At / 160, now})
			}
		}
	}
	for _, f := range frames {
		drain(f.at)
		b.Push(f.packet(), f.at)
	}
	drain(now + time.Second)
	return out
}

// steady returns the frames from one to another, on time.
func steady(from, to int) []frame {
	var frames []frame
	for n := from; n < to; n++ {
		frames = append(frames, frame{n, time.Duration(n) * 20 * ms})
	}
	return frames
}

// numbers returns the numbers of what came out.
func numbers(out []taken) []int {
	n := []int{}
	for _, f := range out {
		n = append(n, f.Number)
	}
	return n
}

func TestFramesComeOutInOrderAndOnTime(t *testing.T) {
	onTime := func(numbers ...int) []taken {
		var out []taken
		for _, n := range numbers {
			out = append(out, taken{n, int64(n), time.Duration(n)*20*ms + rtp.MinDepth})
		}
		return out
	}
	for _, c := range []struct {
		name   string
		frames []frame
		want   []taken
	}{
		{"one after another", steady(0, 5), onTime(0, 1, 2, 3, 4)},
		{"one lost", slices.Concat(steady(0, 2), steady(3, 5)), onTime(0, 1, 3, 4)},
		{"two in the wrong order", []frame{{0, 0}, {2, 40 * ms}, {1, 45 * ms}, {3, 60 * ms}}, onTime(0, 1, 2, 3)},
		{"one late, but not too late", []frame{{0, 0}, {1, 55 * ms}, {2, 56 * ms}, {3, 60 * ms}}, onTime(0, 1, 2, 3)},
		{"each twice", slices.Concat(steady(0, 1), steady(0, 2), steady(1, 2)), onTime(0, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := rtp.NewBuffer(8000)
			if diff := cmp.Diff(c.want, play(b, c.frames)); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheDepthGrowsAtOnceAndFallsSlowly(t *testing.T) {
	b := rtp.NewBuffer(8000)
	play(b, []frame{{0, 0}, {1, 130 * ms}, {2, 131 * ms}})
	if b.Depth() != 120*ms {
		t.Fatalf("after 110 ms late the depth is %v", b.Depth())
	}
	var depths []time.Duration
	for _, f := range steady(10, 1500) {
		b.Push(f.packet(), f.at)
		for _, ok := b.Take(f.at); ok; _, ok = b.Take(f.at) {
			continue
		}
		if d := b.Depth(); len(depths) == 0 || depths[len(depths)-1] != d {
			depths = append(depths, d)
		}
	}
	if diff := cmp.Diff([]time.Duration{120 * ms, 100 * ms, 80 * ms, 60 * ms, 40 * ms}, depths); diff != "" {
		t.Errorf("depths (-want +got):\n%s", diff)
	}
	play(b, []frame{{1600, 60 * time.Second}})
	if b.Depth() != rtp.MaxDepth {
		t.Errorf("after a minute late the depth is %v", b.Depth())
	}
}

func TestAfterOneLateFrameTheNextAreHeardInTime(t *testing.T) {
	b := rtp.NewBuffer(8000)
	frames := steady(0, 300)
	for i := 100; i < 300; i += 10 { // from now on some come 150 ms late
		frames[i].at += 150 * ms
	}
	slices.SortStableFunc(frames, func(a, b frame) int { return int(a.at - b.at) })
	out := play(b, frames)
	want := numbers(out)
	slices.Sort(want)
	if diff := cmp.Diff(want, numbers(out)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if lost := 300 - len(out); lost != 1 || b.Discarded() != 1 {
		t.Errorf("%d frames were lost, %d discarded: want the first late one alone", lost, b.Discarded())
	}
}

func TestSoundThatANetworkHeldUpIsNotLost(t *testing.T) {
	frames := steady(0, 100)
	for i := 50; i < 80; i++ { // 600 ms, then all at once
		frames[i].at = 1600 * ms
	}
	out := play(rtp.NewBuffer(8000), frames)
	if diff := cmp.Diff(numbers(play(rtp.NewBuffer(8000), steady(0, 100))), numbers(out)); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

func TestSoundStaysAtItsPlaceInTheRecording(t *testing.T) {
	for _, c := range []struct {
		name    string
		pause   time.Duration // of the sender
		counted bool          // its timestamps went on
		jump    int           // of the timestamps, in frames, beside
	}{
		{"timestamps that go on in a pause", 3 * time.Second, true, 0},
		{"timestamps that go on in a long pause", time.Minute, true, 0},
		{"timestamps that stand still in a pause", 3 * time.Second, false, 0},
		{"timestamps that begin again", 3 * time.Second, false, 1 << 22},
		{"timestamps that begin again before", 0, true, -(1 << 22)},
		{"timestamps that jump by half a minute", 0, true, 1500},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames := steady(0, 100)
			for i, f := range steady(100, 700) {
				if c.counted {
					f.number += int(c.pause / (20 * ms))
				}
				f.number += c.jump
				f.at = time.Duration(100+i)*20*ms + c.pause
				frames = append(frames, f)
			}
			last := frames[len(frames)-1]
			out := play(rtp.NewBuffer(8000), frames)
			if place := time.Duration(out[len(out)-1].Place) * 20 * ms; place < last.at-60*ms || place > last.at {
				t.Errorf("the last frame, of %v, has its place at %v", last.at, place)
			}
			if len(out) != len(frames) {
				t.Errorf("%d of %d frames came out", len(out), len(frames))
			}
		})
	}
}

func TestASlowClockDoesNotMakeTheBufferDeeper(t *testing.T) {
	for name, drift := range map[string]time.Duration{"slow": 4 * time.Microsecond, "fast": -4 * time.Microsecond} { // 200 ppm
		t.Run(name, func(t *testing.T) {
			b := rtp.NewBuffer(8000)
			frames := steady(0, 50*600)
			for i := range frames {
				frames[i].at += time.Duration(i) * drift
			}
			out := play(b, frames)
			if len(out) != len(frames) || b.Depth() != rtp.MinDepth {
				t.Fatalf("%d of %d frames, depth %v", len(out), len(frames), b.Depth())
			}
			if wait := out[len(out)-1].At - frames[len(frames)-1].at; wait < 30*ms || wait > 50*ms {
				t.Errorf("after ten minutes a frame waits %v", wait)
			}
		})
	}
}

func TestAnotherCountOfTimeBeginsAfterWhatIsWaiting(t *testing.T) {
	out := play(rtp.NewBuffer(8000), []frame{{0, 0}, {1, 20 * ms}, {1 << 22, 20 * ms}})
	if diff := cmp.Diff([]int{0, 1, 1 << 22}, numbers(out)); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

// TestTimestampsThatStepBackLoseNothing: packets that overtook others have older
// numbers, but these have the next ones.
func TestTimestampsThatStepBackLoseNothing(t *testing.T) {
	for _, back := range []int{1, 5, 40, 499} {
		b := rtp.NewBuffer(8000)
		var got []int
		for n := range 100 {
			now := time.Duration(n) * 20 * ms
			h := rtp.Header{Sequence: uint16(n - 10), Timestamp: uint32(first + 160*n)}
			if n >= 50 {
				h.Timestamp -= uint32(160 * back)
			}
			p, _ := rtp.Read(datagram(h, []byte{byte(n)}))
			b.Push(p, now)
			for f, ok := b.Take(now); ok; f, ok = b.Take(now) {
				got = append(got, int(f.Payload[0]))
			}
		}
		for f, ok := b.Take(time.Minute); ok; f, ok = b.Take(time.Minute) {
			got = append(got, int(f.Payload[0]))
		}
		want := make([]int, 100)
		for n := range want {
			want[n] = n
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("a step back of %d frames (-want +got):\n%s", back, diff)
		}
	}
}

func TestASlowFirstFrameCountsForTheDepth(t *testing.T) {
	b := rtp.NewBuffer(8000)
	frames := steady(0, 260)
	frames[0].at = 15 * ms
	frames[100].at += 50 * ms // 65 ms later than the fastest
	for i := 1; i <= 100; i++ {
		frames[i].at += 15 * ms
	}
	play(b, frames)
	if b.Depth() != 80*ms {
		t.Errorf("depth %v", b.Depth())
	}
}

func TestAFullBufferGivesUpTheOldest(t *testing.T) {
	b := rtp.NewBuffer(8000)
	for n := range 100 {
		b.Push(frame{n, 0}.packet(), 0)
	}
	b.Push(frame{20, 0}.packet(), 0)
	if b.Discarded() != 37 {
		t.Errorf("%d were discarded", b.Discarded())
	}
	f, ok := b.Take(time.Second)
	if !ok || f.At != 36*160 {
		t.Errorf("the first left is %d", f.At/160)
	}
}

func TestFramesOfNoSizeAreNoSound(t *testing.T) {
	b := rtp.NewBuffer(8000)
	for _, size := range []int{0, 1501} {
		b.Push(rtp.Packet{Payload: make([]byte, size)}, 0)
	}
	if _, ok := b.Take(time.Hour); ok || b.Discarded() != 2 {
		t.Errorf("taken: %v, discarded %d", ok, b.Discarded())
	}
}

// TestWhatArrivesInTimeComesOutInOrder: over a network that loses, doubles and
// delays by up to the least depth, every frame that arrived is heard once.
func TestWhatArrivesInTimeComesOutInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frames := steady(0, 1) // the first is the fastest
		for _, f := range steady(1, rapid.IntRange(2, 200).Draw(t, "frames")) {
			for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(t, "copies") {
				f.at = time.Duration(f.number)*20*ms + time.Duration(rapid.IntRange(0, 40).Draw(t, "delay"))*ms
				frames = append(frames, f)
			}
		}
		slices.SortStableFunc(frames, func(a, b frame) int { return int(a.at - b.at) })
		want := []int{}
		for _, f := range frames {
			want = append(want, f.number)
		}
		slices.Sort(want)
		out := play(rtp.NewBuffer(8000), frames)
		if diff := cmp.Diff(slices.Compact(want), numbers(out)); diff != "" {
			t.Fatalf("numbers (-want +got):\n%s", diff)
		}
		for _, f := range out {
			if int(f.Place) != f.Number {
				t.Fatalf("frame %d has the place %d", f.Number, f.Place)
			}
		}
	})
}
