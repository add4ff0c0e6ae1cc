package voice_test

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	gomath "math"
	"net/netip"
	"testing"

	"github.com/switchhook/switchhook/examples/math"
	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/baresip"
)

// TestBaresipCallsTheMathLine has it hear each word as we have sent it.
func TestBaresipCallsTheMathLine(t *testing.T) {
	voices, err := speech.Open(speech.Settings{Engine: "espeak-ng"}, func(speech.Engine, bool) {})
	if err != nil {
		t.Fatal(err)
	}
	own, err := softphone.SelfSigned(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})
	for _, c := range []struct {
		network string
		phone   baresip.Config
		codec   audio.Codec
		settled int // samples after which what came before does not matter
	}{
		{dialog.UDP, baresip.Config{Folder: "testdata/baresip/g711"}, audio.PCMU, 0},
		{dialog.TCP, baresip.Config{Folder: "testdata/baresip/g711"}, audio.PCMU, 0},
		{dialog.TLS, baresip.Config{Folder: "testdata/baresip/g722", G722: true, CA: ca}, audio.G722, audio.Wideband * 2 / 5}, // its audio.Seam ends after a quarter of a second
	} {
		t.Run(c.network, func(t *testing.T) {
			t.Parallel()
			x := plan{
				responder: math.Handler(), voice: voices, listen: []string{c.network},
				tls: &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12},
			}.serve(t)
			b := baresip.Start(t, c.phone)
			b.Do("dial", fmt.Sprintf("sip:100@%s;transport=%s", x.at, c.network))
			for n, key := range []string{"3", "4"} {
				x.said(t, n+1)
				b.Do("sndcode", key)
				b.Do("sndcode", "#")
			}
			b.Await("CALL_CLOSED")
			heard := floats(b.Heard())
			for _, text := range []string{
				"Welcome to the math line. Enter the first number, then press the hash key.",
				"Enter the second number, then press the hash key.", "3 plus 4 is 7.", "Goodbye.",
			} {
				if got := likeness(heard, x.sent(t, text, c.codec)[c.settled:]); got < 30 {
					t.Errorf("%q arrives %.1f dB over its difference from what was sent", text, got)
				}
			}
		})
	}
}

// said waits until the only call has had n texts.
func (s *service) said(t *testing.T, n int) {
	t.Helper()
	await.That(t, "a text", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		said := 0
		for _, e := range s.now {
			if _, ok := e.Event.(trace.Say); ok {
				said++
			}
		}
		return said >= n
	})
}

// sent returns a text as a telephone decodes what it is sent of it.
func (s *service) sent(t *testing.T, text string, codec audio.Codec) []float64 {
	t.Helper()
	sound, release, err := s.sounds.Say(t.Context(), speech.Utterance{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	frames := sound.Frames(codec)
	await.That(t, "the whole of it", func() bool { ended, _ := frames.Ended(); return ended })
	coded := make([]byte, frames.Len())
	frames.Copy(coded, 0)
	decoder := audio.NewDecoder(codec)
	return floats(decoder.Append(nil, coded))
}

func floats(pcm []int16) []float64 {
	samples := make([]float64, len(pcm))
	for i, s := range pcm {
		samples[i] = float64(s)
	}
	return samples
}

// likeness returns by how many dB a sound is over its difference from what was
// heard, where that is most like it. Its end may have come too late to be heard.
func likeness(heard, sound []float64) float64 {
	const piece = 400 // samples by which it is found
	loudest, at := 0.0, 0
	for i := 0; i+piece <= len(sound); i += piece / 2 {
		if p := product(sound[i:i+piece], sound[i:i+piece]); p > loudest {
			loudest, at = p, i
		}
	}
	best, offset := 0.0, 0
	for i := at; i+piece <= len(heard); i++ {
		there := heard[i : i+piece]
		if p := 2*product(there, sound[at:at+piece]) - product(there, there); p > best {
			best, offset = p, i-at
		}
	}
	sound = sound[:min(len(sound), len(heard)-offset)]
	rest := make([]float64, len(sound))
	for i := range rest {
		rest[i] = sound[i] - heard[offset+i]
	}
	return 10 * gomath.Log10(product(sound, sound)/product(rest, rest))
}

func product(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
