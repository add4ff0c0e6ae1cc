// Package voice is an engine.Line over SIP and RTP: what a document asks for
// becomes signalling of package dialog and sound of package media.
//
// A Line waits for nothing but news: of its leg, whose thread keeps the time, and
// of its call. Every length is counted in the packets that were sent.
package voice

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// Signalling is what a Line asks of its call: a dialog.Call. No method waits; what
// comes of them is told by Line.Tell.
type Signalling interface {
	Ring(status int, local *sdp.Local)
	Answer(local sdp.Local)
	Hangup(cause engine.Cause)
	Info(mediaType string, body []byte)
	Transfer(target dialog.Target)
	RefuseTransfer(status int)
	ChangeCodecs(codecs []sdp.Codec)
}

// Sounds speak texts: a prompt.Library.
type Sounds interface {
	Say(ctx context.Context, u speech.Utterance) (sound *audio.Sound, release func(), err error)
}

// Config is what a Line works with.
type Config struct {
	Call       Signalling
	Leg        *media.Leg
	Clock      func() time.Duration // that of the leg: media.Pool.Now
	Local      sdp.Local            // our side of the sound: at the leg's port
	Offered    []sdp.Format         // that the caller can do, the best first; optional
	Passed     int                  // how many servers have passed the call on, if it goes on from here
	Sounds     Sounds
	Recordings Recordings
	Number     string            // of the person on the telephone, whose recordings they are; empty: it is hidden
	Recogniser speech.Recogniser // understands the caller; optional: nobody does

	// ID is the Call-ID of the call. It may be hostile.
	ID string

	// AnswerAtOnce answers the call once it is known to lead somewhere, in place of at
	// the first sound.
	AnswerAtOnce bool

	// HangUp ends the context of the call. It is called with engine.ErrHungUp once
	// the call is over.
	HangUp context.CancelCauseFunc

	dialler *dialler // calls those whom the caller is connected with; optional
}

// Codecs are those that a Line speaks, the best first.
func Codecs() []sdp.Codec { return []sdp.Codec{sdp.G722, sdp.PCMU, sdp.PCMA} }

var _ Signalling = (*dialog.Call)(nil)
