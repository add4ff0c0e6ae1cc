package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/switchhook/switchhook/internal/audio"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/trace"
	"github.com/switchhook/switchhook/responder"
)

// verb runs the i-th verb of a document. It returns the next question where
// the verb hands control to its action, nil where the next verb runs.
func (r *run) verb(ctx context.Context, a answer, i int, verb responder.Verb) (*ask, error) {
	at := a.parsed.VerbPosition(i).Line
	switch v := verb.(type) {
	case responder.Say:
		if _, err := r.say(ctx, v, at, nil); err != nil {
			return nil, err
		}
		return r.action(a, v.Action, "")
	case responder.Play:
		if _, err := r.play(ctx, a, v, at, nil); err != nil {
			return nil, err
		}
		return r.action(a, v.Action, "")
	case responder.Gather:
		return r.gather(ctx, a, i, v)
	case responder.Forward:
		return r.forward(ctx, v)
	case responder.Echo:
		return nil, r.echo(ctx, v, at)
	case responder.Hangup:
		return nil, &ending{by: trace.ByResponder, reason: "the responder hung up"}
	case responder.Connect:
		return r.connect(ctx, a, i, v)
	case responder.Start:
		return nil, r.start(ctx, a, v.Stream, at)
	case responder.Record:
		return r.recordCaller(ctx, a, v, at)
	}
	return nil, fmt.Errorf("verb %T is not known", verb)
}

// say speaks. A line that cannot speak is a warning: the verb counts as done.
func (r *run) say(ctx context.Context, v responder.Say, at int, listen *Listening) (barged bool, err error) {
	if v.Text == "" {
		return false, nil
	}
	began := r.line.Now()
	played, err := r.line.Play(ctx, Speech{Text: v.Text, Voice: v.Voice, Language: v.Language}, listen)
	if err != nil && r.over(ctx, err) == nil {
		r.warn(CodeSpeech, at, "the text cannot be spoken: %v", err)
		err = nil
	}
	// Also where the caller hung up or nothing could be spoken: this is what
	// the responder said.
	r.emitAt(began, trace.Say{Text: v.Text, Voice: v.Voice, Language: v.Language, Barged: played.Barged})
	return played.Barged, err
}

// play plays a file. One that cannot be had is a warning: the verb counts as
// done.
func (r *run) play(ctx context.Context, a answer, v responder.Play, at int, listen *Listening) (barged bool, err error) {
	if v.URL == "" {
		return false, nil
	}
	recording, err := r.fetchPrompt(ctx, a, v.URL)
	if err != nil {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		r.warn(CodePrompt, at, "the file cannot be played: %v", err)
		return false, nil
	}
	began := r.line.Now()
	played, err := r.line.Play(ctx, recording, listen)
	if err != nil && r.over(ctx, err) == nil {
		r.warn(CodePrompt, at, "the file cannot be played: %v", err)
		return false, nil
	}
	r.emitAt(began, trace.Play{URL: recording.URL, Seconds: trace.Seconds(played.Took), Barged: played.Barged})
	return played.Barged, err
}

func (r *run) fetchPrompt(ctx context.Context, a answer, address string) (Recording, error) {
	target, err := a.url.Parse(address)
	if err != nil {
		return Recording{}, fmt.Errorf("%q is not a URL", address)
	}
	response, err := r.engine.config.Client.Do(ctx, fetch.Request{URL: target, Jar: r.cookies, Limit: maxPrompt, Timeout: r.engine.config.Timeout})
	if err != nil {
		return Recording{}, errors.New(unreachable(err).text)
	}
	if response.Status != http.StatusOK {
		return Recording{}, fmt.Errorf("%s answered %d %s", target.Redacted(), response.Status, http.StatusText(response.Status))
	}
	clip, err := audio.ReadWAV(bytes.NewReader(response.Body))
	if err != nil {
		return Recording{}, fmt.Errorf("%s: %w", target.Redacted(), err)
	}
	return Recording{URL: target.String(), Clip: clip}, nil
}

// gather plays the prompts and collects. With nothing heard the action gets
// control all the same.
func (r *run) gather(ctx context.Context, a answer, i int, v responder.Gather) (*ask, error) {
	rules := rulesOf(v)
	listen := &Listening{
		Keys: rules.keys, Speech: rules.speech, Language: v.Language, Hints: v.Hints,
		SpeechTimeout: orDefault(v.SpeechTimeout, responder.DefaultSpeechTimeout),
	}
	for j, prompt := range v.Prompts {
		var barged bool
		var err error
		at := a.parsed.PromptPosition(i, j).Line
		switch p := prompt.(type) {
		case responder.Say:
			barged, err = r.say(ctx, p, at, listen)
		case responder.Play:
			barged, err = r.play(ctx, a, p, at, listen)
		}
		if err != nil {
			return nil, r.gatherCut(ctx, err, newCollector(rules, r.line.Now()))
		}
		if barged {
			break
		}
	}
	c := newCollector(rules, r.line.Now())
	for {
		in, err := r.line.Listen(ctx, listen, c.deadline())
		if err != nil {
			return nil, r.gatherCut(ctx, err, c)
		}
		if result, complete := c.take(in); complete {
			r.emit(result)
			return r.action(a, v.Action, v.Method, gathered(v.Input, result.Digits, result.Speech)...)
		}
	}
}

// gatherCut tells of a Gather that a hang-up ended.
func (r *run) gatherCut(ctx context.Context, err error, c *collector) error {
	if over := r.over(ctx, err); over != nil && over.by == trace.ByCaller {
		r.emit(c.result(trace.EndedHangup, ""))
	}
	return err
}

// forward sends the call away, or asks another responder.
func (r *run) forward(ctx context.Context, v responder.Forward) (*ask, error) {
	if v.To == "" {
		return nil, nil
	}
	event := trace.Forward{To: v.To, ByCaller: v.ByCaller}
	if lower := strings.ToLower(v.To); strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://") {
		target, err := url.Parse(v.To)
		if err != nil {
			return nil, &failure{code: CodeAddress, text: fmt.Sprintf("the destination %q is not a URL", v.To), err: err}
		}
		r.emit(event)
		return r.question(target, "", nil), nil
	}
	forwarder, ok := r.line.(Forwarder)
	if !ok {
		return nil, &failure{code: CodeLine, text: "this line cannot forward calls"}
	}
	at := r.line.Now()
	if err := forwarder.Forward(ctx, v.To, v.ByCaller); err != nil {
		if r.over(ctx, err) != nil {
			return nil, err
		}
		return nil, &failure{code: CodeLine, text: fmt.Sprintf("the call cannot be forwarded to %s: %v", v.To, err), err: err}
	}
	r.emitAt(at, event)
	return nil, &ending{forwarded: true}
}

func (r *run) echo(ctx context.Context, v responder.Echo, at int) error {
	echoer, ok := r.line.(Echoer)
	if !ok {
		r.warn(CodeLine, at, "this line cannot play the caller's sound back")
		return nil
	}
	began := r.line.Now()
	took, err := echoer.Echo(ctx, v.Timeout)
	if err != nil && r.over(ctx, err) == nil {
		r.warn(CodeLine, at, "the caller's sound cannot be played back: %v", err)
		return nil
	}
	r.emitAt(began, trace.Echo{Seconds: trace.Seconds(took)})
	return err
}

func (r *run) recordCaller(ctx context.Context, a answer, v responder.Record, at int) (*ask, error) {
	recorder, ok := r.line.(Recorder)
	if !ok {
		r.warn(CodeLine, at, "this line cannot record")
		return r.action(a, v.Action, "")
	}
	began := r.line.Now()
	recording, err := recorder.Record(ctx, RecordRules{
		MaxLength:   orDefault(v.MaxLength, DefaultRecordLength),
		Silence:     orDefault(v.Timeout, responder.DefaultTimeout),
		FinishOnKey: finishKeys(v.FinishOnKey),
		Beep:        v.PlayBeep,
	})
	if err != nil {
		if r.over(ctx, err) != nil {
			return nil, err
		}
		r.warn(CodeLine, at, "the caller cannot be recorded: %v", err)
		return r.action(a, v.Action, "")
	}
	r.emitAt(began, trace.Record{URL: recording.URL, Seconds: trace.Seconds(recording.Length)})
	return r.action(a, v.Action, "", recorded(recording)...)
}
