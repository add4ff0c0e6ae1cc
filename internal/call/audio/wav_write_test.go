package audio_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
)

func TestWriteWAV(t *testing.T) {
	var got bytes.Buffer
	if err := audio.WriteWAV(&got, audio.Clip{0, 1, -1}); err != nil {
		t.Fatal(err)
	}
	want := "RIFF\x2A\x00\x00\x00WAVE" +
		"fmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1F\x00\x00\x80\x3E\x00\x00\x02\x00\x10\x00" +
		"data\x06\x00\x00\x00\x00\x00\x01\x00\xFF\xFF"
	if diff := cmp.Diff([]byte(want), got.Bytes()); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	c := audio.Clip(audiotest.Sine(audio.Rate, 440, 0.9, 5*time.Second+125*time.Microsecond)) // an odd number of samples, over one block
	var file bytes.Buffer
	if err := audio.WriteWAV(&file, c); err != nil {
		t.Fatal(err)
	}
	if got, err := audio.ReadWAV(&file); err != nil || !slices.Equal(got, c) {
		t.Errorf("PCM came back changed: %v", err)
	}
}

func TestSoundIsWrittenAtItsRate(t *testing.T) {
	pcm := audiotest.Sine(audio.Wideband, 440, 0.9, 3*time.Second+125*time.Microsecond)
	s := audio.NewSound(audio.Wideband)
	s.Append(pcm)
	s.End(nil)
	var file bytes.Buffer
	if err := s.WriteWAV(&file); err != nil {
		t.Fatal(err)
	}
	wav, err := audio.OpenWAV(&file)
	if err != nil {
		t.Fatal(err)
	}
	got := audio.NewSound(wav.Rate())
	if err := wav.Decode(got); err != nil || got.Rate() != audio.Wideband {
		t.Fatalf("the file is read at %d Hz: %v", got.Rate(), err)
	}
	read, r := make([]int16, got.Len()), got.Reader()
	r.Read(read)
	if !slices.Equal(read, pcm) {
		t.Error("PCM came back changed")
	}
}

func TestWriteWAVPassesErrorsOn(t *testing.T) {
	full := errors.New("no space left")
	for after := range 2 {
		if err := audio.WriteWAV(&failing{after, full}, audio.Clip{1, 2, 3}); !errors.Is(err, full) {
			t.Errorf("after %d writes: got error %v, want the writer's", after, err)
		}
	}
}

// failing is a writer that fails after a number of writes.
type failing struct {
	after int
	err   error
}

func (w *failing) Write(b []byte) (int, error) {
	if w.after == 0 {
		return 0, w.err
	}
	w.after--
	return len(b), nil
}
