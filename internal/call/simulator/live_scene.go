package simulator

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// Scene is what goes on on a live line, from one moment on.
type Scene struct {
	Kind   SceneKind
	From   time.Duration // since the answer
	Until  time.Duration // when it ends if the caller does nothing; 0: unknown
	Prompt engine.Prompt // of Hearing

	// What the caller may do. Keys that a Gather did not ask for, and words,
	// are lost.
	Keys, Speech bool
}

// SceneKind is the kind of a Scene.
type SceneKind int

// What can go on on a live line.
const (
	Waiting      SceneKind = iota // for the responder, or for a sound to be had
	Hearing                       // a prompt is played
	Collecting                    // a Gather listens in silence
	Recording                     // the caller is recorded
	Echoing                       // the caller's own sound is played back
	Streaming                     // a media stream has the caller
	Disconnected                  // the call has been hung up or sent elsewhere
)

// wants adds what a Gather asks for; it may be nil.
func (s Scene) wants(listen *engine.Listening) Scene {
	if listen != nil {
		s.Keys, s.Speech = listen.Keys, listen.Speech
	}
	return s
}
