package audio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
)

// counted returns n samples that are all different from their neighbours.
func counted(from, n int) []int16 {
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = int16(from + i)
	}
	return samples
}

func TestASoundIsReadWhileItGrows(t *testing.T) {
	const pieces, readers = 300, 4
	s := audio.NewSound(audio.Rate)
	var reading sync.WaitGroup
	for range readers {
		reading.Go(func() {
			r, got, packet := s.Reader(), []int16(nil), make([]int16, 160)
			for !r.Done() {
				before := len(got)
				got = append(got, packet[:r.Read(packet)]...)
				if len(got) == before {
					if err := s.Wait(t.Context(), before+1); err != nil {
						t.Error(err)
						return
					}
				}
			}
			if !slices.Equal(got, counted(0, len(got))) || len(got) != s.Len() {
				t.Errorf("%d of %d samples were read, or others than were written", len(got), s.Len())
			}
		})
	}
	at := 0
	for i := range pieces {
		s.Append(counted(at, i))
		at += i
	}
	s.End(nil)
	reading.Wait()
	if want := pieces * (pieces - 1) / 2; s.Len() != want || s.Duration() != time.Duration(want)*time.Second/audio.Rate {
		t.Errorf("the sound has %d samples and takes %v, want %d", s.Len(), s.Duration(), want)
	}
}

func TestReadingNeverWaits(t *testing.T) {
	s := audio.NewSound(audio.Rate)
	r, packet := s.Reader(), make([]int16, 160)
	read := func(want int, done bool) {
		t.Helper()
		if got := r.Read(packet); got != want || r.Done() != done {
			t.Errorf("read %d samples, done %v; want %d, %v", got, r.Done(), want, done)
		}
	}
	read(0, false)
	s.Append(counted(0, 200))
	read(160, false)
	read(40, false)
	read(0, false)
	s.Append(counted(200, 8000))
	for range 50 {
		read(160, false)
	}
	s.End(nil)
	read(0, true)
	if n := testing.AllocsPerRun(100, func() {
		r := s.Reader()
		r.Read(packet)
	}); n > 0 {
		t.Errorf("reading allocates %v times", n)
	}
}

func TestWaitingForASound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := audio.NewSound(audio.Rate)
		go func() {
			for range 5 {
				time.Sleep(time.Second)
				s.Append(counted(0, audio.Rate))
			}
			s.End(io.ErrUnexpectedEOF)
		}()
		began := time.Now()
		if err := s.Wait(t.Context(), audio.Rate+1); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("more than a second of it came after %v (%v)", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("the caller has hung up"))
		defer cancel()
		if _, err := s.Whole(ctx); err == nil || err.Error() != "the caller has hung up" {
			t.Errorf("who waits no more is told %v", err)
		}
		clip, err := s.Whole(t.Context())
		if !errors.Is(err, io.ErrUnexpectedEOF) || clip.Duration() != 5*time.Second {
			t.Errorf("what broke off is %v long: %v", clip.Duration(), err)
		}
		if err := s.Wait(t.Context(), 10*audio.Rate); err != nil {
			t.Errorf("nobody waits for what never comes: %v", err)
		}
	})
}

// trickle gives a file in pieces, one whenever it is asked to.
type trickle struct {
	*io.PipeReader
	to *io.PipeWriter
}

func newTrickle() trickle {
	from, to := io.Pipe()
	return trickle{from, to}
}

func TestAFileIsHeardBeforeItHasComeWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples := counted(0, 40_000)
		file := wave(layout(1, 1, audio.Rate, 16), chunk("data", pcm16(samples...)...))
		pipe := newTrickle()
		sound := audio.NewSound(audio.Rate)
		var decoded error
		go func() {
			w, err := audio.OpenWAV(pipe)
			if err == nil {
				err = w.Decode(sound)
			}
			sound.End(err)
			decoded = err
		}()
		_, _ = pipe.to.Write(file[:44+320])
		synctest.Wait()
		if sound.Len() != 160 {
			t.Errorf("%d samples can be heard of 20 ms that have come", sound.Len())
		}
		_, _ = pipe.to.Write(file[44+320 : 44+640+1]) // and half a sample
		synctest.Wait()
		if sound.Len() != 320 {
			t.Errorf("%d samples can be heard of 40 ms", sound.Len())
		}
		_, _ = pipe.to.Write(file[44+640+1:])
		_ = pipe.to.Close()
		synctest.Wait()
		clip, err := sound.Whole(t.Context())
		if decoded != nil || err != nil || !slices.Equal(clip, samples) {
			t.Errorf("in the end %d samples: %v, %v", len(clip), decoded, err)
		}
	})
}

func TestAFileThatBreaksOffIsHeardUntilThere(t *testing.T) {
	file := wave(layout(1, 1, audio.Rate, 16), chunk("data", pcm16(counted(0, 8000)...)...))
	gone := errors.New("the connection was closed")
	w, err := audio.OpenWAV(io.MultiReader(bytes.NewReader(file[:44+1600]), broken{gone}))
	if err != nil {
		t.Fatal(err)
	}
	s := audio.NewSound(w.Rate())
	s.End(w.Decode(s))
	if clip, err := s.Whole(t.Context()); len(clip) != 800 || !errors.Is(err, gone) {
		t.Errorf("%d samples are heard: %v", len(clip), err)
	}
}

// broken reads nothing but an error.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// TestWidebandIsKept: a file of a studio has what a narrow telephone cannot
// play; who asks for a Clip gets it without.
func TestWidebandIsKept(t *testing.T) {
	for rate, want := range map[int]int{8000: 8000, 11025: 8000, 16000: 16000, 44100: 16000, 48000: 16000} {
		w, err := audio.OpenWAV(bytes.NewReader(wave(layout(1, 1, rate, 16), chunk("data", pcm16(audiotest.Sine(rate, 5000, 0.5, time.Second)...)...))))
		if err != nil {
			t.Fatal(err)
		}
		s := audio.NewSound(w.Rate())
		if err := w.Decode(s); err != nil || s.Rate() != want {
			t.Errorf("%d Hz becomes %d Hz: %v", rate, s.Rate(), err)
		}
		s.End(nil)
		near(t, "length", s.Duration().Seconds(), 1, 0.003)
		if want != audio.Wideband {
			continue
		}
		wide, r := make([]int16, s.Len()), s.Reader()
		r.Read(wide)
		near(t, "5 kHz in wideband", levelAt(wide, 5000, audio.Wideband), audiotest.Decibels(32768*0.5), 0.5)
		narrow, err := s.Whole(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := loudness(narrow); got > -60 {
			t.Errorf("5 kHz in a Clip has left %.0f dB", got)
		}
	}
}

func TestASoundEndsOnce(t *testing.T) {
	s := audio.NewSound(audio.Rate)
	s.End(nil)
	s.End(io.EOF)
	if ended, err := s.Ended(); !ended || err != nil {
		t.Errorf("it ended %v with %v", ended, err)
	}
	clip, err := s.Whole(t.Context())
	if diff := cmp.Diff(audio.Clip{}, clip); diff != "" || err != nil {
		t.Errorf("a sound without samples: %v\n%s", err, diff)
	}
}

func BenchmarkReadSound(b *testing.B) {
	s := audio.NewSound(audio.Rate)
	s.Append(counted(0, 60*audio.Rate))
	s.End(nil)
	packet := make([]int16, 160)
	r := s.Reader()
	b.ReportAllocs()
	for b.Loop() {
		if r.Read(packet); r.Done() {
			r = s.Reader()
		}
	}
}
