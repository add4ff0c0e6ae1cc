package audio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
)

// wire are the codecs, by name.
var wire = map[string]audio.Codec{"PCMU": audio.PCMU, "PCMA": audio.PCMA, "G722": audio.G722}

// encoded returns what a sound at a rate is on the wire, encoded at once.
func encoded(t interface{ Fatal(args ...any) }, c audio.Codec, rate int, pcm []int16) []byte {
	if rate != c.Rate() {
		r, err := audio.NewResampler(rate, c.Rate())
		if err != nil {
			t.Fatal(err)
		}
		pcm = r.Flush(r.Append(nil, pcm))
	}
	e := audio.NewEncoder(c)
	return e.Flush(e.Append(nil, pcm))
}

// bytesOf returns all that Frames have so far.
func bytesOf(f *audio.Frames) []byte {
	b := make([]byte, f.Len())
	f.Copy(b, 0)
	return b
}

// keeper is an audio.Keeper with so many bytes, of which it counts those in use.
type keeper struct {
	ctx     context.Context
	working sync.WaitGroup

	mu         sync.Mutex
	room, used int
}

var errFull = errors.New("there is no room")

func (k *keeper) Go(work func(context.Context)) { k.working.Go(func() { work(k.ctx) }) }

func (k *keeper) Grow(n int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used+n > k.room {
		return errFull
	}
	k.used += n
	return nil
}

func (k *keeper) setRoom(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.room = n
}

// kept returns a Sound with a Keeper of much room.
func kept(t *testing.T, rate int) (*audio.Sound, *keeper) {
	k := &keeper{ctx: t.Context(), room: 1 << 30}
	return audio.NewKeptSound(rate, k), k
}

func TestFramesAreReadWhileTheSoundGrows(t *testing.T) {
	for _, rate := range []int{audio.Rate, audio.Wideband} {
		pcm := rough(60_001)
		for name, s := range map[string]func() (*audio.Sound, func()){
			"kept":     func() (*audio.Sound, func()) { s, k := kept(t, rate); return s, k.working.Wait },
			"not kept": func() (*audio.Sound, func()) { return audio.NewSound(rate), func() {} },
		} {
			t.Run(name, func(t *testing.T) {
				sound, wait := s()
				var reading sync.WaitGroup
				for codecName, c := range wire {
					want := encoded(t, c, rate, pcm)
					for range 2 {
						f := sound.Frames(c)
						if f != sound.Frames(c) {
							t.Error("two callers get Frames of their own")
						}
						reading.Go(func() {
							var got []byte
							for packet := make([]byte, 160); !f.Done(len(got)); {
								n := f.Copy(packet, len(got))
								if got = append(got, packet[:n]...); n == 0 {
									time.Sleep(time.Microsecond)
								}
							}
							if !bytes.Equal(got, want) {
								t.Errorf("%s at %d Hz: %d bytes were read, or others than the %d of the whole", codecName, rate, len(got), len(want))
							}
						})
					}
				}
				for rest := pcm; len(rest) > 0; {
					n := min(len(rest), 777)
					sound.Append(rest[:n])
					rest = rest[n:]
				}
				sound.End(nil)
				reading.Wait()
				wait()
			})
		}
	}
}

func TestAnyPartOfFramesIsRead(t *testing.T) {
	pcm := rough(20_000)
	f := audio.SoundOf(pcm).Frames(audio.PCMU)
	all := audio.AppendMulaw(nil, pcm)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(all)+10).Draw(t, "at")
		dst := make([]byte, rapid.IntRange(0, 10_000).Draw(t, "length"))
		var want []byte
		if at < len(all) {
			want = all[at:min(at+len(dst), len(all))]
		}
		if n := f.Copy(dst, at); !bytes.Equal(dst[:n], want) {
			t.Fatalf("%d bytes at %d: got %d, want %d, or they differ", len(dst), at, n, len(want))
		}
		if done := f.Done(at); done != (at >= len(all)) {
			t.Fatalf("done at %d of %d: %v", at, len(all), done)
		}
	})
}

// TestFramesTakeAsLongAsTheirSound: whatever the rates of both are.
func TestFramesTakeAsLongAsTheirSound(t *testing.T) {
	for _, rate := range []int{audio.Rate, audio.Wideband} {
		for _, length := range []time.Duration{0, 20 * time.Millisecond, time.Second, 1250 * time.Millisecond} {
			s := audio.NewSound(rate)
			s.Append(audiotest.Sine(rate, 1000, 0.5, length))
			s.End(nil)
			for name, c := range wire {
				if want, got := int(length/time.Millisecond)*audio.ByteRate/1000, s.Frames(c).Len(); got != want {
					t.Errorf("%v at %d Hz have %d bytes of %s, want %d", length, rate, got, name, want)
				}
			}
		}
	}
}

func TestFramesOfWhatBreaksOff(t *testing.T) {
	s, k := kept(t, audio.Rate)
	f := s.Frames(audio.PCMA)
	s.Append(rough(800))
	s.End(io.ErrUnexpectedEOF)
	k.working.Wait()
	if ended, err := f.Ended(); f.Len() != 800 || !ended || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes, ended %v with %v", f.Len(), ended, err)
	}
}

// TestFramesThatFindNoMemoryGoOnLater: where their Keeper has room again, for who
// asks for them then.
func TestFramesThatFindNoMemoryGoOnLater(t *testing.T) {
	pcm := rough(30_000)
	s, k := kept(t, audio.Rate)
	k.setRoom(10_000)
	s.Append(pcm)
	f := s.Frames(audio.PCMU)
	k.working.Wait()
	if ended, err := f.Ended(); !ended || !errors.Is(err, errFull) || f.Len() != 8192 {
		t.Fatalf("%d bytes, ended %v with %v", f.Len(), ended, err)
	}
	k.setRoom(1 << 20)
	if s.Frames(audio.PCMU) != f {
		t.Error("they are others now")
	}
	s.End(nil)
	k.working.Wait()
	if ended, err := f.Ended(); !ended || err != nil || !bytes.Equal(bytesOf(f), audio.AppendMulaw(nil, pcm)) {
		t.Errorf("%d bytes, ended %v with %v, or they differ", f.Len(), ended, err)
	}
	if k.used != 8*4096 {
		t.Errorf("30,000 bytes take up %d", k.used)
	}
}

func TestEncodingEndsWithItsKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := errors.New("the server stops")
		ctx, stop := context.WithCancelCause(t.Context())
		k := &keeper{ctx: ctx, room: 1 << 20}
		s := audio.NewKeptSound(audio.Rate, k)
		f := s.Frames(audio.G722)
		s.Append(rough(800))
		synctest.Wait()
		if ended, _ := f.Ended(); ended {
			t.Error("they end while the sound grows")
		}
		stop(stopped)
		k.working.Wait()
		if ended, err := f.Ended(); !ended || !errors.Is(err, stopped) {
			t.Errorf("ended %v with %v", ended, err)
		}
	})
}

func TestReadingFramesAllocatesNothing(t *testing.T) {
	f := audio.SoundOf(rough(8000)).Frames(audio.PCMU)
	packet, at := make([]byte, 160), 0
	if n := testing.AllocsPerRun(1000, func() {
		if at += f.Copy(packet, at); f.Done(at) {
			at = 0
		}
	}); n > 0 {
		t.Errorf("reading allocates %v times", n)
	}
}

func BenchmarkCopyFrames(b *testing.B) {
	f := audio.SoundOf(rough(80_000)).Frames(audio.PCMU)
	packet, at := make([]byte, 160), 0
	b.ReportAllocs()
	for b.Loop() {
		if at += f.Copy(packet, at); f.Done(at) {
			at = 0
		}
	}
}

// BenchmarkEncodeFrames has a minute of each codec made of a wideband sound.
func BenchmarkEncodeFrames(b *testing.B) {
	pcm := audiotest.Sine(audio.Wideband, 440, 0.5, time.Minute)
	for name, c := range wire {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := audio.NewSound(audio.Wideband)
				s.Append(pcm)
				s.Frames(c)
			}
		})
	}
}
