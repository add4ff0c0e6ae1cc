package voice_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/voice"
)

// streamed is a call that a media stream is joined to.
type streamed struct {
	*telephone
	t       *testing.T
	end     context.CancelCauseFunc
	ctx     context.Context
	media   *engine.Media
	program *engine.Program

	sounds map[engine.Track]audio.Clip // that the program has heard
	keys   string
	marks  map[string]time.Duration // when they came back
}

// streamCall has a caller on a telephone talk to a program.
func streamCall(t *testing.T, codec sdp.Codec, wants engine.Streaming) *streamed {
	ctx, end := context.WithCancelCause(t.Context())
	s := &streamed{t: t, end: end, ctx: ctx, sounds: map[engine.Track]audio.Clip{}, marks: map[string]time.Duration{}}
	s.telephone = newTelephone(t, end)
	s.codec = codec
	s.media, s.program = engine.NewMedia(wants)
	t.Cleanup(func() { end(nil) })
	go s.hear()
	return s
}

// hear takes what comes to the program.
func (s *streamed) hear() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.program.Pending():
		}
		var f engine.Frame
		for s.program.Next(&f) {
			switch f.Kind {
			case engine.SoundFrame:
				s.sounds[f.Track] = audio.AppendPCMFromMulaw(s.sounds[f.Track], f.Sound)
			case engine.KeyFrame:
				s.keys += string(f.Key)
			case engine.MarkFrame:
				s.marks[f.Mark] = s.line.Now()
			}
		}
	}
}

// tone returns a tone as a program sends it.
func tone(t *testing.T, digit string, length time.Duration) []byte {
	t.Helper()
	clip, err := audio.DTMF(digit, length, 0)
	if err != nil {
		t.Fatal(err)
	}
	return audio.AppendMulaw(nil, clip)
}

var twoWay = engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound}}

func TestMarksOfAStreamComeBackWhenTheirSoundWasHeard(t *testing.T) {
	for _, codec := range voice.Codecs() {
		t.Run(string(codec), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := streamCall(t, codec, twoWay)
				s.at(0, func() {
					s.program.Play(s.ctx, tone(t, "1", 2*time.Second))
					s.program.Mark("first")
					s.program.Play(s.ctx, tone(t, "2", time.Second))
					s.program.Mark("second")
				})
				s.at(3500*time.Millisecond, s.program.End)
				if err := s.line.Stream(s.ctx, s.media); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				near(t, "the first mark", s.marks["first"], 2*time.Second)
				near(t, "the second mark", s.marks["second"], 3*time.Second)
				near(t, "the end", s.line.Now(), 3500*time.Millisecond)
				if digits := digitsIn(s.heard()); digits != "12" {
					t.Errorf("the caller heard %q", digits)
				}
				near(t, "the sound", loudIn(s.heard()), 3*time.Second)
				if r := s.line.AudioReport(); !strings.HasPrefix(string(codec), r.Codec+"/") || r.Sent < 165 || r.Sent > 177 {
					t.Errorf("the report is %+v", r)
				}
			})
		})
	}
}

func TestClearStopsAStreamAtTheNextPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := streamCall(t, sdp.PCMU, twoWay)
		s.at(0, func() {
			s.program.Play(s.ctx, tone(t, "1", 10*time.Second))
			s.program.Mark("cleared")
		})
		s.at(time.Second, func() {
			s.program.Clear()
			s.program.Play(s.ctx, tone(t, "2", time.Second))
			s.program.End()
		})
		if err := s.line.Stream(s.ctx, s.media); err != nil {
			t.Fatal(err)
		}
		near(t, "the end", s.line.Now(), 2*time.Second)
		near(t, "the mark", s.marks["cleared"], time.Second)
		near(t, "the sound", loudIn(s.heard()), 2*time.Second)
		if digits := digitsIn(s.heard()); digits != "12" {
			t.Errorf("the caller heard %q", digits)
		}
	})
}

func TestAStreamHearsTheCallerAndTheKeys(t *testing.T) {
	for _, codec := range voice.Codecs() {
		t.Run(string(codec), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := streamCall(t, codec, twoWay)
				said, _ := audio.DTMF("5", time.Second, 0)
				s.at(time.Second, func() { s.say(said) })
				s.at(2500*time.Millisecond, func() { s.press('7') })
				s.at(4*time.Second, s.program.Close)
				if err := s.line.Stream(s.ctx, s.media); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				heard := s.sounds[engine.Inbound]
				if digits := digitsIn(heard); digits != "5" || s.keys != "7" {
					t.Errorf("heard %q and the keys %q", digits, s.keys)
				}
				near(t, "what was said", loudIn(heard), time.Second)
				near(t, "where it begins", firstLoud(heard), time.Second)
				if late := 4*time.Second - heard.Duration(); late < 0 || late > 300*time.Millisecond {
					t.Errorf("%v of 4 s were heard", heard.Duration())
				}
			})
		})
	}
}

func TestAForkHearsBothTracksWhileTheCallerIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := streamCall(t, sdp.PCMU, engine.Streaming{Listens: []engine.Track{engine.Inbound, engine.Outbound}})
		stop := s.line.Fork(s.media)
		played, _ := audio.DTMF("8", time.Second, 0)
		if _, err := s.line.Play(s.ctx, engine.Recording{Sound: audio.SoundOf(played)}, nil); err != nil {
			t.Fatal(err)
		}
		said, _ := audio.DTMF("3", time.Second, 0)
		s.say(said)
		s.at(1500*time.Millisecond, func() { s.press('#') })
		recorded, err := s.line.Record(s.ctx, engine.RecordRules{MaxLength: time.Minute, Silence: 5 * time.Second, FinishOnKey: "#"})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "the recording", recorded.Length, 1500*time.Millisecond)
		stop()
		synctest.Wait()
		for track, want := range map[engine.Track]string{engine.Inbound: "3", engine.Outbound: "8"} {
			heard := s.sounds[track]
			if digits := digitsIn(heard); digits != want {
				t.Errorf("%v: heard %q, want %q", track, digits, want)
			}
			near(t, track.String(), loudIn(heard), time.Second)
		}
		near(t, "the caller", firstLoud(s.sounds[engine.Inbound]), time.Second)
		near(t, "the prompt", firstLoud(s.sounds[engine.Outbound]), 0)
		if s.keys != "#" {
			t.Errorf("the keys were %q", s.keys)
		}
		s.program.Close()
	})
}

// TestAForkGetsKeysWhileNobodyElseWaits: a responder that is slow to answer keeps
// no key from it.
func TestAForkGetsKeysWhileNobodyElseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := streamCall(t, sdp.PCMU, engine.Streaming{Listens: []engine.Track{engine.Inbound}})
		defer s.line.Fork(s.media)()
		s.at(time.Second, func() { s.press('4') })
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if s.keys != "4" {
			t.Errorf("the keys were %q", s.keys)
		}
	})
}

func TestAHangUpAndARedirectEndAStream(t *testing.T) {
	elsewhere := &engine.Redirect{To: "2002"}
	for _, c := range []struct {
		name string
		end  func(*streamed)
		want error
	}{
		{"a hang-up", func(s *streamed) { s.hangup() }, engine.ErrHungUp},
		{"a redirect", func(s *streamed) { s.end(elsewhere) }, elsewhere},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := streamCall(t, sdp.PCMU, twoWay)
				s.at(0, func() { s.program.Play(s.ctx, tone(t, "1", 10*time.Second)) })
				s.at(time.Second, func() { c.end(s) })
				err := s.line.Stream(s.ctx, s.media)
				if !errors.Is(err, c.want) {
					t.Errorf("it ended with %v, want %v", err, c.want)
				}
				near(t, "the end", s.line.Now(), time.Second)
				time.Sleep(time.Second)
				near(t, "the sound", loudIn(s.heard()), time.Second)
			})
		})
	}
}

// TestAStreamIsPlayedWithoutAllocation: media threads have no time for it.
func TestAStreamIsPlayedWithoutAllocation(t *testing.T) {
	for _, codec := range []audio.Codec{audio.PCMU, audio.PCMA, audio.G722} {
		m, program := engine.NewMedia(twoWay)
		program.Play(t.Context(), bytes.Repeat([]byte{1}, 1<<20))
		source := voice.NewStreamed(m, codec)
		packet := make([]byte, 480)
		if n := testing.AllocsPerRun(1000, func() {
			if source.Copy(packet, 0) != len(packet) || source.Done(0) {
				t.Fatal("it has ended")
			}
		}); n > 0 {
			t.Errorf("codec %d: %v allocations a packet", codec, n)
		}
	}
}

// near fails where a time is off by more than a packet or two.
func near(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if d := got - want; d > aPacketOrTwo || d < -aPacketOrTwo {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func digitsIn(clip audio.Clip) (digits string) {
	d := audio.NewDTMFDetector(audio.Rate)
	for ; len(clip) >= engine.FrameSize; clip = clip[engine.FrameSize:] {
		if digit := d.Listen(clip[:engine.FrameSize]); digit != 0 {
			digits += string(digit)
		}
	}
	return digits
}

// loud returns the frames in which there is sound.
func loud(clip audio.Clip) (frames []int) {
	for i := 0; (i+1)*engine.FrameSize <= len(clip); i++ {
		sum := 0.0
		for _, sample := range clip[i*engine.FrameSize : (i+1)*engine.FrameSize] {
			sum += math.Abs(float64(sample))
		}
		if sum > 100*engine.FrameSize {
			frames = append(frames, i)
		}
	}
	return frames
}

func loudIn(clip audio.Clip) time.Duration {
	return time.Duration(len(loud(clip))) * engine.FrameTime
}

func firstLoud(clip audio.Clip) time.Duration {
	if frames := loud(clip); len(frames) > 0 {
		return time.Duration(frames[0]) * engine.FrameTime
	}
	return -1
}
