package voice_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	gomath "math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/switchhook/switchhook/examples/math"
	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/sipp"
)

// baresip is one that runs.
type baresip struct {
	t       *testing.T
	folder  string
	control net.Conn
	events  chan string // their types
}

// startBaresip runs a baresip with the settings of a folder of testdata, until the
// test ends. Its certificates are checked with ca.
func startBaresip(t *testing.T, settings string, rate int, ca []byte) *baresip {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without baresip")
	}
	if _, err := exec.LookPath("baresip"); err != nil {
		t.Fatal("this test needs baresip: install the Debian package baresip (apt-get install baresip, or make deps)")
	}
	b := &baresip{t: t, folder: t.TempDir(), events: make(chan string, 100)}
	from := filepath.Join("testdata", "baresip", settings)
	if err := os.CopyFS(b.folder, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	control := fmt.Sprintf("127.0.0.1:%d", sipp.FreePort(t))
	b.write("ca.pem", ca)
	b.write("contacts", nil)
	config, err := os.ReadFile(filepath.Join(from, "config"))
	if err != nil {
		t.Fatal(err)
	}
	b.write("config", fmt.Appendf(config, "ctrl_tcp_listen %s\nsip_listen 127.0.0.1:%d\n", control, sipp.FreePort(t)))
	var silence bytes.Buffer
	if err := audio.WriteWAVHeader(&silence, 60*rate, rate); err != nil {
		t.Fatal(err)
	}
	b.write("silence.wav", append(silence.Bytes(), make([]byte, 2*60*rate)...))
	ctx, cancel := context.WithCancel(await.Context(t))
	program := exec.CommandContext(ctx, "baresip", "-f", ".", "-v")
	var out await.Log
	program.Dir, program.Stdout, program.Stderr = b.folder, &out, &out
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = program.Wait() // it was killed
		if t.Failed() {
			t.Log(out.String())
		}
	})
	await.That(t, "a baresip that listens", func() bool {
		b.control, err = net.Dial("tcp", control)
		return err == nil
	})
	go b.read()
	return b
}

func (b *baresip) write(name string, text []byte) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.folder, name), text, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// do gives a command: as netstrings (https://cr.yp.to/proto/netstrings.txt) of JSON.
func (b *baresip) do(command, params string) {
	b.t.Helper()
	text, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(b.control, "%d:%s,", len(text), text); err != nil {
		b.t.Fatal(err)
	}
}

func (b *baresip) read() {
	var text []byte
	piece := make([]byte, 4096)
	for {
		n, err := b.control.Read(piece)
		if err != nil {
			return
		}
		text = append(text, piece[:n]...)
		for {
			length, rest, ok := bytes.Cut(text, []byte(":"))
			size, err := strconv.Atoi(string(length))
			if !ok || err != nil || len(rest) <= size {
				break
			}
			var e struct{ Type string }
			_ = json.Unmarshal(rest[:size], &e)
			if e.Type != "" {
				b.events <- e.Type
			}
			text = rest[size+1:]
		}
	}
}

// waits for an event.
func (b *baresip) waits(want string) {
	b.t.Helper()
	for {
		if got := await.From(b.t, want, b.events); got == want {
			return
		}
	}
}

// heard returns what it has heard so far.
func (b *baresip) heard(rate int) []float64 {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.folder, "dump-*-dec.wav"))
	if err != nil || len(files) != 1 {
		b.t.Fatalf("it has kept %v, %v", files, err)
	}
	file, err := os.ReadFile(files[0])
	if err != nil {
		b.t.Fatal(err)
	}
	const header = 44 // of libsndfile's files of this kind
	if got := int(binary.LittleEndian.Uint32(file[24:])); got != rate {
		b.t.Fatalf("it has kept %d samples a second", got)
	}
	return samplesOf(file[header:])
}

// samplesOf reads PCM.
func samplesOf(file []byte) []float64 {
	var samples []float64
	for pair := range slices.Chunk(file, 2) {
		if len(pair) == 2 {
			samples = append(samples, float64(int16(binary.LittleEndian.Uint16(pair))))
		}
	}
	return samples
}

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
		network, settings string
		codec             audio.Codec
		rate              int
		settled           int // samples after which what came before does not matter
	}{
		{dialog.UDP, "g711", audio.PCMU, audio.Rate, 0},
		{dialog.TCP, "g711", audio.PCMU, audio.Rate, 0},
		{dialog.TLS, "g722", audio.G722, audio.Wideband, audio.Wideband * 2 / 5}, // its audio.Seam ends after a quarter of a second
	} {
		t.Run(c.network, func(t *testing.T) {
			t.Parallel()
			x := plan{
				responder: math.Handler(), voice: voices, listen: []string{c.network},
				tls: &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12},
			}.serve(t)
			b := startBaresip(t, c.settings, c.rate, ca)
			b.do("dial", fmt.Sprintf("sip:100@%s;transport=%s", x.at, c.network))
			for n, key := range []string{"3", "4"} {
				x.said(t, n+1)
				b.do("sndcode", key)
				b.do("sndcode", "#")
			}
			b.waits("CALL_CLOSED")
			heard := b.heard(c.rate)
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
	var samples []float64
	for _, s := range decoder.Append(nil, coded) {
		samples = append(samples, float64(s))
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
