// Package trace is the record of a call: typed events, in the order in which
// they happened. The terminal, saved calls, tests and logs all read the same
// ones. docs/events.md describes their JSON.
package trace

import (
	"time"
)

// Event is something that happened in a call. The set is closed.
type Event interface {
	// Kind returns the event's name, such as "say".
	Kind() string
}

// Stamped is an event with its time.
type Stamped struct {
	At    time.Duration // since the call began, by the line's clock; of what lasts, its beginning
	Event Event
}

// Answer begins a call.
type Answer struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Answered is the moment in which a line answered that had not at once.
type Answered struct{}

// Request is one question to a responder.
type Request struct {
	Method string `json:"method"`
	URL    string `json:"url"`    // without the call's parameters
	Status int    `json:"status"` // 0 where no answer came
	Ms     int64  `json:"ms"`     // of real time, whatever the line's clock says
	Error  string `json:"error,omitempty"`
	Code   string `json:"code,omitempty"` // of the error: docs/problems.md

	// Exchange is what went over the wire, for those who watch. It is not part
	// of the record: it holds numbers and what callers entered.
	Exchange *Exchange `json:"-"`
}

// Exchange is what was asked and answered in full.
type Exchange struct {
	Sent        string // the parameters, encoded
	URL         string // that answered in the end, after redirects
	ContentType string
	Body        []byte
}

// Say is text that was spoken.
type Say struct {
	Text     string `json:"text"`
	Voice    string `json:"voice"`
	Language string `json:"language"`
	Barged   bool   `json:"barged"` // the caller's input stopped it
}

// Play is a file that was played.
type Play struct {
	URL     string  `json:"url"`
	Seconds float64 `json:"seconds"` // how much of it was heard
	Barged  bool    `json:"barged"`
}

// Gather is input that was collected. At is when it was complete.
type Gather struct {
	Input  string `json:"input"` // "dtmf", "speech" or "dtmf speech"
	Digits string `json:"digits"`
	Speech string `json:"speech"`
	Ended  Ended  `json:"ended"`

	// FinishKey is the key that ended the input, where it is not the default.
	FinishKey string `json:"finishKey,omitempty"`
}

// Ended says what completed a Gather.
type Ended string

// What completes a Gather.
const (
	EndedNumDigits        Ended = "numDigits"
	EndedFinishOnKey      Ended = "finishOnKey"
	EndedTimeout          Ended = "timeout"
	EndedDigitEndTimeout  Ended = "digitEndTimeout"
	EndedExecutionTimeout Ended = "executionTimeout"
	EndedSpeech           Ended = "speech"
	EndedHangup           Ended = "hangup"
)

// Forward is a call that left the responder.
type Forward struct {
	To       string  `json:"to"`
	ByCaller bool    `json:"byCaller"`
	End      string  `json:"end,omitempty"`     // how it ended there, such as busy; empty: it is not known
	Seconds  float64 `json:"seconds,omitempty"` // of talk there
}

// Echo is the caller's own sound, played back.
type Echo struct {
	Seconds float64 `json:"seconds"`
}

// Stream is a media stream that began.
type Stream struct {
	Mode       string            `json:"mode"` // "connect" or "start"
	URL        string            `json:"url"`
	Parameters map[string]string `json:"parameters"`
}

// Streamed is a media stream that has ended. What was said and pressed meanwhile
// the program got too.
type Streamed struct {
	Mode   string      `json:"mode"`   // "connect" or "start"
	Sent   float64     `json:"sent"`   // seconds of the call's sound that the program was given
	Heard  float64     `json:"heard"`  // seconds of the program's sound that the caller heard
	Words  string      `json:"words"`  // that the caller said, where the line knows them
	Keys   string      `json:"keys"`   // that the caller pressed
	Clears int         `json:"clears"` // how often the program dropped what was still to be heard
	Marks  []string    `json:"marks"`  // that were reached
	Ended  StreamEnded `json:"ended"`
}

// StreamEnded says what ended a media stream.
type StreamEnded string

// What ends a media stream.
const (
	StreamByProgram StreamEnded = "program"
	StreamByCaller  StreamEnded = "caller" // who hung up
	StreamByError   StreamEnded = "error"  // it broke
	StreamByCall    StreamEnded = "call"   // the call ended, or went elsewhere, without the caller's doing
)

// Record is a recording that was made.
type Record struct {
	URL     string  `json:"url"`
	Seconds float64 `json:"seconds"`
}

// Warning is something odd, or a verb that failed.
type Warning struct {
	Code string `json:"code"`           // SH and three digits: docs/problems.md
	Line int    `json:"line,omitempty"` // of the document, from 1
	Text string `json:"text"`
}

// Hangup ends a call. A call that was forwarded ends with Forward instead.
type Hangup struct {
	By     Party  `json:"by"`
	Reason string `json:"reason"`
}

// Dial begins a call over SIP.
type Dial struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Ringing says that the telephone that was dialled rings.
type Ringing struct{}

// Press is keys that the caller sent over SIP. By is how: "rtp", "info" or "tones".
type Press struct {
	Keys string `json:"keys"`
	By   string `json:"by"`
}

// Key is one that the other side of a call over SIP sent. By is how: "rtp" or "info".
type Key struct {
	Key string `json:"key"`
	By  string `json:"by"`
}

// Hold says that a side of a call over SIP put the other on hold, or ended that.
type Hold struct {
	On bool  `json:"on"`
	By Party `json:"by"`
}

// Figures are how the sound of a call over SIP went.
type Figures struct {
	Codec    string  `json:"codec"`
	Sent     uint64  `json:"sent"`     // packets
	Received uint64  `json:"received"` // packets
	Lost     uint64  `json:"lost"`     // packets
	JitterMs float64 `json:"jitterMs"`
	MOS      float64 `json:"mos"`    // 1 to 4.5; 0: nothing was received
	Local    string  `json:"local"`  // address of the sound
	Remote   string  `json:"remote"` // address of the sound; empty: none was learned
}

// SIP is a message of a call over SIP, which only stored traces have, after the other
// events. Nothing reads it back: to those who play calls again and compare them it is
// an event that they do not know.
type SIP struct {
	Call    string `json:"call"` // the Call-ID: a call that was connected with others has several
	Ours    bool   `json:"ours"` // we sent it
	Message string `json:"message"`
	CSeq    string `json:"cseq"`
	Over    string `json:"over"` // udp, tcp or tls
	Peer    string `json:"peer"` // the address of the other side
	Times   int    `json:"times"`
	Text    string `json:"text"` // numbers masked, without credentials
}

// Party is who ended a call.
type Party string

// Who can end a call.
const (
	ByResponder Party = "responder" // the verb Hangup
	ByEnd       Party = "end"       // the end of the document
	ByCaller    Party = "caller"
	ByEngine    Party = "engine" // a failure or the loop guard
)

// Kind returns "answer".
func (Answer) Kind() string { return "answer" }

// Kind returns "answered".
func (Answered) Kind() string { return "answered" }

// Kind returns "request".
func (Request) Kind() string { return "request" }

// Kind returns "say".
func (Say) Kind() string { return "say" }

// Kind returns "play".
func (Play) Kind() string { return "play" }

// Kind returns "gather".
func (Gather) Kind() string { return "gather" }

// Kind returns "forward".
func (Forward) Kind() string { return "forward" }

// Kind returns "echo".
func (Echo) Kind() string { return "echo" }

// Kind returns "stream".
func (Stream) Kind() string { return "stream" }

// Kind returns "streamed".
func (Streamed) Kind() string { return "streamed" }

// Kind returns "record".
func (Record) Kind() string { return "record" }

// Kind returns "warning".
func (Warning) Kind() string { return "warning" }

// Kind returns "hangup".
func (Hangup) Kind() string { return "hangup" }

// Kind returns "dial".
func (Dial) Kind() string { return "dial" }

// Kind returns "ringing".
func (Ringing) Kind() string { return "ringing" }

// Kind returns "press".
func (Press) Kind() string { return "press" }

// Kind returns "key".
func (Key) Kind() string { return "key" }

// Kind returns "hold".
func (Hold) Kind() string { return "hold" }

// Kind returns "figures".
func (Figures) Kind() string { return "figures" }

// Kind returns "sip".
func (SIP) Kind() string { return "sip" }
