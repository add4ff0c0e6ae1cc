package telephone_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/tool/telephone"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

var here = softphone.Config{
	Threads: 1,
	Listen:  dialog.Listen{Network: dialog.UDP, Address: netip.MustParseAddrPort("127.0.0.1:0")},
}

// farPhone is called: act has each call to it.
func farPhone(t *testing.T, act func(*softphone.Call)) (address string) {
	t.Helper()
	var acting sync.WaitGroup
	t.Cleanup(acting.Wait)
	p := handset.Start(t, here)
	acting.Go(func() {
		select {
		case c := <-p.Incoming():
			act(c)
		case <-t.Context().Done():
		}
	})
	return p.Address()
}

// until returns the keys that come before an event that is as it should be.
func until(c *softphone.Call, is func(softphone.Event) bool) (keys string) {
	for {
		e, err := c.Next(context.Background())
		if err != nil {
			return keys
		}
		if k, ok := e.(softphone.Key); ok {
			keys += string(k.Key)
		}
		if is(e) {
			return keys
		}
	}
}

func isEnd(e softphone.Event) bool {
	_, over := e.(softphone.Ended)
	return over
}

func isAnswered(e softphone.Event) bool {
	_, answered := e.(dialog.Answered)
	return answered
}

// callSIP calls, and returns what happened as lines without times and figures.
func callSIP(t *testing.T, o telephone.SIPOptions) (lines []string, result *telephone.SIPResult) {
	t.Helper()
	o.Phone = here
	watch := o.Record
	o.Record = func(e trace.Stamped) {
		if watch != nil {
			watch(e)
		}
		switch event := e.Event.(type) {
		case trace.Dial:
		case trace.Figures:
			lines = append(lines, event.Codec)
		default:
			lines = append(lines, trace.Transcript(event))
		}
	}
	result, err := telephone.CallSIP(await.Context(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return lines, result
}

func TestScriptPressesKeysOverSIP(t *testing.T) {
	for _, way := range []softphone.Way{softphone.ByEvents, softphone.ByInfo} {
		pressed := make(chan string, 1)
		target := farPhone(t, func(c *softphone.Call) {
			c.Answer()
			last := func(e softphone.Event) bool { k, ok := e.(softphone.Key); return ok && k.Key == '9' || isEnd(e) }
			pressed <- until(c, last)
			c.Hangup()
			until(c, isEnd)
		})
		steps, err := simulator.ParseScript(strings.NewReader("press 12#\nwait 0.1\npress 9\n"))
		if err != nil {
			t.Fatal(err)
		}
		got, result := callSIP(t, telephone.SIPOptions{Target: target, Script: steps, DTMF: way})
		want := []string{"answered", "> presses 12# (" + string(way) + ")", "> presses 9 (" + string(way) + ")", "PCMU", "hangs up (responder)"}
		if !slices.Equal(got, want) || !result.Answered {
			t.Errorf("by %s there was %q", way, got)
		}
		if keys := await.From(t, "the end", pressed); keys != "12#9" {
			t.Errorf("by %s %q arrived", way, keys)
		}
	}
}

func TestFileIsSaidAndTheCallHungUp(t *testing.T) {
	heard := make(chan *softphone.Recorder, 1)
	target := farPhone(t, func(c *softphone.Call) {
		heard <- c.Hear()
		c.Answer()
		until(c, isEnd)
	})
	got, _ := callSIP(t, telephone.SIPOptions{Target: target, Says: audio.SoundOf(audio.Beep())})
	if want := []string{"answered", "PCMU", "hangs up (caller)"}; !slices.Equal(got, want) {
		t.Errorf("there was %q", got)
	}
	sound, err := await.From(t, "a recorder", heard).Sound(await.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := sound.WaitEnd(await.Context(t)); err != nil {
		t.Fatal(err)
	}
	if loud := slices.Max(sound.Clip()); loud < 1000 {
		t.Errorf("the loudest sample of what arrived is %d", loud)
	}
}

func TestFarSideHoldsPressesAndHangsUp(t *testing.T) {
	target := farPhone(t, func(c *softphone.Call) {
		c.Answer()
		until(c, isAnswered)
		c.Hold()
		until(c, func(e softphone.Event) bool {
			agreed, ok := e.(dialog.Agreed)
			return ok && agreed.Direction == sdp.SendOnly
		})
		c.Resume()
		until(c, func(e softphone.Event) bool {
			agreed, ok := e.(dialog.Agreed)
			return ok && agreed.Direction == sdp.SendRecv
		})
		_, _ = c.Press("7", softphone.ByInfo)
		sound := audio.SoundOf(audio.Beep())
		_, _ = c.Say(sound)
		until(c, func(e softphone.Event) bool { _, said := e.(softphone.Said); return said })
		c.Hangup()
		until(c, isEnd)
	})
	got, result := callSIP(t, telephone.SIPOptions{Target: target, Hear: true})
	want := []string{"answered", "puts the caller on hold", "takes the caller off hold", "presses 7 (info)", "PCMU", "hangs up (responder)"}
	if !slices.Equal(got, want) {
		t.Errorf("there was %q", got)
	}
	sound, err := result.Heard.Sound(await.Context(t))
	if err != nil || slices.Max(sound.Clip()) < 1000 {
		t.Errorf("the beep was not heard: %v", err)
	}
}

func TestPersonPressesHoldsAndHangsUp(t *testing.T) {
	target := farPhone(t, func(c *softphone.Call) {
		c.Answer()
		until(c, isEnd)
	})
	commands, next := make(chan telephone.Command), make(chan struct{}, 1)
	watch := func(e trace.Stamped) {
		switch e.Event.(type) {
		case trace.Answered, trace.Hold:
			next <- struct{}{}
		}
	}
	go func() {
		<-next // answered
		commands <- telephone.Command{Do: telephone.Hold}
		<-next
		commands <- telephone.Command{Do: telephone.Hold}
		<-next
		commands <- telephone.Command{Do: telephone.Press, Keys: "5"}
		commands <- telephone.Command{Do: telephone.Hangup}
	}()
	got, _ := callSIP(t, telephone.SIPOptions{Target: target, Commands: commands, DTMF: softphone.ByInfo, Record: watch})
	want := []string{"answered", "> puts them on hold", "> takes them off hold", "> presses 5 (info)", "PCMU", "hangs up (caller)"}
	if !slices.Equal(got, want) {
		t.Errorf("there was %q", got)
	}
}

func TestCallThatIsTurnedDownSaysWhy(t *testing.T) {
	target := farPhone(t, func(c *softphone.Call) {
		c.Refuse(engine.Busy)
		until(c, isEnd)
	})
	got, result := callSIP(t, telephone.SIPOptions{Target: target})
	if got[len(got)-1] != "hangs up: busy (486) (responder)" || result.Answered {
		t.Errorf("there was %q", got)
	}
}

func TestCallEndsAfterItsTime(t *testing.T) {
	target := farPhone(t, func(c *softphone.Call) {
		c.Ring()
		until(c, isEnd)
	})
	got, result := callSIP(t, telephone.SIPOptions{Target: target, HangupAfter: time.Millisecond})
	if got[len(got)-1] != "hangs up (caller)" || result.Answered {
		t.Errorf("there was %q", got)
	}
}

// TestASilentFarSideIsLeft in a moment: the call itself is given up after 32 s.
func TestASilentFarSideIsLeft(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	began := time.Now()
	got, _ := callSIP(t, telephone.SIPOptions{Target: "sip:100@" + silent.LocalAddr().String(), HangupAfter: time.Millisecond})
	if got[len(got)-1] != "hangs up (caller)" {
		t.Errorf("there was %q", got)
	}
	if took := time.Since(began); took > 16*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestACertificateThatIsNotTrustedIsNamed(t *testing.T) {
	own, err := softphone.SelfSigned(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	far := handset.Start(t, softphone.Config{
		Listen: dialog.Listen{Network: dialog.TLS}, User: "far",
		ServeTLS: &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12},
	})
	var ended trace.Hangup
	caller := here
	caller.Listen.Network = dialog.TLS
	_, err = telephone.CallSIP(await.Context(t), telephone.SIPOptions{Target: far.Address(), Phone: caller, Record: func(e trace.Stamped) {
		if h, ok := e.Event.(trace.Hangup); ok {
			ended = h
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if ended.By != trace.ByEngine || !strings.HasPrefix(ended.Reason, "unavailable: ") || !strings.Contains(ended.Reason, "certificate") {
		t.Errorf("it ended as %+v", ended)
	}
}
