package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
)

// Limits of media streams.
const (
	streamConnectTimeout = 5 * time.Second // the caller hears nothing meanwhile
	goodbyeTime          = 200 * time.Millisecond
	maxForks             = 8 // beside one call's verbs; a document can hold thousands of Start
)

// stream is a media stream to a program: its WebSocket and two goroutines that
// end with it.
type stream struct {
	id      string
	mode    string // of its event
	line    int    // of the verb in its document
	media   *Media
	program *Program
	carrier Streamer // the line
	conn    *websocket.Conn
	warn    func(code, format string, args ...any)

	cancel  context.CancelFunc
	work    sync.WaitGroup
	reading chan struct{} // closed when nothing more is read
}

// connect talks to a program until the stream ends, then hands control to the
// action.
func (r *run) connect(ctx context.Context, a answer, i int, v responder.Connect, at int) (*question, error) {
	if v.Stream.URL == "" {
		return r.actionQuestion(a, at, v.Action, "")
	}
	s, err := r.openStream(ctx, a, "connect", v.Stream, at)
	if err != nil {
		if err := r.without(ctx, a, i, at, v.Action, err); err != nil {
			return nil, err
		}
		return r.actionQuestion(a, at, v.Action, "")
	}
	r.noteHeard()
	err = s.carrier.Stream(ctx, s.media)
	r.endStream(s, r.endedBy(ctx, err))
	if err != nil {
		return nil, err
	}
	return r.actionQuestion(a, at, v.Action, "")
}

// start copies the call's sound to a program while the next verbs run.
func (r *run) start(ctx context.Context, a answer, i int, v responder.Stream, at int) error {
	if v.URL == "" {
		return nil
	}
	s, err := r.openStream(ctx, a, "start", v, at)
	if err != nil {
		return r.without(ctx, a, i, at, "", err)
	}
	r.forks = append(r.forks, &fork{stream: s, stop: s.carrier.Fork(s.media)})
	return nil
}

// without goes on without a stream that failed. If nothing would follow, that is
// a failure, or the caller would hear silence.
func (r *run) without(ctx context.Context, a answer, i, line int, action string, err error) error {
	if r.endingOf(ctx, err) != nil {
		return err
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{code: CodeStream, text: err.Error(), err: err}
	}
	if i == len(a.parsed.Document.Verbs)-1 && action == "" && a.parsed.Document.Action == "" {
		f.line = line
		return f
	}
	return r.skipVerb(f.code, line, "%s", f.text)
}

// fork is a stream that runs beside the verbs.
type fork struct {
	stream *stream
	stop   func()
}

// endStream ends a stream that the line no longer carries, whatever is still to
// be heard.
func (r *run) endStream(s *stream, ended trace.StreamEnded) {
	s.program.Close()
	went := s.program.Went()
	if went.Broke {
		ended = trace.StreamByError
	}
	if went.Dropped > 0 {
		r.warn(CodeSlowStream, s.line, "the program took the caller's sound too slowly: %v s of it were dropped", trace.Seconds(time.Duration(went.Dropped)*FrameTime))
	}
	r.emit(trace.Streamed{
		Mode: s.mode, Sent: trace.Seconds(went.Sent), Heard: trace.Seconds(went.Heard), Words: went.Words, Keys: went.Keys,
		Clears: went.Clears, Marks: went.Marks, Ended: ended,
	})
}

// endedBy returns who ended a stream that the line has left with an error, or
// none.
func (r *run) endedBy(ctx context.Context, err error) trace.StreamEnded {
	over := r.endingOf(ctx, err)
	switch {
	case err == nil:
		return trace.StreamByProgram
	case over == nil:
		return trace.StreamByError
	case over.by == trace.ByCaller:
		return trace.StreamByCaller
	}
	return trace.StreamByCall
}

// endFork ends a stream that runs beside the verbs.
func (r *run) endFork(f *fork, ended trace.StreamEnded) {
	f.stop()
	select {
	case <-f.stream.media.done:
		ended = trace.StreamByProgram
	default:
	}
	r.endStream(f.stream, ended)
}

// dropForks drops the streams that have ended by themselves.
func (r *run) dropForks() {
	r.forks = slices.DeleteFunc(r.forks, func(f *fork) bool {
		select {
		case <-f.stream.media.done:
			r.endFork(f, trace.StreamByProgram)
			return true
		default:
			return false
		}
	})
}

// endStreams ends what still runs beside the verbs.
func (r *run) endStreams(ended trace.StreamEnded) {
	for _, f := range r.forks {
		r.endFork(f, ended)
	}
	r.forks = nil
}

// waitStreams waits for the goroutines of all streams of the call. After a hang-up
// a program that is slow to say goodbye keeps no one waiting; a caller who goes
// elsewhere hears nothing meanwhile, and waits for goodbyeTime at most.
func (r *run) waitStreams(goesOn bool) {
	if goesOn {
		defer time.AfterFunc(goodbyeTime, func() {
			for _, s := range r.streams {
				_ = s.conn.CloseNow()
			}
		}).Stop()
	}
	for _, s := range r.streams {
		s.work.Wait()
	}
}

// stay keeps the call up after a document that ends with Start, until the
// stream ends or the caller hangs up.
func (r *run) stay(ctx context.Context, document responder.Document) error {
	if len(document.Verbs) == 0 || len(r.forks) == 0 {
		return nil
	}
	if _, ok := document.Verbs[len(document.Verbs)-1].(responder.Start); !ok {
		return nil
	}
	last := r.forks[len(r.forks)-1]
	r.forks = r.forks[:len(r.forks)-1]
	last.stop()
	err := last.stream.carrier.Stream(ctx, last.stream.media)
	r.endStream(last.stream, r.endedBy(ctx, err))
	return err
}

// openStream connects to a program and says which call this is.
func (r *run) openStream(ctx context.Context, a answer, mode string, v responder.Stream, at int) (*stream, error) {
	carrier, ok := As[Streamer](r.line)
	if !ok {
		return nil, &failure{code: CodeLine, text: "this line cannot carry media streams"}
	}
	if len(r.forks) >= maxForks {
		return nil, fmt.Errorf("%d media streams run beside this call already", maxForks)
	}
	target, err := streamURL(a.url, v.URL)
	if err != nil {
		return nil, err
	}
	if target.Scheme == "ws" {
		r.warn(CodePlainStream, at, "the media stream is not encrypted; write wss://")
	}
	dialCtx, cancelDial := context.WithTimeout(ctx, streamConnectTimeout)
	defer cancelDial()
	conn, response, err := websocket.Dial(dialCtx, target.String(), &websocket.DialOptions{HTTPClient: r.engine.config.Client.HTTP(r.cookies)}) //nolint:bodyclose // the library closes it
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, streamError(target, response, err)
	}
	conn.SetReadLimit(maxStreamMessage)
	streamCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &stream{id: rand.Text(), mode: mode, line: at, carrier: carrier, conn: conn, cancel: cancel, reading: make(chan struct{})}
	s.media, s.program = NewMedia(Streaming{TwoWay: mode == "connect", Listens: listens(v.Track)})
	s.warn = func(code, format string, args ...any) {
		r.note(trace.Warning{Code: code, Line: at, Text: fmt.Sprintf(format, args...)})
	}

	parameters := make(map[string]string, len(v.Parameters))
	for _, p := range v.Parameters {
		parameters[p.Name] = p.Value
	}
	r.emit(trace.Stream{Mode: mode, URL: shownURL(target), Parameters: parameters})
	r.streams = append(r.streams, s)
	s.work.Go(func() { s.write(streamCtx, parameters) })
	s.work.Go(func() { s.read(streamCtx) })
	return s, nil
}

// listens returns what the program of a stream hears.
func listens(track responder.Track) []Track {
	switch track {
	case responder.TrackOutbound:
		return []Track{Outbound}
	case responder.TrackBoth:
		return []Track{Inbound, Outbound}
	}
	return []Track{Inbound}
}

func streamURL(base *url.URL, address string) (*url.URL, error) {
	target, err := resolveURL(base, address)
	if err != nil {
		return nil, fmt.Errorf("the stream's url %q is not a URL", address)
	}
	switch target.Scheme {
	case "https":
		target.Scheme = "wss"
	case "http":
		target.Scheme = "ws"
	}
	if (target.Scheme != "wss" && target.Scheme != "ws") || target.Host == "" {
		return nil, fmt.Errorf("the stream's url %q does not begin with wss:// and a host", address)
	}
	return target, nil
}

// streamError says in words why there is no stream. response may be nil.
func streamError(target *url.URL, response *http.Response, err error) error {
	text := err.Error()
	failed, guarded := errors.AsType[*fetch.Error](err)
	switch {
	case guarded:
		text = failed.Message
	case errors.Is(err, context.DeadlineExceeded):
		text = fmt.Sprintf("no answer in %d s", int(streamConnectTimeout.Seconds()))
	case response != nil && response.StatusCode != http.StatusSwitchingProtocols:
		text = fmt.Sprintf("it answered %s instead of opening a WebSocket", statusText(response.StatusCode))
	case response != nil:
		text = "it does not speak the WebSocket protocol"
	case errors.Is(err, io.EOF):
		text = "it closed the connection without an answer"
	}
	return fmt.Errorf("the media stream to %s cannot be opened: %s", shownURL(target), text)
}
