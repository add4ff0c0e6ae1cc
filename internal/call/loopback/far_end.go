package loopback

import (
	"context"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// forwarding is a line that connects its caller with a stand-in for whom a Forward
// names.
type forwarding struct{ *simulator.Driven }

var _ engine.Forwarder = forwarding{}

// Forward calls the stand-in.
func (f forwarding) Forward(ctx context.Context, _ string, _ bool) (engine.Forwarded, error) {
	connector, _ := engine.As[engine.Connector](f.Unwrap()) // a line of package voice is one
	phone, putDown, err := telephone()
	if err != nil {
		return engine.Forwarded{}, err
	}
	defer putDown()
	answering, stop := context.WithCancel(context.Background())
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		answer(answering, phone)
	}()
	defer func() {
		stop()
		<-answered
	}()
	return connector.Connect(ctx, engine.Outside{To: phone.Address(), From: farNumber})
}

// farNumber is what the far end is shown.
const farNumber = simulator.DefaultFrom

// answer answers the first call to a telephone, says a word and hangs up.
func answer(ctx context.Context, phone *softphone.Phone) {
	var call *softphone.Call
	select {
	case call = <-phone.Incoming():
	case <-ctx.Done():
		return
	}
	defer call.Hangup()
	call.Ring()
	call.Answer()
	for {
		e, err := call.Next(ctx)
		if err != nil {
			return
		}
		switch e.(type) {
		case dialog.Answered:
			_, _ = call.Say(audio.SoundOf(speech.Murmur("hello"))) // a codec was agreed on
		case softphone.Said:
			return
		}
	}
}
