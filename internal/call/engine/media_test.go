package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// unsent is how many frames of a track wait for a program.
const unsent = 250

// simpleStream is what a media stream does, in the simplest way.
type simpleStream struct {
	frames  []string // for the program
	sounds  int      // of them sound
	last    engine.FrameKind
	given   map[engine.Track]int
	dropped int
	queue   []byte
	marks   []simpleMark
	passed  int
	ended   bool
}

type simpleMark struct {
	name string
	at   int
}

func (s *simpleStream) closed() bool { return s.ended && len(s.queue) == 0 }

func (s *simpleStream) offer(track engine.Track, sound []byte) {
	if s.closed() {
		return
	}
	s.given[track]++
	s.frames = append(s.frames, fmt.Sprintf("%v %d %x", track, s.given[track], sound))
	if s.sounds++; s.sounds > 2*unsent {
		isSound := func(f string) bool { return f[0] != 'k' && f[0] != 'm' }
		i := slices.IndexFunc(s.frames, isSound)
		s.frames = slices.Delete(s.frames, i, i+1)
		s.sounds--
		s.dropped++
	}
}

func (s *simpleStream) reach() {
	for len(s.marks) > 0 && s.marks[0].at <= s.passed {
		s.frames = append(s.frames, "mark "+s.marks[0].name)
		s.marks = s.marks[1:]
	}
}

func (s *simpleStream) take(n int) []byte {
	n = min(n, len(s.queue))
	sound := s.queue[:n]
	s.queue = s.queue[n:]
	s.passed += n
	s.reach()
	return sound
}

func frameText(f *engine.Frame) string {
	switch f.Kind {
	case engine.KeyFrame:
		return "key " + string(f.Key)
	case engine.MarkFrame:
		return "mark " + f.Mark
	}
	return fmt.Sprintf("%v %d %x", f.Track, f.Sequence, f.Sound)
}

// TestMediaIsASimpleStream does anything in any order, and what comes out is
// what comes out of a stream of slices.
func TestMediaIsASimpleStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		media, program := engine.NewMedia(engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound, engine.Outbound}})
		simple := &simpleStream{given: map[engine.Track]int{}}
		next := byte(0)
		sound := func(t *rapid.T, most int) []byte {
			next++
			return bytes.Repeat([]byte{next}, rapid.IntRange(0, most).Draw(t, "bytes"))
		}
		drain := func(t *rapid.T, most int) {
			var frame engine.Frame
			for range most {
				got := program.Next(&frame)
				if got != (len(simple.frames) > 0) {
					t.Fatalf("a frame came: %v; %d are expected", got, len(simple.frames))
				}
				if !got {
					return
				}
				if diff := cmp.Diff(simple.frames[0], frameText(&frame)); diff != "" {
					t.Fatalf("a frame (-want +got):\n%s", diff)
				}
				if simple.last = frame.Kind; frame.Kind == engine.SoundFrame {
					simple.sounds--
				}
				simple.frames = simple.frames[1:]
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"offer": func(t *rapid.T) {
				track, sound := rapid.SampledFrom([]engine.Track{engine.Inbound, engine.Outbound}).Draw(t, "track"), sound(t, engine.FrameSize)
				media.Offer(track, sound)
				simple.offer(track, sound)
			},
			"offer much": func(t *rapid.T) {
				for range rapid.IntRange(unsent, 3*unsent).Draw(t, "frames") {
					media.Offer(engine.Outbound, []byte{1})
					simple.offer(engine.Outbound, []byte{1})
				}
			},
			"key": func(t *rapid.T) {
				drain(t, 1<<20) // its place among marks of the same moment is not promised
				if media.Key('5'); !simple.closed() {
					simple.frames = append(simple.frames, "key 5")
				}
			},
			"take": func(t *rapid.T) {
				buf := make([]byte, rapid.SampledFrom([]int{1, 159, 160, 320, 5000}).Draw(t, "size"))
				n := media.Take(buf)
				if diff := cmp.Diff(simple.take(len(buf)), buf[:n], cmp.Transformer("text", func(b []byte) string { return string(b) })); diff != "" {
					t.Fatalf("heard (-want +got):\n%s", diff)
				}
				if rest := bytes.Trim(buf[n:], "\xFF"); len(rest) > 0 {
					t.Fatalf("the rest is no silence: %v", rest)
				}
			},
			"play": func(t *rapid.T) {
				if simple.ended {
					t.Skip("a program that has said stop says no more")
				}
				sound := sound(t, 10_000)
				program.Play(t.Context(), bytes.Clone(sound))
				simple.queue = append(simple.queue, sound...)
			},
			"mark": func(t *rapid.T) {
				drain(t, 1<<20)
				if simple.ended {
					t.Skip("a program that has said stop says no more")
				}
				name := fmt.Sprint(next)
				program.Mark(name)
				if len(simple.marks) < unsent {
					simple.marks = append(simple.marks, simpleMark{name, simple.passed + len(simple.queue)})
				}
				simple.reach()
			},
			"clear": func(t *rapid.T) {
				drain(t, 1<<20)
				if simple.ended {
					t.Skip("a program that has said stop says no more")
				}
				program.Clear()
				simple.passed += len(simple.queue)
				simple.queue = nil
				simple.reach()
			},
			"end": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					program.End()
					simple.ended = true
				}
			},
			"next": func(t *rapid.T) {
				drain(t, rapid.IntRange(1, 600).Draw(t, "frames"))
				for len(simple.frames) > 0 && simple.last != engine.SoundFrame {
					drain(t, 1) // with a key, the sound after it may have left the ring
				}
			},
			"": func(t *rapid.T) {
				select {
				case <-media.Done():
					if !simple.closed() {
						t.Fatal("the stream has ended before all was heard")
					}
				default:
					if simple.closed() {
						t.Fatal("the stream has not ended")
					}
				}
			},
		})
		if dropped := program.Went().Dropped; dropped != simple.dropped {
			t.Fatalf("%d frames were dropped, want %d", dropped, simple.dropped)
		}
	})
}

// TestMediaCarriesWhatBothSidesGiveAtOnce has all goroutines of a stream at work:
// nothing is lost but what is counted, and nothing comes out of order.
func TestMediaCarriesWhatBothSidesGiveAtOnce(t *testing.T) {
	media, program := engine.NewMedia(engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound}})
	const frames, sounds = 20_000, 2_000
	var sides sync.WaitGroup
	sides.Go(func() { // the Line
		buf, last := make([]byte, engine.FrameSize), byte(0)
		for i := 0; ; i++ {
			if i < frames {
				media.Offer(engine.Inbound, buf[:1])
			}
			if i%100 == 0 {
				media.Key('1')
			}
			for _, b := range buf[:media.Take(buf)] {
				if b < last {
					t.Errorf("heard %d after %d", b, last)
				}
				last = b
			}
			select {
			case <-media.Done():
				if i >= frames {
					return
				}
			default:
			}
		}
	})
	marks := 0
	sides.Go(func() { // the reader of the program
		for i := range sounds {
			program.Play(t.Context(), bytes.Repeat([]byte{byte(i / 8)}, 1+i%7*900))
			program.Mark(fmt.Sprint(i))
			if i%20 == 19 {
				program.Clear()
			}
		}
		program.End()
	})
	taken, keys := 0, 0
	sides.Go(func() { // the writer
		var frame engine.Frame
		sequence := 0
		for done := false; !done; {
			select {
			case <-program.Pending():
			case <-media.Done():
				done = true
			}
			for program.Next(&frame) {
				switch frame.Kind {
				case engine.MarkFrame:
					marks++
				case engine.KeyFrame:
					keys++
				case engine.SoundFrame:
					if frame.Sequence <= sequence {
						t.Errorf("frame %d came after %d", frame.Sequence, sequence)
					}
					sequence = frame.Sequence
					taken++
				}
			}
		}
	})
	sides.Wait()
	if dropped := program.Went().Dropped; marks == 0 || keys == 0 || taken == 0 || taken+dropped > frames {
		t.Errorf("%d marks, %d keys, %d frames, %d dropped", marks, keys, taken, dropped)
	}
}

func TestTheLinesSideOfMediaAllocatesNothing(t *testing.T) {
	media, program := engine.NewMedia(engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound, engine.Outbound}})
	program.Play(t.Context(), make([]byte, 10*60*8000))
	frame := make([]byte, engine.FrameSize)
	if n := testing.AllocsPerRun(2*unsent, func() {
		media.Offer(engine.Inbound, frame)
		media.Offer(engine.Outbound, frame)
		media.Key('1')
		media.Take(frame)
	}); n != 0 {
		t.Errorf("%v allocations in 20 ms", n)
	}
}

// TestClearIsHeardAtOnce plays after a clear that the Line has not met yet.
func TestClearIsHeardAtOnce(t *testing.T) {
	media, program := engine.NewMedia(engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound}})
	buf := make([]byte, engine.FrameSize)
	for _, size := range []int{1, 100, 5000, 1_000_000} {
		program.Play(t.Context(), bytes.Repeat([]byte{1}, size))
		program.Clear()
		program.Play(t.Context(), []byte{2})
		if n := media.Take(buf); n != 1 || buf[0] != 2 {
			t.Errorf("after %d bytes heard %d, the first is %d", size, n, buf[0])
		}
	}
}

// TestAProgramThatClearsWithoutEndWaitsForTheLine cannot fill the memory with
// what was cleared while no Line comes by.
func TestAProgramThatClearsWithoutEndWaitsForTheLine(t *testing.T) {
	for _, size := range []int{1, 1 << 20} {
		synctest.Test(t, func(t *testing.T) {
			media, program := engine.NewMedia(engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound}})
			played := 0
			go func() {
				for ; played < 200; played++ {
					program.Play(t.Context(), make([]byte, size))
					program.Clear()
				}
				program.Close()
			}()
			for times := 1; ; times++ {
				if synctest.Wait(); played == 200 {
					return
				}
				if most := times * 64; played > most || played*size > times*10*60*8000 {
					t.Fatalf("%d sounds of %d bytes were taken while the Line came by %d times", played, size, times)
				}
				if n := media.Take(make([]byte, 1)); n != 0 {
					t.Fatal("what was cleared is heard")
				}
			}
		})
	}
}

func BenchmarkMediaOffer(b *testing.B) {
	media, program := engine.NewMedia(engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound}})
	var writer sync.WaitGroup
	writer.Go(func() {
		var frame engine.Frame
		for {
			select {
			case <-program.Pending():
				for program.Next(&frame) {
				}
			case <-media.Done():
				return
			}
		}
	})
	frame := make([]byte, engine.FrameSize)
	b.ReportAllocs()
	for b.Loop() {
		media.Offer(engine.Inbound, frame)
	}
	program.Close()
	writer.Wait()
}

// BenchmarkMediaTakeBesideAFlood takes while the program sends six megabytes and
// clears them, again and again.
func BenchmarkMediaTakeBesideAFlood(b *testing.B) {
	media, program := engine.NewMedia(engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound}})
	big := make([]byte, 6<<20)
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			program.Play(b.Context(), big)
			program.Clear()
			select {
			case <-media.Done():
				return
			default:
			}
		}
	})
	buf := make([]byte, engine.FrameSize)
	var worst time.Duration
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		media.Take(buf)
		worst = max(worst, time.Since(began))
	}
	program.Close()
	reader.Wait()
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
}
