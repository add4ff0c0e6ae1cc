package voice_test

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/recording"
)

// fullDisk is where no recording finds room.
type fullDisk struct{ recordings }

func (f fullDisk) Begin(string) (recording.Writer, error) { return f, nil }
func (fullDisk) Write([]int16) error                      { return syscall.ENOSPC }

func TestACallGoesOnWhereTheDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTelephone(t, func(error) {})
		p.keeps = fullDisk{}
		said, _ := audio.DTMF("1", time.Second, 0)
		p.say(said)
		recorded, err := p.line.Record(t.Context(), engine.RecordRules{MaxLength: 2 * time.Second, Silence: time.Minute})
		if !errors.Is(err, syscall.ENOSPC) || recorded.URL != "" {
			t.Errorf("recorded %v, %v", recorded, err)
		}
		near(t, "the end", p.line.Now(), 2*time.Second)
		if _, err := p.line.Play(t.Context(), engine.Recording{Sound: audio.SoundOf(audio.Silence(time.Second))}, nil); err != nil {
			t.Errorf("then nothing is played: %v", err)
		}
	})
}
