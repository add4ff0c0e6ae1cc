package loopback

import (
	"context"
	"net/netip"
	"sync"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// telephone returns a telephone that is in use until it is put down.
func telephone() (phone *softphone.Phone, putDown func(), err error) {
	phone, err = softphone.New(softphone.Config{
		Listen: dialog.Listen{Network: dialog.UDP, Address: netip.AddrPortFrom(here, 0)}, Threads: 1,
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = phone.Serve(ctx) }) // if its socket breaks its calls end, which is told
	return phone, func() {
		end()
		serving.Wait()
	}, nil
}

// handset is the caller's telephone.
type handset struct {
	call   *softphone.Call
	script *speech.Script // understands what is said

	up   chan struct{} // closed once the call is answered
	over chan struct{} // closed once it has ended
}

var _ simulator.Telephone = (*handset)(nil)

func newHandset(call *softphone.Call, script *speech.Script) *handset {
	return &handset{call: call, script: script, up: make(chan struct{}), over: make(chan struct{})}
}

// attend follows the call to its end.
func (h *handset) attend(ctx context.Context) {
	defer close(h.over)
	for {
		e, err := h.call.Next(ctx)
		if err != nil {
			return
		}
		if _, answered := e.(dialog.Answered); answered {
			close(h.up)
		}
	}
}

// isUp waits until the call is answered; false: it has ended.
func (h *handset) isUp() bool {
	select {
	case <-h.up:
		return true
	case <-h.over:
		return false
	}
}

// Press presses a key.
func (h *handset) Press(key byte) {
	if h.isUp() {
		_, _ = h.call.Press(string(key), "") // the server takes keys as events
	}
}

// Say says something.
func (h *handset) Say(text string, heard bool) {
	if !h.isUp() {
		return
	}
	if heard {
		h.script.Say(text)
	}
	_, _ = h.call.Say(audio.SoundOf(speech.Murmur(text))) // a codec was agreed on
}

// Hangup hangs up.
func (h *handset) Hangup() { h.call.Hangup() }
