package voice_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/voice"
)

// sayKeys has the caller press keys, which are sent as tones.
func (p *telephone) sayKeys(t *testing.T, keys string) {
	t.Helper()
	clip, err := audio.DTMF(keys, 100*time.Millisecond, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	p.say(clip)
}

// toneLate is how late a key may be known: it waits in the buffer that puts
// packets in order, and must last.
const toneLate = 100 * time.Millisecond

func TestKeysThatAreTonesStopAPrompt(t *testing.T) {
	for _, codec := range voice.Codecs() {
		t.Run(string(codec), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newTelephone(t, func(error) {})
				p.tones, p.codec = true, codec
				p.at(time.Second, func() { p.sayKeys(t, "1#") })
				listen := &engine.Listening{Keys: true}
				played, err := p.line.Play(t.Context(), engine.Recording{Sound: audio.SoundOf(audio.Silence(5 * time.Second))}, listen)
				if late := played.Took - time.Second; err != nil || !played.Barged || late < 0 || late > toneLate+aPacketOrTwo {
					t.Fatalf("played %+v, %v", played, err)
				}
				for i, want := range "1#" {
					in, err := p.line.Listen(t.Context(), listen, 3*time.Second)
					if err != nil || in.Kind != engine.Key || in.Key != byte(want) {
						t.Fatalf("got %+v, %v; want %c", in, err, want)
					}
					near(t, "the key", in.At, time.Second+time.Duration(i)*200*time.Millisecond)
				}
				if in, _ := p.line.Listen(t.Context(), listen, 3*time.Second); in.Kind != engine.Silence {
					t.Errorf("a key too many: %c", in.Key)
				}
			})
		})
	}
}

// TestAKeyThatComesTwoWaysIsOne: as a tone, and as an INFO that overtakes it or is
// slower.
func TestAKeyThatComesTwoWaysIsOne(t *testing.T) {
	for _, late := range []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			p := newTelephone(t, func(error) {})
			p.tones = true
			p.at(time.Second, func() { p.sayKeys(t, "5") })
			p.at(time.Second+late, func() { p.line.Tell(dialog.Key{Key: '5'}) })
			listen := &engine.Listening{Keys: true}
			var keys int
			for in, _ := p.line.Listen(t.Context(), listen, 3*time.Second); in.Kind == engine.Key; in, _ = p.line.Listen(t.Context(), listen, 3*time.Second) {
				keys++
			}
			if keys != 1 {
				t.Errorf("an INFO %v later: %d keys", late, keys)
			}
		})
	}
}

func TestTonesAreNoKeysWhereTheTelephoneSendsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTelephone(t, func(error) {})
		p.at(time.Second, func() { p.sayKeys(t, "5") })
		if in, err := p.line.Listen(t.Context(), &engine.Listening{Keys: true}, 3*time.Second); err != nil || in.Kind != engine.Silence {
			t.Errorf("got %+v, %v", in, err)
		}
	})
}

func TestTonesEndARecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTelephone(t, func(error) {})
		p.tones = true
		p.at(2*time.Second, func() { p.sayKeys(t, "#") })
		recorded, err := p.line.Record(t.Context(), engine.RecordRules{MaxLength: time.Minute, Silence: 5 * time.Second, FinishOnKey: "#"})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "the recording", recorded.Length, 2*time.Second)
	})
}

func TestAForkGetsKeysThatAreTones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := streamCall(t, "", engine.Streaming{Listens: []engine.Track{engine.Inbound}})
		s.tones = true
		defer s.line.Fork(s.media)()
		s.at(time.Second, func() { s.sayKeys(t, "42") })
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s.keys != "42" {
			t.Errorf("the keys were %q", s.keys)
		}
	})
}
