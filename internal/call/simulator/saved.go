package simulator

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
)

// Replay plays a saved call again and returns the call and the differences from
// the saved one, as trace.Diff does. o.Target is the origin to call instead of
// the saved one's; empty: the saved one's. With o.Place the saved target is
// the number to call, and o.Over carries the call in place of Call. The caller and
// the flags are the saved call's.
func Replay(ctx context.Context, saved *trace.Saved, o Options) (*Result, string, error) {
	target, err := saved.Target, error(nil)
	if o.Place == nil {
		target, err = moveTo(saved.Target, o.Target)
	}
	if err != nil {
		return nil, "", err
	}
	o.Target = target
	if err := o.follow(saved); err != nil {
		return nil, "", err
	}
	if o.Place != nil {
		o.To = saved.Target
	}
	if gather := leftWhileAsked(o.Replay); gather > 0 {
		ctx, o.Record = leaveWhileAsked(ctx, gather, o.Record)
	}
	call := Call
	if o.Over != nil {
		call = o.Over
	}
	result, err := call(ctx, o)
	if err != nil {
		return nil, "", err
	}
	if first := unreached(result.Events); first != "" && unreached(saved.Events) == "" {
		return result, fmt.Sprintf("  the responder cannot be asked: %s\n", first), nil
	}
	return result, trace.Diff(saved, &trace.Saved{Target: o.Target, Events: result.Events}), nil
}

// ReplayFile is Replay of a saved call's text.
func ReplayFile(ctx context.Context, text []byte, o Options) (diff string, err error) {
	saved, err := trace.ReadSaved(bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	_, diff, err = Replay(ctx, saved, o)
	return diff, err
}

// moveTo returns target at another origin.
func moveTo(target, origin string) (string, error) {
	from, err := url.Parse(target)
	if err != nil {
		return "", fault.Newf(fault.Invalid, "the saved target %q is not a URL", target)
	}
	if origin == "" {
		return target, nil
	}
	to, err := url.Parse(origin)
	if err != nil || to.Host == "" || (to.Scheme != "http" && to.Scheme != "https") || (to.Path != "" && to.Path != "/") || to.RawQuery != "" || to.Fragment != "" || to.User != nil {
		return "", fault.Newf(fault.Invalid, "%q is not an origin", origin).WithHint("an origin is scheme and host, such as http://127.0.0.1:8080")
	}
	from.Scheme, from.Host = to.Scheme, to.Host
	return from.String(), nil
}

// unreached returns why the first request of a call got no answer.
func unreached(events []trace.Stamped) string {
	for _, event := range events {
		if request, ok := event.Event.(trace.Request); ok {
			if request.Status == 0 {
				return request.Error
			}
			return ""
		}
	}
	return ""
}

// follow sets caller and flags to those of a saved call. For a call made by
// hand, it takes from the events what the caller did.
func (o *Options) follow(saved *trace.Saved) error {
	flags := saved.Flags
	o.From, o.To, o.Method = flags.From, flags.To, strings.ToUpper(flags.Method)
	o.Barge, o.MaxDocuments = flags.Barge, flags.MaxDocuments
	o.Answers, o.Script, o.Replay = nil, nil, nil
	if flags.HangupAfter < 0 || flags.HangupAfter > maxWait.Seconds() {
		return fault.Newf(fault.Invalid, "the saved hangup-after %v is not a number of seconds from 0 to %d", flags.HangupAfter, int(maxWait.Seconds()))
	}
	o.HangupAfter = time.Duration(flags.HangupAfter * float64(time.Second))
	switch o.Method {
	case "", http.MethodGet, http.MethodPost:
	default:
		return fault.Newf(fault.Invalid, "the saved method %q is neither GET nor POST", flags.Method)
	}
	if flags.MaxDocuments < 0 {
		return fault.Newf(fault.Invalid, "the saved max-documents %d is not a number of documents", flags.MaxDocuments)
	}
	for _, value := range flags.Answers {
		answer, err := ParseAnswer(value)
		if err != nil {
			return err
		}
		o.Answers = append(o.Answers, answer)
	}
	if flags.Script != nil {
		var err error
		if o.Script, err = ParseScript(strings.NewReader(strings.Join(flags.Script, "\n"))); err != nil {
			return err
		}
	}
	if o.Answers == nil && o.Script == nil {
		o.Replay = saved.Events
	}
	return nil
}

// RunScript runs a call whose caller follows a script. The error says that the
// script cannot be read, that an expected prompt was never heard, or that the
// responder failed.
func RunScript(ctx context.Context, script string, o Options) error {
	var err error
	if o.Script, err = ParseScript(strings.NewReader(script)); err != nil {
		return err
	}
	result, err := Call(ctx, o)
	if err != nil {
		return err
	}
	switch {
	case result.Unmet != nil:
		err = fmt.Errorf("line %d of the script: the caller never heard %q", result.Unmet.Line, result.Unmet.Text)
	case result.Outcome.Failed:
		err = fmt.Errorf("the responder failed: %s", result.Outcome.Reason)
	default:
		return nil
	}
	return fmt.Errorf("%w\n%s", err, transcript(result.Events))
}
