package voice_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// TestALastPromptIsHeardToItsEnd hangs up right behind a prompt: a telephone throws
// away what it still holds back to even out what comes late, up to 100 ms.
func TestALastPromptIsHeardToItsEnd(t *testing.T) {
	leavesNothing(t)
	s := switchboard(t, func(ctx context.Context, line engine.Line) {
		if _, err := line.Play(ctx, engine.Recording{Sound: audio.SoundOf(sine(440, 300*time.Millisecond))}, nil); err != nil {
			t.Error(err)
		}
		if err := line.Hangup(context.WithoutCancel(ctx), engine.Normal); err != nil {
			t.Error(err)
		}
	}, nil)
	call := newPhone(t).Dial(s.address())
	recorder := call.Hear()
	handset.Expect[softphone.Ended](call)
	sound, err := recorder.Sound(await.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	reader, heard := sound.Reader(), make([]int16, 2*sound.Rate())
	heard = heard[:reader.Read(heard)]
	slices.Reverse(heard)
	after := slices.IndexFunc(heard, func(s int16) bool { return s > 1000 || s < -1000 })
	if least := sound.Rate() / 10; after < least {
		t.Errorf("%d samples of silence came after the prompt, of %d, want at least %d", after, len(heard), least)
	}
}
