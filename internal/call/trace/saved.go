package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// Saved is a call as a file stores it: JSON Lines, first how the call was made,
// then its events.
type Saved struct {
	Target string
	Flags  Flags
	Events []Stamped
}

// Flags says how a saved call was made, in the names of the command's flags.
type Flags struct {
	From         string   `json:"from,omitempty"`
	To           string   `json:"to,omitempty"`
	Method       string   `json:"method,omitempty"`
	Answers      []string `json:"answer,omitempty"`
	Script       []string `json:"script,omitempty"` // the script's lines
	Barge        bool     `json:"barge,omitempty"`
	HangupAfter  float64  `json:"hangup-after,omitempty"` // seconds
	MaxDocuments int      `json:"max-documents,omitempty"`
}

// header is the first line of a saved call.
type header struct {
	Event  string `json:"event"` // "call"
	Target string `json:"target"`
	Flags  Flags  `json:"flags"`
}

// Bounds of saved calls.
const (
	maxLine   = 4 << 20 // a document of 1 MiB that is one Say, escaped
	maxEvents = 100_000
)

// Write writes the call as JSON Lines.
func (s *Saved) Write(w io.Writer) error {
	first, err := marshal(header{Event: "call", Target: s.Target, Flags: s.Flags})
	if err != nil {
		return err
	}
	out := slices.Concat(first, []byte{'\n'})
	for _, event := range s.Events {
		if out, err = event.AppendJSON(out); err != nil {
			return err
		}
		out = append(out, '\n')
	}
	_, err = w.Write(out)
	return err
}

// ReadSaved reads a saved call. Events and fields that this version does not
// know are passed over. Errors are *fault.Error and name the line.
func ReadSaved(r io.Reader) (*Saved, error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), maxLine)
	var saved *Saved
	number := 0
	for scanner.Scan() {
		number++
		line := bytes.TrimSpace(scanner.Bytes())
		if len(line) == 0 {
			continue
		}
		if saved == nil {
			var err error
			if saved, err = readHeader(line); err != nil {
				return nil, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("line %d is not the beginning of a saved call", number), Err: err,
					Hint: `a saved call begins with {"event":"call","target":…,"flags":{…}}, as call --save writes it`}
			}
			continue
		}
		event, err := ParseEvent(line)
		if err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("line %d is not an event", number), Err: err}
		}
		if event.Event == nil {
			continue
		}
		if len(saved.Events) == maxEvents {
			return nil, fault.Newf(fault.Invalid, "line %d: the call has more than %d events", number, maxEvents)
		}
		saved.Events = append(saved.Events, event)
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fault.Newf(fault.Invalid, "line %d has more than %d bytes", number+1, maxLine)
	case err != nil:
		return nil, err
	case saved == nil:
		return nil, fault.Newf(fault.Invalid, "the file is empty").WithHint("switchhook call TARGET --save FILE writes a saved call")
	}
	return saved, nil
}

func readHeader(line []byte) (*Saved, error) {
	var h header
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, err
	}
	switch {
	case h.Event != "call":
		return nil, fmt.Errorf("its event is %q", h.Event)
	case h.Target == "":
		return nil, errors.New("it names no target")
	}
	return &Saved{Target: h.Target, Flags: h.Flags}, nil
}

// Failed reports whether the call was ended by a failure.
func (s *Saved) Failed() bool {
	for _, stamped := range s.Events {
		if hangup, ok := stamped.Event.(Hangup); ok {
			return hangup.By == ByEngine
		}
	}
	return false
}

// Masked returns the call with its telephone numbers masked, wherever they
// stand. What callers pressed and said stays: without it the call cannot be
// played again.
func (s *Saved) Masked() *Saved {
	masked := *s
	if strings.Contains(s.Target, "://") {
		masked.Target = phone.MaskIn(s.Target)
	} // a number that was dialled stays: without it there is no call
	masked.Flags.From, masked.Flags.To = phone.Mask(s.Flags.From), phone.Mask(s.Flags.To)
	masked.Events = make([]Stamped, len(s.Events))
	for i, stamped := range s.Events {
		masked.Events[i] = Stamped{At: stamped.At, Event: mask(stamped.Event)}
	}
	return &masked
}

func mask(event Event) Event { return rewritten(event, phone.Mask, phone.MaskIn) }

// WithoutSecrets returns the event with the secrets of URLs taken out, wherever they
// stand: what a server stores by itself is read by others than those who made it.
func WithoutSecrets(event Event) Event {
	if e, ok := event.(Stream); ok {
		e.Parameters = maps.Clone(e.Parameters)
		for name := range e.Parameters {
			if setting.IsSecretName(name) {
				e.Parameters[name] = setting.Redacted
			}
		}
		event = e
	}
	return rewritten(event, setting.WithoutSecrets, setting.WithoutSecrets)
}

// rewritten returns the event with its numbers and texts as the functions return them.
func rewritten(event Event, number, text func(string) string) Event {
	switch e := event.(type) {
	case Answer:
		e.From, e.To = number(e.From), number(e.To)
		return e
	case Request:
		e.URL, e.Error = text(e.URL), text(e.Error)
		e.Exchange = nil
		return e
	case Say:
		e.Text = text(e.Text)
		return e
	case Play:
		e.URL = text(e.URL)
		return e
	case Forward:
		e.To = text(e.To)
		return e
	case Stream:
		e.URL = text(e.URL)
		parameters := make(map[string]string, len(e.Parameters))
		for name, value := range e.Parameters {
			parameters[name] = text(value)
		}
		e.Parameters = parameters
		return e
	case Record:
		e.URL = text(e.URL)
		return e
	case Warning:
		e.Text = text(e.Text)
		return e
	case Hangup:
		e.Reason = text(e.Reason)
		return e
	}
	return event
}
