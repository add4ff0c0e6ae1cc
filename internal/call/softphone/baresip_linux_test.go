package softphone_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
)

// baresip runs a telephone that answers by itself and says a tone, until the test
// ends. Commands are typed to it as it starts. It returns where it is called.
func baresip(t *testing.T, commands ...string) (address string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without baresip")
	}
	if _, err := exec.LookPath("baresip"); err != nil {
		t.Fatal("this test needs baresip: install the Debian package baresip (apt-get install baresip, or make deps)")
	}
	at := freeAddress(t)
	folder := t.TempDir()
	says := filepath.Join(folder, "tone.wav")
	file, err := os.Create(says)
	if err != nil {
		t.Fatal(err)
	}
	if err := tone(8000, test1kHz).WriteWAV(file); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"config": "module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\nmodule_app account.so\nmodule_app menu.so\n" +
			"net_interface 127.0.0.1\nsip_listen " + at + "\naudio_source aufile," + says + "\naudio_player nil,\n",
		"accounts": "<sip:phone@127.0.0.1>;regint=0;answermode=auto\n",
		"contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(await.Context(t))
	arguments := []string{"-f", folder, "-v"}
	for _, c := range commands {
		arguments = append(arguments, "-e", c)
	}
	run := exec.CommandContext(ctx, "baresip", arguments...)
	var out await.Log
	run.Stdout, run.Stderr = &out, &out
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = run.Wait() // it was killed
		if t.Failed() {
			t.Log(out.String())
		}
	})
	return "sip:phone@" + at
}

// freeAddress returns an address whose port is free over UDP and TCP. It is none
// that the kernel hands out: between now and when baresip binds it, nobody gets
// it by chance.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		at := fmt.Sprintf("127.0.0.1:%d", 25000+rand.IntN(7000))
		packets, err := net.ListenPacket("udp", at)
		if err != nil {
			continue
		}
		listener, err := net.Listen("tcp", at)
		_ = packets.Close()
		if err != nil {
			continue
		}
		_ = listener.Close()
		return at
	}
	t.Fatal("no port is free")
	return ""
}

// hearsBaresip fails unless its tone is heard in a call.
func hearsBaresip(t *testing.T, c *call) {
	t.Helper()
	heard := c.Hear()
	waitFor(t, heard, 900*time.Millisecond)
	c.Hangup()
	ended := expect[softphone.Ended](c)
	if ended.Codec != "PCMU/8000" || ended.Received.Received == 0 {
		t.Errorf("the call ended as %+v", ended)
	}
	isPure(t, heard)
}

func TestBaresipIsCalledAndHeard(t *testing.T) {
	address := baresip(t)
	c := startPhone(t, softphone.Config{}).dial(address)
	c.Hear()
	expect[dialog.Answered](c)
	hearsBaresip(t, c)
}

func TestBaresipCallsAndIsHeard(t *testing.T) {
	p := startPhone(t, softphone.Config{})
	baresip(t, fmt.Sprintf("/dial %s", p.Address()))
	c := p.rings()
	c.Hear()
	c.Answer()
	expect[dialog.Answered](c)
	hearsBaresip(t, c)
}
