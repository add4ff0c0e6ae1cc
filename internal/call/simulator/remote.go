package simulator

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
)

// LinePath is where a Core takes terminals' lines, as WebSockets.
const LinePath = "/console/line"

// RoutePath is where a Core explains where calls go.
const RoutePath = "/console/route"

// MaxLineMessage bounds what a Core sends a terminal at once: the longest
// recording that the engine fetches, in base64.
const MaxLineMessage = 48 << 20

// The messages of a terminal's line. The terminal sends a LineCall first; then
// the Core asks for one thing after the other and the terminal answers each.
// Times are nanoseconds of the line's clock.
type (
	// LineCall says what is dialled.
	LineCall struct {
		From string `json:"from"`
		To   string `json:"to"`

		// Live says that the line's clock goes on by itself; else it advances
		// only by what the line is asked to do.
		Live bool `json:"live,omitempty"`
	}

	// LineOrder is a request or a notice from the Core to the terminal.
	LineOrder struct {
		Do     string            `json:"do"` // play, listen, echo, forward, hangup; route, event, end
		Speech *engine.Speech    `json:"speech,omitempty"`
		URL    string            `json:"url,omitempty"`   // of a recording
		Sound  []byte            `json:"sound,omitempty"` // of a recording, µ-law
		Listen *engine.Listening `json:"listen,omitempty"`
		Gather int               `json:"gather,omitempty"` // distinguishes one Listen from the next
		Until  time.Duration     `json:"until,omitempty"`
		Route  []string          `json:"route,omitempty"` // how the Core came to the responder, step by step
		Event  json.RawMessage   `json:"event,omitempty"`
		Wire   *trace.Exchange   `json:"wire,omitempty"` // of an event that is a request
		End    *engine.Outcome   `json:"end,omitempty"`
	}

	// LineReply is the result of an order.
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

// goodbye is how long a Core may take to end a call whose caller has hung up.
const goodbye = 5 * time.Second

// place dials a Core and lets it run the call on a line, to its end.
func (d *Dialling) place(ctx context.Context, o *Options, l engine.Line) (*Result, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	// A cancelled read closes the connection; but a caller who hangs up must
	// still learn how the call ended.
	wire, cut := context.WithCancel(context.WithoutCancel(ctx))
	t := &terminal{
		dialling: d, options: o, conn: conn, result: &Result{}, messages: make(chan message),
		line: &terminalLine{line: l, listens: map[int]*engine.Listening{}},
	}
	var reading sync.WaitGroup
	reading.Go(func() { t.read(wire) })
	defer reading.Wait()
	defer func() { _ = conn.CloseNow() }()
	defer cut()
	facts := Facts(o.From, o.To)
	_, live := l.(*live)
	if err := writeMessage(wire, conn, LineCall{From: facts.Caller, To: facts.Called, Live: live}); err != nil {
		return nil, lost(err)
	}
	return t.follow(ctx, wire)
}

// terminal is a terminal's end of a call that a Core runs.
type terminal struct {
	dialling *Dialling
	options  *Options
	conn     *websocket.Conn
	line     *terminalLine
	result   *Result
	messages chan message // closed after one with an error
}

// message is what came from the Core, or why nothing more comes.
type message struct {
	order LineOrder
	err   error
}

// read reads what the Core sends, until the connection ends.
func (t *terminal) read(wire context.Context) {
	defer close(t.messages)
	t.conn.SetReadLimit(MaxLineMessage)
	for {
		var m message
		m.err = readMessage(wire, t.conn, &m.order)
		select {
		case t.messages <- m:
		case <-wire.Done():
			return
		}
		if m.err != nil {
			return
		}
	}
}

// follow does what the Core says until the call has ended.
func (t *terminal) follow(ctx, wire context.Context) (*Result, error) {
	gone := ctx.Done()
	var patience <-chan time.Time // of a caller who has hung up
	var next *message
	for {
		m := next
		next = nil
		if m == nil {
			select {
			case came := <-t.messages:
				m = &came
			case <-gone:
				gone, patience = nil, time.After(goodbye)
				// That the line is broken shows when it is read.
				_ = writeMessage(wire, t.conn, LineReply{Now: t.line.line.Now(), HungUp: true, Unasked: true})
				continue
			case <-patience:
				return nil, lost(context.Cause(ctx))
			}
		}
		switch {
		case m.err != nil:
			return nil, lost(m.err)
		case m.order.Do == "end":
			if m.order.End == nil {
				return nil, fault.Newf(fault.Unavailable, "the Core ended the call without a word")
			}
			t.result.Outcome = *m.order.End
			return t.result, nil
		case t.tell(m.order):
		default:
			var reply LineReply
			if reply, next = t.do(ctx, m.order); next != nil {
				continue
			}
			if err := writeMessage(wire, t.conn, reply); err != nil {
				return nil, lost(err)
			}
		}
	}
}

// do carries out an order. Any message from the Core meanwhile means that it no
// longer waits for that; it is returned, and the reply is discarded.
func (t *terminal) do(ctx context.Context, order LineOrder) (LineReply, *message) {
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	done := make(chan LineReply, 1)
	go func() { done <- t.line.carryOut(ctx, order) }() // waited for below, either way
	select {
	case reply := <-done:
		return reply, nil
	case m := <-t.messages:
		abandon()
		<-done
		return LineReply{}, &m
	}
}

// tell passes on notices from the Core; false: the order is one to carry out.
func (t *terminal) tell(order LineOrder) bool {
	switch order.Do {
	case "route":
		if t.dialling.Route != nil {
			t.dialling.Route(order.Route)
		}
	case "event":
		event, err := trace.ParseEvent(order.Event)
		if err != nil || event.Event == nil {
			break // of a newer Core
		}
		if request, ok := event.Event.(trace.Request); ok {
			request.Exchange = order.Wire
			event.Event = request
		}
		t.result.Events = append(t.result.Events, event)
		if t.options.Record != nil {
			t.options.Record(event)
		}
	default:
		return false
	}
	return true
}

func lost(err error) error {
	return &fault.Error{Code: fault.Unavailable, Message: "the connection to the Core broke", Err: err}
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
