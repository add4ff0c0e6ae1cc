package netsapiens

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/switchhook/switchhook/internal/fault"
)

// ErrEventTooLong says that one event of a post has more than MaxEvents bytes.
var ErrEventTooLong = errors.New("an event has too many bytes")

// ReadMessageEvents is ParseMessageEvents for a post of any size: it reads the
// events one after the other, as they come, and keeps none. If an event cannot
// be read, it yields an error in its place, and goes on with the next one. If
// the post itself cannot be read on, its last error says why: a *fault.Error
// with the code fault.Invalid, ErrEventTooLong, or what r returned.
func ReadMessageEvents(r io.Reader) iter.Seq2[MessageEvent, error] {
	return func(yield func(MessageEvent, error) bool) {
		bounded := &boundedReader{r: r, left: MaxEvents}
		s := &eventStream{bounded: bounded, yield: yield}
		if err := s.read(bufio.NewReader(bounded)); err != nil && !s.ended {
			yield(MessageEvent{}, s.explain(err))
		}
	}
}

// eventStream reads one post.
type eventStream struct {
	bounded *boundedReader
	yield   func(MessageEvent, error) bool
	ended   bool // the loop over the events has stopped
	n       int  // of the event
}

// boundedReader fails if more is read than was allowed.
type boundedReader struct {
	r    io.Reader
	left int64
	err  error // of r
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrEventTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// space is what may stand between the parts of JSON (RFC 8259, section 2).
var space = []byte(" \t\r\n")

// read reads an array of events, or one event.
func (s *eventStream) read(r *bufio.Reader) error {
	if mark, _ := r.Peek(len(byteOrderMark)); bytes.Equal(mark, byteOrderMark) {
		_, _ = r.Discard(len(byteOrderMark)) // they are there
	}
	var first byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			return err
		}
		if !slices.Contains(space, c) {
			first = c
			break
		}
	}
	_ = r.UnreadByte() // it was just read
	decoder := json.NewDecoder(r)
	switch first {
	case '{':
		if err := s.event(decoder); err != nil || s.ended {
			return err
		}
	case '[':
		if err := s.array(decoder); err != nil || s.ended {
			return err
		}
	default:
		return errors.New("no JSON array of objects")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return cmp.Or(err, errors.New("something follows the events"))
	}
	return nil
}

func (s *eventStream) array(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		if err := s.event(decoder); err != nil || s.ended {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}

// event reads the next event. The error is of the post.
func (s *eventStream) event(decoder *json.Decoder) error {
	var item json.RawMessage
	s.bounded.left = MaxEvents
	if err := decoder.Decode(&item); err != nil {
		return err
	}
	s.n++
	var event MessageEvent
	if item[0] != '{' {
		s.ended = !s.yield(event, fault.Newf(fault.Invalid, "event %d is no JSON object", s.n))
		return nil
	}
	_ = event.UnmarshalJSON(item) // has no error
	if !event.known() {
		s.ended = !s.yield(MessageEvent{}, fault.Newf(fault.Invalid, "event %d has no id of a message", s.n).
			WithHint("the subscription's model must be %s", ModelMessage))
		return nil
	}
	s.ended = !s.yield(event, nil)
	return nil
}

// explain says why a post cannot be read on.
func (s *eventStream) explain(err error) error {
	switch {
	case s.bounded.err != nil:
		return s.bounded.err
	case errors.Is(err, ErrEventTooLong):
		return err
	}
	return fault.Newf(fault.Invalid, "the events are no JSON array of objects")
}
