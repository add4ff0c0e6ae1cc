// Package wire is both ends of the wire between an operator's terminal and a
// running Core: calls, explained routes, and texts from outside.
//
// The Core serves [Lines], [Routes] and [Texts], each behind a [Door]; the
// terminal asks with a [Dialer]. A terminal and a Core of different versions
// work together, so messages gain fields and lose none.
package wire

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// The paths on a Core.
const (
	// LinePath takes terminals' lines, as WebSockets.
	LinePath = "/console/line"

	// RoutePath explains where calls go.
	RoutePath = "/console/route"

	// RecordingPath serves what callers recorded, below it, each at an address of
	// its own.
	RecordingPath = "/recordings/"

	// TextPath receives a text from outside for a number of the Core, as if
	// somebody had sent it from their phone: to try out what STOP does.
	TextPath = "/console/text"
)

// Limits, in bytes.
const (
	// MaxOrder bounds one message from a Core to a terminal: the longest
	// recording that the engine fetches, in base64.
	MaxOrder = 48 << 20

	// maxReply bounds one message from a terminal: what its caller said is the
	// longest part.
	maxReply = 1 << 20

	// maxPiece bounds the sound in one message of a recording.
	maxPiece = 64 << 10

	// maxText is the size above which a text is refused.
	maxText = 16 << 10
)

const (
	// lineTimeout is how long a terminal may take to say what it dials, to take
	// a message, and to show that it is still there.
	lineTimeout = 10 * time.Second

	// pulse is how often the Core checks that a terminal is still there. Proxies
	// cut connections that are silent for a minute.
	pulse = 20 * time.Second

	// goodbye is how long a Core may take to end a call whose caller has hung
	// up, before the terminal gives up on it.
	goodbye = 5 * time.Second
)

// mediaProtocol is the WebSocket's subprotocol of a terminal whose line records
// and carries media streams. Terminals and Cores of version 0.1.0 know none of
// it: they are not asked to.
const mediaProtocol = "media.line.switchhook"

// The messages of a line are JSON. The terminal sends a dialled first; then the
// Core gives one order after the other and the terminal replies to each. Times
// are nanoseconds of the line's clock.
type (
	// dialled says who calls whom.
	dialled struct {
		From string `json:"from"`
		To   string `json:"to"`

		// Live says that the line's clock goes on by itself; else it advances
		// only by what the line is asked to do.
		Live bool `json:"live,omitempty"`
	}

	// order is a request or a notice from the Core to the terminal.
	order struct {
		Do     action              `json:"do"`
		Speech *engine.Speech      `json:"speech,omitempty"`
		URL    string              `json:"url,omitempty"`   // of a recording; where a forward goes
		Sound  []byte              `json:"sound,omitempty"` // of a recording, µ-law
		Listen *engine.Listening   `json:"listen,omitempty"`
		Gather int                 `json:"gather,omitempty"` // distinguishes one Listen from the next
		Record *engine.RecordRules `json:"record,omitempty"`
		Stream *streaming          `json:"stream,omitempty"`
		Until  time.Duration       `json:"until,omitempty"`
		Route  []string            `json:"route,omitempty"` // how the Core came to the responder, step by step
		Event  json.RawMessage     `json:"event,omitempty"`
		Wire   *trace.Exchange     `json:"wire,omitempty"` // of an event that is a request
		End    *engine.Outcome     `json:"end,omitempty"`
	}

	// streaming is a media stream that the terminal is to carry.
	streaming struct {
		ID     int            `json:"id"`
		TwoWay bool           `json:"twoWay,omitempty"`
		Tracks []engine.Track `json:"tracks,omitempty"`
		Sound  []byte         `json:"sound,omitempty"` // for the caller, µ-law
	}

	// media is what a terminal's caller says and presses for a media stream, or a
	// piece of a recording.
	media struct {
		Stream int          `json:"stream,omitempty"` // 0: the recording
		Track  engine.Track `json:"track,omitempty"`
		Sound  []byte       `json:"sound,omitempty"` // µ-law
		Key    string       `json:"key,omitempty"`
		Words  string       `json:"words,omitempty"` // for the trace
	}

	// reply is the result of an order. One with Media is none: it comes by itself,
	// beside or before the reply.
	reply struct {
		Now     time.Duration `json:"now"` // the line's clock
		Took    time.Duration `json:"took,omitempty"`
		Barged  bool          `json:"barged,omitempty"`
		Input   *engine.Input `json:"input,omitempty"`
		HungUp  bool          `json:"hungUp,omitempty"`
		Unasked bool          `json:"unasked,omitempty"` // the caller hung up between two orders
		Error   string        `json:"error,omitempty"`
		Media   *media        `json:"media,omitempty"`
	}
)

// action is what an order wants done.
type action string

// The requests, to each of which there is one reply.
const (
	doPlay    action = "play"
	doListen  action = "listen"
	doEcho    action = "echo"
	doForward action = "forward"
	doHangup  action = "hangup"

	// Only of terminals with mediaProtocol.
	doRecord action = "record"
	doStream action = "stream"
	doFork   action = "fork"
	doUnfork action = "unfork"
)

// The notices, which get no reply. The last one is doEnd.
const (
	doRoute action = "route"
	doEvent action = "event"
	doEnd   action = "end"

	// Of media streams: sound for the caller, and that there will be no more.
	doSound action = "sound"
	doEnded action = "ended"
)

// Route is how a Core explains a call.
type Route struct {
	Steps []string `json:"steps"`

	// End is where the call ends, such as web or not_found; empty: a Core of 0.1.0
	// does not say. Reached says whether it reaches anybody there.
	End     string `json:"end,omitzero"`
	Reached bool   `json:"reached"`
}

// errTooLong: an order holds a longer recording than a terminal accepts.
var errTooLong = errors.New("the recording is too long for a terminal's line")

func writeMessage(ctx context.Context, conn *websocket.Conn, message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(text) > MaxOrder {
		return errTooLong
	}
	return conn.Write(ctx, websocket.MessageText, text)
}

func readMessage(ctx context.Context, conn *websocket.Conn, message any) error {
	_, text, err := conn.Read(ctx)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, message)
}
