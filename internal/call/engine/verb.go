package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
	"github.com/switchhook/switchhook/responder"
)

// runVerb runs the i-th verb of a document. It returns the next request if the verb
// hands control to its action, or nil to run the next verb.
func (r *run) runVerb(ctx context.Context, a answer, i int, verb responder.Verb) (*question, error) {
	at := a.parsed.VerbPosition(i).Line
	switch v := verb.(type) {
	case responder.Say:
		if _, err := r.say(ctx, v, at, nil); err != nil {
			return nil, err
		}
		return r.actionQuestion(a, at, v.Action, "")
	case responder.Play:
		if _, err := r.play(ctx, a, v, at, nil); err != nil {
			return nil, err
		}
		return r.actionQuestion(a, at, v.Action, "")
	case responder.Gather:
		return r.gather(ctx, a, i, v, at)
	case responder.Forward:
		return r.forward(ctx, a, v, at)
	case responder.Echo:
		return nil, r.echo(ctx, v, at)
	case responder.Hangup:
		return nil, r.disconnect(trace.ByResponder, "the responder hung up")
	case responder.Connect:
		return r.connect(ctx, a, i, v, at)
	case responder.Start:
		return nil, r.start(ctx, a, i, v.Stream, at)
	case responder.Record:
		return r.recordCaller(ctx, a, v, at)
	}
	return nil, fmt.Errorf("verb %T is not known", verb)
}

// say speaks. A text that cannot be spoken is skipped: the verb counts as done.
func (r *run) say(ctx context.Context, v responder.Say, at int, listen *Listening) (barged bool, err error) {
	if v.Text == "" {
		return false, nil
	}
	began := r.line.Now()
	played, err := r.line.Play(ctx, Speech{Text: v.Text, Voice: v.Voice, Language: v.Language, Domain: r.call.Facts.AccountDomain}, listen)
	event := trace.Say{Text: v.Text, Voice: v.Voice, Language: v.Language, Barged: played.Barged}
	switch {
	case err == nil:
		r.noteHeard()
		if played.Unspoken != nil {
			r.warn(CodeSpeech, at, "the text was not spoken as it should be: %v", played.Unspoken)
		}
	case r.endingOf(ctx, err) == nil:
		err = r.skipVerb(CodeSpeech, at, "the text cannot be spoken: %v", err)
	case played.Took == 0:
		return false, err // the caller had gone before it began
	}
	r.emitAt(began, event) // unspoken too: it is what the responder said
	return played.Barged, err
}

// play plays a file. One that cannot be fetched or read is skipped: the verb
// counts as done.
func (r *run) play(ctx context.Context, a answer, v responder.Play, at int, listen *Listening) (barged bool, err error) {
	if v.URL == "" {
		return false, nil
	}
	recording, release, err := r.fetchFile(ctx, a, v.URL)
	if err != nil {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		return false, r.skipVerb(CodePrompt, at, "the file cannot be played: %v", err)
	}
	defer release()
	began := r.line.Now()
	played, err := r.line.Play(ctx, recording, listen)
	switch {
	case err == nil:
		r.noteHeard()
	case r.endingOf(ctx, err) == nil:
		return false, r.skipVerb(CodePrompt, at, "the file cannot be played: %v", err)
	case played.Took == 0:
		return false, err // the caller had gone before it began
	}
	r.emitAt(began, trace.Play{URL: recording.URL, Seconds: trace.Seconds(played.Took), Barged: played.Barged})
	if err == nil && !played.Barged {
		err = r.cutOff(recording.Sound, at)
	}
	return played.Barged, err
}

// cutOff warns of a file that was played to its end, but has not come whole.
func (r *run) cutOff(sound *audio.Sound, at int) error {
	switch ended, err := sound.Ended(); {
	case err != nil:
		return r.skipVerb(CodePrompt, at, "the file breaks off: %s", fileText(err))
	case !ended:
		return r.skipVerb(CodePrompt, at, "the file breaks off: it had not come whole after %d s", int(wholeTimeout.Seconds()))
	}
	return nil
}

// maxShown is how many bytes of what a responder wrote stand in a reason, which goes
// to the log.
const maxShown = 256

// forward sends the call away, or asks another responder.
func (r *run) forward(ctx context.Context, a answer, v responder.Forward, at int) (*question, error) {
	if v.To == "" {
		return nil, nil
	}
	event := trace.Forward{To: v.To, ByCaller: v.ByCaller}
	if lower := strings.ToLower(v.To); strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://") {
		target, err := resolveURL(a.url, v.To)
		if err != nil {
			return nil, &failure{code: CodeAddress, line: at, text: fmt.Sprintf("the destination %q is not a URL", plaintext.Clip(v.To, maxShown)), err: err}
		}
		r.emit(event)
		return r.questionTo(target, "", nil), nil
	}
	forwarder, ok := As[Forwarder](r.line)
	if !ok {
		return nil, &failure{code: CodeLine, line: at, text: "this line cannot forward calls"}
	}
	began := r.line.Now()
	forwarded, err := forwarder.Forward(ctx, v.To, v.ByCaller)
	switch {
	case err == nil:
		r.endStreams(trace.StreamByCall) // the event of the Forward is the last one
		err = &ending{forwarded: true}
	case r.endingOf(ctx, err) == nil:
		return nil, &failure{code: CodeLine, line: at, text: fmt.Sprintf("the call cannot be forwarded to %s: %v", plaintext.Clip(v.To, maxShown), err), err: err}
	case forwarded.End == "":
		return nil, err // the call was over before anybody was called
	}
	event.End, event.Seconds = string(forwarded.End), trace.Seconds(forwarded.Talked)
	r.emitAt(began, event)
	return nil, err
}

func (r *run) echo(ctx context.Context, v responder.Echo, at int) error {
	echoer, ok := As[Echoer](r.line)
	if !ok {
		return r.skipVerb(CodeLine, at, "this line cannot play the caller's sound back")
	}
	began := r.line.Now()
	took, err := echoer.Echo(ctx, v.Timeout)
	if err != nil && r.endingOf(ctx, err) == nil {
		return r.skipVerb(CodeLine, at, "the caller's sound cannot be played back: %v", err)
	}
	r.noteHeard()
	r.emitAt(began, trace.Echo{Seconds: trace.Seconds(took)})
	return err
}

// recordCaller records the caller and gives the action the recording's URL.
// Most callers end a message by hanging up: the action is asked even then,
// though no caller is left to hear what it answers.
func (r *run) recordCaller(ctx context.Context, a answer, v responder.Record, at int) (*question, error) {
	recorder, ok := As[Recorder](r.line)
	if !ok {
		if err := r.skipVerb(CodeLine, at, "this line cannot record"); err != nil {
			return nil, err
		}
		return r.actionQuestion(a, at, v.Action, "")
	}
	began := r.line.Now()
	recording, err := recorder.Record(ctx, RecordRules{
		MaxLength:   orDefault(v.MaxLength, DefaultRecordLength),
		Silence:     orDefault(v.Timeout, responder.DefaultTimeout),
		FinishOnKey: finishKeys(v.FinishOnKey),
		Beep:        v.PlayBeep,
	})
	over := r.endingOf(ctx, err)
	if err != nil && over == nil {
		if err := r.skipVerb(CodeLine, at, "the caller cannot be recorded: %v", err); err != nil {
			return nil, err
		}
		return r.actionQuestion(a, at, v.Action, "")
	}
	r.noteHeard()
	if recording.URL == "" && over != nil {
		return nil, err
	}
	r.emitAt(began, trace.Record{URL: recording.URL, Seconds: trace.Seconds(recording.Length)})
	next, failed := r.actionQuestion(a, at, v.Action, "", recordParameters(recording)...)
	if over == nil {
		return next, failed
	}
	if next != nil {
		_, _ = r.ask(context.WithoutCancel(ctx), *next) // its result is an event
	}
	return nil, err
}
