// Package baresip runs the telephone baresip in tests.
package baresip

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/sipp"
)

// Config is what a baresip is set to. The zero value calls over UDP, speaks G.711,
// says silence and lets callers wait.
type Config struct {
	G722    bool         // what it speaks, at 16000 Hz, in place of G.711
	Opus    bool         // likewise, at 48000 Hz; it says a tone of OpusTone, in stereo
	CA      []byte       // PEM; it calls over TLS and checks certificates with it; optional
	Folder  string       // with the settings (config, accounts) that it runs with; default: they are written
	Answers bool         // each call, by itself
	Says    *audio.Sound // of its rate; default: a minute of silence
}

// OpusTone is the tone in Hz that a baresip with Opus says: its sound is in stereo.
const OpusTone = 440

// Phone is a baresip that runs until its test ends. It has no sound card: it says
// a file, and keeps what it hears in another.
type Phone struct {
	// Address is where it is called over UDP, as sip:USER@HOST:PORT.
	Address string

	t       *testing.T
	folder  string
	rate    int
	control net.Conn
	events  chan string // their types
}

const opusRate = 48000

// modules are those of baresip that a phone needs: sound from and to files (aufile,
// sndfile; aubridge takes what nobody hears), and commands.
const modules = `module_path /usr/lib/baresip/modules
module %s.so
module aufile.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
net_interface 127.0.0.1
audio_source %s
audio_player aubridge,nul
snd_path .
`

// Start runs a baresip.
func Start(t *testing.T, c Config) *Phone {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without baresip")
	}
	if _, err := exec.LookPath("baresip"); err != nil {
		t.Fatal("this test needs baresip: install the Debian package baresip (apt-get install baresip, or make deps)")
	}
	p := &Phone{t: t, folder: t.TempDir(), rate: audio.Rate, events: make(chan string, 100)}
	switch {
	case c.G722:
		p.rate = audio.Wideband
	case c.Opus:
		p.rate = opusRate
	}
	at, control := fmt.Sprintf("127.0.0.1:%d", sipp.FreePort(t)), fmt.Sprintf("127.0.0.1:%d", sipp.FreePort(t))
	p.Address = "sip:phone@" + at
	settings, account := c.settings(), c.account()
	if c.Folder != "" {
		settings, account = read(t, c.Folder, "config"), read(t, c.Folder, "accounts")
	}
	p.write("config", settings+fmt.Sprintf("ctrl_tcp_listen %s\nsip_listen %s\n", control, at))
	p.write("accounts", account)
	p.write("contacts", "")
	p.write("ca.pem", string(c.CA))
	p.writeSound(c.Says)
	p.run(control)
	return p
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (c Config) settings() string {
	codec, source, checks := "g711", "aufile,says.wav", ""
	switch {
	case c.G722:
		codec = "g722"
	case c.Opus:
		codec, source = "opus.so\nmodule ausine", fmt.Sprintf("ausine,%d", OpusTone)
	}
	if c.CA != nil {
		checks = "sip_cafile ca.pem\nsip_verify_server yes\n"
	}
	return fmt.Sprintf(modules, codec, source) + checks
}

func (c Config) account() string {
	network, answers := "", ""
	if c.CA != nil {
		network = ";transport=tls"
	}
	if c.Answers {
		answers = ";answermode=auto"
	}
	return "<sip:phone@127.0.0.1" + network + ">;regint=0" + answers + "\n"
}

func (p *Phone) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *Phone) writeSound(says *audio.Sound) {
	p.t.Helper()
	if says == nil {
		says = audio.NewSound(p.rate)
		says.Append(make([]int16, 60*p.rate))
		says.End(nil)
	}
	var wav strings.Builder
	if err := says.WriteWAV(&wav); err != nil {
		p.t.Fatal(err)
	}
	p.write("says.wav", wav.String())
}

// run runs the program, and connects with it.
func (p *Phone) run(control string) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(await.Context(p.t))
	program := exec.CommandContext(ctx, "baresip", "-f", ".", "-v", "-s")
	var out await.Log
	program.Dir, program.Stdout, program.Stderr = p.folder, &out, &out
	if err := program.Start(); err != nil {
		p.t.Fatal(err)
	}
	var reading sync.WaitGroup
	p.t.Cleanup(func() {
		cancel()
		_ = program.Wait() // it was killed
		reading.Wait()
		if p.t.Failed() {
			p.t.Log(out.String())
		}
	})
	var dialer net.Dialer
	await.That(p.t, "a baresip that listens", func() bool {
		var err error
		p.control, err = dialer.DialContext(ctx, "tcp", control)
		return err == nil
	})
	reading.Go(func() { p.read(ctx) })
}

// Do gives a command of its menu, as "dial".
func (p *Phone) Do(command, params string) {
	p.t.Helper()
	text, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.control, "%d:%s,", len(text), text); err != nil { // https://cr.yp.to/proto/netstrings.txt
		p.t.Fatal(err)
	}
}

// read passes on events until baresip ends. They come as commands go.
func (p *Phone) read(ctx context.Context) {
	defer func() { _ = p.control.Close() }()
	r := bufio.NewReader(p.control)
	for {
		var size int
		if _, err := fmt.Fscanf(r, "%d:", &size); err != nil {
			return
		}
		text := make([]byte, size+1) // with its comma
		if _, err := io.ReadFull(r, text); err != nil {
			return
		}
		var e struct{ Type string }
		_ = json.Unmarshal(text[:size], &e) // the answer to a command has no type
		if e.Type == "" {
			continue
		}
		select {
		case p.events <- e.Type:
		case <-ctx.Done():
			return
		}
	}
}

// Await waits for an event of a type, as CALL_CLOSED.
func (p *Phone) Await(event string) {
	p.t.Helper()
	for {
		if got := await.From(p.t, event, p.events); got == event {
			return
		}
	}
}

// Heard returns what its only call has heard so far: at 8000 Hz, or at 16000 Hz if it
// speaks G.722.
func (p *Phone) Heard() []int16 {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.folder, "dump-*-dec.wav"))
	if err != nil || len(files) != 1 {
		p.t.Fatalf("it has kept %v, %v", files, err)
	}
	file, err := os.ReadFile(files[0])
	if err != nil {
		p.t.Fatal(err)
	}
	if got := int(binary.LittleEndian.Uint32(file[24:])); got != p.rate {
		p.t.Fatalf("it has kept %d samples a second", got)
	}
	pcm := file[audio.WAVHeaderSize:] // whose length the header has only in the end
	heard := make([]int16, len(pcm)/2)
	for i := range heard {
		heard[i] = int16(binary.LittleEndian.Uint16(pcm[2*i:]))
	}
	return heard
}
