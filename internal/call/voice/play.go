package voice

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// Play plays a prompt, to its end or until the caller does what a Gather wants.
func (l *Line) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Played{}, err
	}
	l.listenFor(listen)
	if err := l.answer(ctx); err != nil {
		return engine.Played{}, err
	}
	l.recognise()
	if l.isBarged() {
		return engine.Played{Barged: true}, nil
	}
	sound, release, err := l.sound(ctx, prompt)
	if err != nil {
		return engine.Played{}, err
	}
	defer release()
	played, err := l.playSound(ctx, sound)
	if _, isSpeech := prompt.(engine.Speech); isSpeech && err == nil {
		_, played.Unspoken = sound.Ended()
	}
	return played, err
}

// sound returns what a prompt sounds like.
func (l *Line) sound(ctx context.Context, prompt engine.Prompt) (sound *audio.Sound, release func(), err error) {
	switch p := prompt.(type) {
	case engine.Recording:
		return p.Sound, func() {}, nil
	case engine.Speech:
		return l.config.Sounds.Say(ctx, speech.Utterance{Text: p.Text, Voice: p.Voice, Language: p.Language, Domain: p.Domain})
	}
	return nil, nil, engine.ErrUnsupported
}

// playSound plays a sound, in one codec after another if that changes.
func (l *Line) playSound(ctx context.Context, sound *audio.Sound) (engine.Played, error) {
	var took time.Duration
	for {
		ended, err := l.playPart(ctx, sound, took)
		took += ended.Length
		switch {
		case ended.Whole:
			return engine.Played{Took: took}, nil
		case err != nil:
			return engine.Played{Took: took}, err
		case l.isBarged():
			return engine.Played{Took: took, Barged: true}, nil
		}
	}
}

// playPart plays a sound from a place in it, until something stops it.
func (l *Line) playPart(ctx context.Context, sound *audio.Sound, from time.Duration) (media.Event, error) {
	l.playing = l.config.Leg.Play(media.Play{Source: sound.Frames(l.news.codec), From: from, UntilKey: l.listensForKeys()})
	defer func() { l.playing = 0 }()
	ended := func() bool { return l.news.played.Play == l.playing }
	err := l.wait(ctx, ended)
	if err != nil { // how much was heard is still to be told, within a tick
		l.config.Leg.Stop(l.playing)
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
		defer cancel()
		if l.wait(limited, ended) != nil {
			return media.Event{}, err
		}
	}
	return l.news.played, err
}

// settling is how long a leg has to say how much of a sound it has sent. It takes
// less than 20 ms, unless the leg is closed.
const settling = 100 * time.Millisecond
