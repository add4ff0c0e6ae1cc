package responder

import "time"

// Verb is one instruction to the phone system. The set is closed: Say, Play,
// Gather, Forward, Echo, Hangup, Connect, Start and Record, as values; a
// pointer to one is refused by Encode.
type Verb interface {
	// Name returns the name of the verb's element, such as "Say".
	Name() string

	verb()
}

// Prompt is a verb that a Gather can play while it waits: Say or Play.
type Prompt interface {
	Verb
	prompt()
}

// Values of Gather's attributes that a phone system assumes if the document does
// not set them. NumDigits is the vendor's; the others are Switchhook's.
const (
	DefaultNumDigits        = 20
	DefaultTimeout          = 5 * time.Second
	DefaultFinishOnKey      = "#"
	DefaultExecutionTimeout = 60 * time.Second
	DefaultSpeechTimeout    = time.Second
)

// Immediately is a time-out of zero seconds, written out. A time-out field that
// is zero is left out of the document and means the default. If the default is
// no limit, as in Echo, Encode refuses Immediately: written out it would mean no
// limit too. The longest time is 24 hours.
const Immediately time.Duration = -1

// NoFinishKey turns Gather's finish key off: finishOnKey="" is written.
const NoFinishKey = "none"

// Input says what a Gather listens for.
type Input string

// What a Gather can listen for. The zero Input means InputDTMF.
const (
	InputDTMF   Input = "dtmf"
	InputSpeech Input = "speech"
	InputBoth   Input = "dtmf speech"
)

// DTMF reports whether keys are collected.
func (i Input) DTMF() bool { return i != InputSpeech }

// Speech reports whether speech is transcribed.
func (i Input) Speech() bool { return i == InputSpeech || i == InputBoth }

// Say speaks text.
type Say struct {
	Text     string
	Voice    string // "male", "female", a voice's name or its id; empty: the domain's default
	Language string // BCP-47, such as "en-US"; empty: the domain's default
	Action   string // URL that gets control when the text was spoken; empty: the next verb runs
}

// Play plays a WAV file.
type Play struct {
	URL    string // absolute, or relative to the document's own URL
	Action string // URL that gets control when the file was played
}

// Gather collects keys, speech or both, and hands them to Action. The first
// key or word stops the prompts. With nothing heard control still goes to
// Action, with empty Digits.
type Gather struct {
	Prompts []Prompt // played, in order, while listening

	Input            Input         // empty: InputDTMF
	NumDigits        int           // collecting ends at this many; 0: DefaultNumDigits
	Timeout          time.Duration // wait for the first key or word after the prompts; 0: DefaultTimeout
	FinishOnKey      string        // keys that end the input and are no part of it; empty: DefaultFinishOnKey; or NoFinishKey
	DigitEndTimeout  time.Duration // wait between two keys; 0: Timeout
	ExecutionTimeout time.Duration // longest time of collecting in all; 0: DefaultExecutionTimeout
	SpeechTimeout    time.Duration // silence that ends speech; 0: DefaultSpeechTimeout
	Language         string        // BCP-47 language of the speech
	Hints            string        // words likely to be said, separated by commas

	Action string // URL that gets Digits or SpeechResult; without one the input is lost
	Method string // GET or POST for Action; empty: as the document was asked for
}

// Forward sends the call elsewhere and ends the responder's part in it.
type Forward struct {
	To       string // 2125551212, 1000, +14165550100, user_2010, sip:…@…, or the https:// URL of another responder
	ByCaller bool   // route by the caller's dial plan instead of the owner's
}

// Echo plays the caller's own sound back.
type Echo struct {
	Timeout time.Duration // how long; 0: until the caller hangs up
}

// Hangup ends the call.
type Hangup struct{}

// Connect talks to a program over a media stream, both ways, until the stream
// ends.
type Connect struct {
	Stream Stream
	Action string // URL that gets control when the stream has ended
}

// Start copies the call's sound to a media stream while the next verbs run.
type Start struct {
	Stream Stream
}

// Stream names the other end of a media stream.
type Stream struct {
	URL        string // wss://…
	Parameters []Parameter
	Track      Track // of a Start; empty: TrackInbound. A Connect has no other
}

// Track says which side of a call a media stream gets. It is Switchhook's.
type Track string

// The tracks of a Start's media stream.
const (
	TrackInbound  Track = "inbound"  // what the caller says
	TrackOutbound Track = "outbound" // what the caller hears
	TrackBoth     Track = "both"
)

// known reports whether the track is one of ours, or left out.
func (t Track) known() bool {
	switch t {
	case "", TrackInbound, TrackOutbound, TrackBoth:
		return true
	}
	return false
}

// Parameter is a named value that a media stream is started with.
type Parameter struct {
	Name, Value string
}

// Record records the caller and hands RecordingUrl and RecordingDuration to
// Action.
type Record struct {
	Action      string
	MaxLength   time.Duration // 0: the phone system's limit
	Timeout     time.Duration // silence that ends the recording; 0: DefaultTimeout
	FinishOnKey string        // as in Gather
	PlayBeep    bool          // a tone before recording starts
}

// Name returns "Say".
func (Say) Name() string { return "Say" }

// Name returns "Play".
func (Play) Name() string { return "Play" }

// Name returns "Gather".
func (Gather) Name() string { return "Gather" }

// Name returns "Forward".
func (Forward) Name() string { return "Forward" }

// Name returns "Echo".
func (Echo) Name() string { return "Echo" }

// Name returns "Hangup".
func (Hangup) Name() string { return "Hangup" }

// Name returns "Connect".
func (Connect) Name() string { return "Connect" }

// Name returns "Start".
func (Start) Name() string { return "Start" }

// Name returns "Record".
func (Record) Name() string { return "Record" }

func (Say) verb()     {}
func (Play) verb()    {}
func (Gather) verb()  {}
func (Forward) verb() {}
func (Echo) verb()    {}
func (Hangup) verb()  {}
func (Connect) verb() {}
func (Start) verb()   {}
func (Record) verb()  {}

func (Say) prompt()  {}
func (Play) prompt() {}

// actionOf returns the URL that gets control when v has completed.
func actionOf(v Verb) string {
	switch v := v.(type) {
	case Say:
		return v.Action
	case Play:
		return v.Action
	case Gather:
		return v.Action
	case Connect:
		return v.Action
	case Record:
		return v.Action
	}
	return ""
}
