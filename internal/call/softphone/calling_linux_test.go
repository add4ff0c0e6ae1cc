package softphone_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audiotest"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/handset"
)

// test1kHz is the test tone of telephone lines. 1000 Hz is an eighth of the rate of
// G.711, so that it meets the same few steps again and again, whose errors would
// be harmonics.
const test1kHz = 1004.0 // Hz

func TestSoundArrivesInEachCodecOverEachTransport(t *testing.T) {
	for _, network := range []string{dialog.UDP, dialog.TCP, dialog.TLS} {
		for _, codec := range []sdp.Codec{sdp.PCMU, sdp.PCMA, sdp.G722} {
			t.Run(network+" "+string(codec), func(t *testing.T) {
				t.Parallel()
				alice, bob := twoPhones(t, network, codec)
				a, b := converse(alice, bob)
				sides := []*handset.Call{a, b}
				recorders := []*softphone.Recorder{b.Hear(), a.Hear()}
				for _, says := range sides {
					if _, err := says.Say(tone(codec.SampleRate(), test1kHz)); err != nil {
						t.Fatal(err)
					}
				}
				for _, says := range sides {
					if said := handset.Expect[softphone.Said](says); !said.Whole || said.Length < time.Second {
						t.Errorf("of the tone %v was said", said.Length)
					}
				}
				hangUpOnceHeard(t, a, recorders...)
				for i, c := range sides {
					ended := handset.Expect[softphone.Ended](c)
					if ended.Cause != engine.Normal || ended.Codec != codec || ended.Local != c.Media() || ended.Remote != sides[1-i].Media() {
						t.Errorf("side %d ended as %+v", i, ended)
					}
					if ended.Received.Received == 0 || ended.Received.Lost > 0 || ended.Received.MOS < 3.5 || ended.Sent.Packets == 0 {
						t.Errorf("side %d has the figures %+v", i, ended.Figures)
					}
				}
				for _, r := range recorders {
					isPure(t, r)
				}
			})
		}
	}
}

// hangUpOnceHeard hangs up when each recorder has heard a second: what was said
// whole may still be on its way.
func hangUpOnceHeard(t *testing.T, c *handset.Call, recorders ...*softphone.Recorder) {
	t.Helper()
	for _, r := range recorders {
		waitFor(t, r, 1200*time.Millisecond)
	}
	c.Hangup()
}

// isPure fails unless a tone of 1 kHz came as it was said: half of full scale.
func isPure(t *testing.T, r *softphone.Recorder) {
	t.Helper()
	const said = -6.02 // dB
	pcm, rate := heardTone(t, r, test1kHz)
	got := audiotest.Level(pcm, rate, test1kHz)
	if got < said-1 || got > said+1 {
		t.Errorf("1 kHz arrives with %.1f dB, said with %.1f", got, said)
	}
	if worst := audiotest.WorstHarmonic(pcm, rate, test1kHz); worst > -35 {
		t.Errorf("a harmonic has %.1f dB", worst)
	}
}

func TestWideBandPassesWhatTelephonesDoNot(t *testing.T) {
	for codec, least := range map[sdp.Codec]float64{sdp.G722: -9, sdp.PCMU: -200} {
		t.Run(string(codec), func(t *testing.T) {
			t.Parallel()
			alice, bob := twoPhones(t, dialog.UDP, codec)
			a, b := converse(alice, bob)
			heard := b.Hear()
			if _, err := a.Say(tone(16_000, 5000)); err != nil {
				t.Fatal(err)
			}
			hangUpOnceHeard(t, a, heard)
			pcm, rate := heardTone(t, heard, 5000)
			switch got := audiotest.Level(pcm, rate, 5000); {
			case codec == sdp.G722 && (got < least || rate != 16_000):
				t.Errorf("5 kHz arrives with %.1f dB at %d Hz", got, rate)
			case codec == sdp.PCMU && (audiotest.Level(pcm, rate, 3000) > -60 || rate != 8000):
				t.Errorf("5 kHz comes back as 3 kHz, with %.1f dB at %d Hz", audiotest.Level(pcm, rate, 3000), rate)
			}
		})
	}
}

func TestKeysArriveInEachWay(t *testing.T) {
	const keys = "1590*#D"
	for _, way := range []softphone.Way{softphone.ByEvents, softphone.ByInfo} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			alice, bob := twoPhones(t, dialog.UDP)
			a, b := converse(alice, bob)
			if _, err := a.Press(keys, way); err != nil {
				t.Fatal(err)
			}
			if got, by := pressed(b, len(keys)); got != keys || by != way {
				t.Errorf("%q arrived by %s", got, by)
			}
			a.Hangup()
			handset.Expect[softphone.Ended](b)
		})
	}
	t.Run("tones", func(t *testing.T) {
		t.Parallel()
		alice, bob := twoPhones(t, dialog.UDP)
		a, b := converse(alice, bob)
		heard := b.Hear()
		if _, err := a.Press(keys, softphone.ByTones); err != nil {
			t.Fatal(err)
		}
		handset.Expect[softphone.Said](a)
		waitFor(t, heard, 1500*time.Millisecond)
		a.Hangup()
		if got := digits(t, heard); got != keys {
			t.Errorf("the tones of %q arrived", got)
		}
	})
}

func TestHoldAndResumeAreAgreedOn(t *testing.T) {
	t.Parallel()
	alice, bob := twoPhones(t, dialog.UDP)
	a, b := converse(alice, bob)
	a.Hold()
	handset.ExpectThat(a, func(e dialog.Agreed) bool { return e.Direction == sdp.SendOnly })
	handset.ExpectThat(b, func(e dialog.Agreed) bool { return e.Held && e.Direction == sdp.RecvOnly })
	a.Resume()
	handset.ExpectThat(a, func(e dialog.Agreed) bool { return e.Direction == sdp.SendRecv })
	handset.ExpectThat(b, func(e dialog.Agreed) bool { return !e.Held && e.Direction == sdp.SendRecv })
	heard := a.Hear()
	if _, err := b.Say(tone(8000, test1kHz)); err != nil {
		t.Fatal(err)
	}
	hangUpOnceHeard(t, a, heard)
	isPure(t, heard)
}

func TestTransferredPhoneSpeaksToSomebodyElse(t *testing.T) {
	t.Parallel()
	alice, bob := twoPhones(t, dialog.UDP)
	carol := handset.Start(t, softphone.Config{})
	a, b := converse(alice, bob)
	if err := b.Transfer(carol.Address()); err != nil {
		t.Fatal(err)
	}
	asked := handset.Expect[dialog.TransferAsked](a)
	followed, err := a.Follow(asked)
	if err != nil {
		t.Fatal(err)
	}
	c := carol.Rings()
	c.Ring()
	handset.ExpectThat(b, func(e dialog.TransferProgress) bool { return e.Status == 180 })
	c.Answer()
	if e := handset.Expect[dialog.Transferred](b); e.Status != 200 {
		t.Errorf("the transfer ended with %d", e.Status)
	}
	b.Hangup()
	handset.Expect[softphone.Ended](a)
	next := &handset.Call{Call: followed, T: t}
	handset.Expect[dialog.Answered](next)
	heard := c.Hear()
	if _, err := next.Say(tone(8000, test1kHz)); err != nil {
		t.Fatal(err)
	}
	hangUpOnceHeard(t, next, heard)
	isPure(t, heard)
}

func TestTransferIsRefusedAndTheCallGoesOn(t *testing.T) {
	t.Parallel()
	alice, bob := twoPhones(t, dialog.UDP)
	a, b := converse(alice, bob)
	if err := b.Transfer("sip:200@127.0.0.1:9"); err != nil {
		t.Fatal(err)
	}
	handset.Expect[dialog.TransferAsked](a)
	a.Stay()
	if e := handset.Expect[dialog.NotTransferred](b); e.Status != 603 {
		t.Errorf("refused by %d", e.Status)
	}
	if _, err := a.Press("5", softphone.ByEvents); err != nil {
		t.Fatal(err)
	}
	if got, _ := pressed(b, 1); got != "5" {
		t.Errorf("%q arrived", got)
	}
}
