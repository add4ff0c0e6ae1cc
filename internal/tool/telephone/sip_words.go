package telephone

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// figuresOf returns the figures of a call for its trace.
func figuresOf(f softphone.Figures) trace.Figures {
	codec, _, _ := strings.Cut(string(f.Codec), "/")
	return trace.Figures{
		Codec: codec, Sent: uint64(f.Sent.Packets), Received: f.Received.Received, Lost: f.Received.Lost,
		JitterMs: float64(f.Received.Jitter.Round(100*time.Microsecond)) / float64(time.Millisecond),
		MOS:      f.Received.MOS, Local: f.Local.String(), Remote: written(f.Remote),
	}
}

func written(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// reasonOf says why a call ended, "" if as calls do.
func reasonOf(e softphone.Ended) string {
	switch {
	case e.Status > 0 && e.Theirs:
		return fmt.Sprintf("%s (%d)", causeInWords(e.Cause), e.Status)
	case e.Unsent != nil:
		return causeInWords(e.Cause) + ": " + e.Unsent.Error()
	case e.Cause == engine.Normal:
		return ""
	}
	return causeInWords(e.Cause)
}

func causeInWords(c engine.Cause) string { return strings.ReplaceAll(string(c), "_", " ") }

// heardPiece is how many samples are played at a time: 20 ms at the higher rate.
const heardPiece = 320

// playHeard plays what arrives until the call is over.
func playHeard(r *softphone.Recorder, speaker simulator.Speaker) {
	out := speaker.Begin()
	defer out.End()
	ctx := context.Background() // the end of the call ends it
	heard, err := r.Sound(ctx)
	if err != nil {
		return
	}
	down, err := audio.NewResampler(heard.Rate(), audio.Rate)
	if err != nil {
		return // no: both are rates of telephones
	}
	reader, piece := heard.Reader(), make([]int16, heardPiece)
	for at := 0; !reader.Done(); {
		n := reader.Read(piece)
		if n == 0 {
			_ = heard.Wait(ctx, at+1)
			continue
		}
		at += n
		if heard.Rate() == audio.Rate {
			out.Write(append(audio.Clip(nil), piece[:n]...))
		} else {
			out.Write(down.Append(nil, piece[:n]))
		}
	}
}
