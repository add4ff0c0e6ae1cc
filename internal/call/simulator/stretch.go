package simulator

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// Scene is what happens on a live line from one moment on. The one of a prompt
// whose end is not known at first comes again, with the same From, once it is.
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

// What can happen on a live line.
const (
	Waiting      SceneKind = iota // for the responder, or for a sound to be had
	Hearing                       // a prompt is played
	Collecting                    // a Gather listens in silence
	Recording                     // the caller is recorded
	Echoing                       // the caller's own sound is played back
	Streaming                     // a media stream has the caller
	Disconnected                  // the call has been hung up or sent elsewhere
)

// stretch is a piece of a call in which one thing goes on.
type stretch struct {
	kind     SceneKind
	from, to time.Duration
	prompt   engine.Prompt     // of Hearing
	listen   *engine.Listening // what is listened for; nil: nothing is
	speaking bool              // the caller is speaking, and can do nothing but hang up

	// changed is closed where a live stretch is to be looked at again; nil: never.
	changed <-chan struct{}
}

// forever is past the end of every call, with room to add to it.
const forever = 1 << 62 * time.Nanosecond

// scene returns the stretch as a Handset's Watch gets it.
func (s stretch) scene() Scene {
	scene := Scene{Kind: s.kind, From: s.from, Prompt: s.prompt}
	if s.to != forever {
		scene.Until = s.to
	}
	if s.listen != nil {
		scene.Keys, scene.Speech = s.listen.Keys, s.listen.Speech
	}
	return scene
}

// heard returns what the caller hears, "" in silence: the text that is spoken, or
// the URL of the file that is played.
func (s stretch) heard() string {
	switch p := s.prompt.(type) {
	case engine.Speech:
		return p.Text
	case engine.Recording:
		return p.URL
	}
	return ""
}

// open reports whether a Record or a media stream listens, not a Gather.
func (s stretch) open() bool { return s.kind == Recording || s.kind == Streaming }

// barge returns when a caller who interrupts does so.
func (s stretch) barge() time.Duration { return s.from + min(bargeAfter, (s.to-s.from)/2) }

// half returns the middle of the stretch.
func (s stretch) half() time.Duration { return s.from + (s.to-s.from)/2 }
