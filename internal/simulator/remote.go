package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/audio"
	"github.com/switchhook/switchhook/internal/engine"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/trace"
)

// LinePath is where a Core takes terminals' lines, as WebSockets.
const LinePath = "/console/line"

// RoutePath is where a Core explains where calls go.
const RoutePath = "/console/route"

// MaxLineMessage bounds one message of a terminal's line: half an hour of
// sound, in base64.
const MaxLineMessage = 24 << 20

// The messages of a terminal's line. The terminal sends a LineCall first; then
// the Core asks for one thing after the other and the terminal answers each.
// Times are nanoseconds of the line's clock.
type (
	// LineCall says what is dialled.
	LineCall struct {
		From string `json:"from"`
		To   string `json:"to"`
	}

	// LineOrder is what the Core wants of the terminal, or tells it.
	LineOrder struct {
		Do     string            `json:"do"` // play, listen, echo, forward, hangup; route, event, end
		Speech *engine.Speech    `json:"speech,omitempty"`
		URL    string            `json:"url,omitempty"`   // of a recording
		Sound  []byte            `json:"sound,omitempty"` // of a recording, µ-law
		Listen *engine.Listening `json:"listen,omitempty"`
		Gather int               `json:"gather,omitempty"` // tells one Listen from the next
		Until  time.Duration     `json:"until,omitempty"`
		Route  []string          `json:"route,omitempty"` // how the Core came to the responder, step by step
		Event  json.RawMessage   `json:"event,omitempty"`
		Wire   *trace.Exchange   `json:"wire,omitempty"` // of an event that is a request
		End    *engine.Outcome   `json:"end,omitempty"`
	}

	// LineReply is what became of an order.
	LineReply struct {
		Now     time.Duration `json:"now"` // the line's clock
		Took    time.Duration `json:"took,omitempty"`
		Barged  bool          `json:"barged,omitempty"`
		Input   *engine.Input `json:"input,omitempty"`
		HungUp  bool          `json:"hungUp,omitempty"` // may also come unasked
		Unasked bool          `json:"unasked,omitempty"`
		Error   string        `json:"error,omitempty"`
	}
)

// Dialling says how a Core is reached.
type Dialling struct {
	Core  string // its URL
	Token string // of its operator

	// Route is told how the Core came to the responder; nil: nobody is.
	Route func(steps []string)
}

// goodbye is how long a Core may take to end a call whose caller has hung up.
const goodbye = 5 * time.Second

// place dials a Core and lets it run the call on a line, to its end.
func (d *Dialling) place(ctx context.Context, o *Options, l engine.Line) (*Result, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(MaxLineMessage)
	// A cancelled read closes the connection; but a caller who hangs up still
	// wants to be told how the call ended.
	wire, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() {
		_ = writeMessage(wire, conn, LineReply{HungUp: true, Unasked: true}) // a broken line is noticed by its reader
		time.AfterFunc(goodbye, cut)
	})()
	facts := Facts(o.From, o.To)
	if err := writeMessage(wire, conn, LineCall{From: facts.Caller, To: facts.Called}); err != nil {
		return nil, lost(err)
	}
	t := &terminalLine{line: l, listens: map[int]*engine.Listening{}}
	result := &Result{}
	for {
		var order LineOrder
		if err := readMessage(wire, conn, &order); err != nil {
			return nil, lost(err)
		}
		switch order.Do {
		case "route":
			if d.Route != nil {
				d.Route(order.Route)
			}
		case "event":
			event, err := trace.ParseEvent(order.Event)
			if err != nil || event.Event == nil {
				continue // of a newer Core
			}
			if request, ok := event.Event.(trace.Request); ok {
				request.Exchange = order.Wire
				event.Event = request
			}
			result.Events = append(result.Events, event)
			if o.Record != nil {
				o.Record(event)
			}
		case "end":
			if order.End == nil {
				return nil, fault.Newf(fault.Unavailable, "the Core ended the call without a word")
			}
			result.Outcome = *order.End
			_ = conn.Close(websocket.StatusNormalClosure, "")
			return result, nil
		default:
			if err := writeMessage(wire, conn, t.carryOut(ctx, order)); err != nil {
				return nil, lost(err)
			}
		}
	}
}

func lost(err error) error {
	return &fault.Error{Code: fault.Unavailable, Message: "the connection to the Core broke", Err: err}
}

func (d *Dialling) connect(ctx context.Context) (*websocket.Conn, error) {
	core, err := d.parse()
	if err != nil {
		return nil, err
	}
	conn, response, err := websocket.Dial(ctx, core.JoinPath(LinePath).String(), &websocket.DialOptions{HTTPHeader: d.header()}) //nolint:bodyclose // the library closes it
	if err == nil {
		return conn, nil
	}
	status := 0
	if response != nil {
		status = response.StatusCode
	}
	return nil, d.unreached(status, err)
}

func (d *Dialling) parse() (*url.URL, error) {
	core, err := url.Parse(d.Core)
	if err != nil || core.Host == "" || (core.Scheme != "http" && core.Scheme != "https") {
		return nil, fault.Newf(fault.Invalid, "%q is not the URL of a Core", d.Core).WithHint("a Core's URL is such as http://127.0.0.1:5100")
	}
	return core, nil
}

func (d *Dialling) header() http.Header {
	header := http.Header{}
	if d.Token != "" {
		header.Set("Authorization", "Bearer "+d.Token)
	}
	return header
}

// unreached says why a Core did not do what it was asked; status is 0 where it
// did not answer.
func (d *Dialling) unreached(status int, err error) error {
	switch status {
	case 0:
		return &fault.Error{Code: fault.Unavailable, Message: "no Core answers at " + d.Core, Err: err,
			Hint: "switchhook demo starts one; --core says where one is"}
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.Newf(fault.Refused, "the Core at %s does not know this token", d.Core).
			WithHint("it stands in operator.token in the Core's data folder; give it by SWITCHHOOK_TOKEN")
	case http.StatusNotFound:
		return fault.Newf(fault.Unavailable, "what answers at %s is not a Core", d.Core).
			WithHint("a Core runs where the settings have [core]; switchhook demo starts one")
	}
	return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the Core at %s answers %d", d.Core, status), Err: err}
}

// Route is how a Core explains a call.
type Route struct {
	Steps []string `json:"steps"`
}

// Explain asks a Core where it would send a call at a time; the zero time is
// now.
func (d *Dialling) Explain(ctx context.Context, from, to string, at time.Time) (Route, error) {
	core, err := d.parse()
	if err != nil {
		return Route{}, err
	}
	target := *core
	target.Path = strings.TrimSuffix(core.Path, "/") + RoutePath // JoinPath leaves the first slash out where there is no path
	query := url.Values{"from": {from}, "to": {to}}
	if !at.IsZero() {
		query.Set("at", at.Format(time.RFC3339))
	}
	target.RawQuery = query.Encode()
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true, Private: true}})
	defer client.CloseIdle()
	response, err := client.Do(ctx, fetch.Request{URL: &target, Header: d.header()})
	if err != nil {
		return Route{}, d.unreached(0, err)
	}
	if response.Status != http.StatusOK {
		return Route{}, d.unreached(response.Status, errors.New(strings.TrimSpace(string(response.Body))))
	}
	var route Route
	if err := json.Unmarshal(response.Body, &route); err != nil {
		return Route{}, d.unreached(http.StatusNotFound, err)
	}
	return route, nil
}

// terminalLine carries out a Core's orders on a line.
type terminalLine struct {
	line    engine.Line
	listens map[int]*engine.Listening // by gather: one pointer for the whole of it
}

func (t *terminalLine) carryOut(ctx context.Context, order LineOrder) LineReply {
	var reply LineReply
	var err error
	switch order.Do {
	case "play":
		var played engine.Played
		played, err = t.line.Play(ctx, order.prompt(), t.listen(order))
		reply.Took, reply.Barged = played.Took, played.Barged
	case "listen":
		var in engine.Input
		in, err = t.line.Listen(ctx, t.listen(order), order.Until)
		reply.Input = &in
	case "echo":
		echoer, ok := t.line.(engine.Echoer)
		if !ok {
			err = engine.ErrUnsupported
			break
		}
		reply.Took, err = echoer.Echo(ctx, order.Until)
	case "forward":
		forwarder, ok := t.line.(engine.Forwarder)
		if !ok {
			err = engine.ErrUnsupported
			break
		}
		err = forwarder.Forward(ctx, order.URL, false)
	case "hangup":
		err = t.line.Hangup(ctx)
	default:
		err = fmt.Errorf("the order %q is not known", order.Do)
	}
	reply.Now = t.line.Now()
	switch {
	case errors.Is(err, engine.ErrHungUp):
		reply.HungUp = true
	case err != nil:
		reply.Error = err.Error()
	}
	return reply
}

func (o LineOrder) prompt() engine.Prompt {
	if o.Speech != nil {
		return *o.Speech
	}
	return engine.Recording{URL: o.URL, Clip: audio.AppendPCMFromMulaw(nil, o.Sound)}
}

func (t *terminalLine) listen(order LineOrder) *engine.Listening {
	if order.Listen == nil {
		return nil
	}
	if t.listens[order.Gather] == nil {
		clear(t.listens) // one Gather at a time
		t.listens[order.Gather] = order.Listen
	}
	return t.listens[order.Gather]
}

func writeMessage(ctx context.Context, conn *websocket.Conn, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, text)
}

func readMessage(ctx context.Context, conn *websocket.Conn, v any) error {
	_, text, err := conn.Read(ctx)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}
