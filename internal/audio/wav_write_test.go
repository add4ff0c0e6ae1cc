package audio_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/audio"
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

func TestWriteMulawWAV(t *testing.T) {
	var got bytes.Buffer
	if err := audio.WriteMulawWAV(&got, []byte{0xFF, 0x80, 0x00}); err != nil {
		t.Fatal(err)
	}
	want := "RIFF\x36\x00\x00\x00WAVE" +
		"fmt \x12\x00\x00\x00\x07\x00\x01\x00\x40\x1F\x00\x00\x40\x1F\x00\x00\x01\x00\x08\x00\x00\x00" +
		"fact\x04\x00\x00\x00\x03\x00\x00\x00" +
		"data\x03\x00\x00\x00\xFF\x80\x00\x00"
	if diff := cmp.Diff([]byte(want), got.Bytes()); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	c := audio.Clip(sine(audio.Rate, 440, 0.9, 5*time.Second+125*time.Microsecond)) // an odd number of samples, over one block
	var file bytes.Buffer
	if err := audio.WriteWAV(&file, c); err != nil {
		t.Fatal(err)
	}
	if got, err := audio.ReadWAV(&file); err != nil || !slices.Equal(got, c) {
		t.Errorf("PCM came back changed: %v", err)
	}

	codes := audio.AppendMulaw(nil, c)
	file.Reset()
	if err := audio.WriteMulawWAV(&file, codes); err != nil {
		t.Fatal(err)
	}
	if got, err := audio.ReadWAV(&file); err != nil || !bytes.Equal(audio.AppendMulaw(nil, got), codes) {
		t.Errorf("µ-law came back changed: %v", err)
	}
}

func TestWriteWAVPassesErrorsOn(t *testing.T) {
	full := errors.New("no space left")
	for name, write := range map[string]func(*failing) error{
		"PCM":   func(w *failing) error { return audio.WriteWAV(w, audio.Clip{1, 2, 3}) },
		"µ-law": func(w *failing) error { return audio.WriteMulawWAV(w, []byte{1, 2, 3}) },
	} {
		for after := range 2 {
			if err := write(&failing{after, full}); !errors.Is(err, full) {
				t.Errorf("%s, after %d writes: got error %v, want the writer's", name, after, err)
			}
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
