package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the event as one JSON object, "at" and "event" first,
// without a line end.
func (s Stamped) AppendJSON(dst []byte) ([]byte, error) {
	fields, err := marshal(withoutNull(s.Event))
	if err != nil {
		return dst, fmt.Errorf("write event %s: %w", s.Event.Kind(), err)
	}
	dst = append(dst, `{"at":`...)
	dst = strconv.AppendFloat(dst, Seconds(s.At), 'f', -1, 64)
	dst = append(dst, `,"event":"`...)
	dst = append(dst, s.Event.Kind()...)
	dst = append(dst, '"')
	if len(fields) > len("{}") {
		dst = append(dst, ',')
	}
	return append(dst, fields[1:]...), nil
}

// withoutNull returns the event with an object or a list where readers expect one.
func withoutNull(event Event) Event {
	switch e := event.(type) {
	case Stream:
		if e.Parameters == nil {
			e.Parameters = map[string]string{}
		}
		return e
	case Streamed:
		if e.Marks == nil {
			e.Marks = []string{}
		}
		return e
	}
	return event
}

// marshal is json.Marshal without the escapes that HTML needs, because people
// read the URLs, and with those that a terminal needs: responders wrote the
// texts, and JSON does not escape control characters above 7E.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	encoded := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	first := bytes.IndexFunc(encoded, isC1)
	if first < 0 {
		return encoded, nil
	}
	safe := append([]byte(nil), encoded[:first]...)
	for i := first; i < len(encoded); {
		r, size := utf8.DecodeRune(encoded[i:])
		if isC1(r) {
			safe = fmt.Appendf(safe, `\u%04x`, r)
		} else {
			safe = append(safe, encoded[i:i+size]...)
		}
		i += size
	}
	return safe, nil
}

// isC1 reports whether r is a control character that is not ASCII's, or DEL.
func isC1(r rune) bool { return 0x7F <= r && r <= 0x9F }

// Seconds returns d in seconds, to the millisecond, as events carry it.
func Seconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)) / 1000
}

// maxAt bounds the times that are read: a call is not longer than a week.
const maxAt = 7 * 24 * 60 * 60

// ParseEvent reads one event's JSON. Its Event is nil if this version does not
// know the kind.
func ParseEvent(line []byte) (Stamped, error) {
	var head struct {
		At    float64 `json:"at"`
		Event string  `json:"event"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return Stamped{}, err
	}
	if head.Event == "" {
		return Stamped{}, fmt.Errorf(`the object has no "event"`)
	}
	if head.At < 0 || head.At > maxAt {
		return Stamped{}, fmt.Errorf(`"at" is %v, not a number of seconds from 0 to %d`, head.At, maxAt)
	}
	event, err := decodeEvent(head.Event, line)
	return Stamped{At: time.Duration(math.Round(head.At*1000)) * time.Millisecond, Event: event}, err
}

func decodeEvent(kind string, line []byte) (Event, error) {
	switch kind {
	case "answer":
		return decode[Answer](line)
	case "answered":
		return decode[Answered](line)
	case "request":
		return decode[Request](line)
	case "say":
		return decode[Say](line)
	case "play":
		return decode[Play](line)
	case "gather":
		return decode[Gather](line)
	case "forward":
		return decode[Forward](line)
	case "echo":
		return decode[Echo](line)
	case "stream":
		return decode[Stream](line)
	case "streamed":
		return decode[Streamed](line)
	case "record":
		return decode[Record](line)
	case "warning":
		return decode[Warning](line)
	case "hangup":
		return decode[Hangup](line)
	}
	return decodeSIP(kind, line)
}

// decodeSIP is decodeEvent for what only calls over SIP have.
func decodeSIP(kind string, line []byte) (Event, error) {
	switch kind {
	case "dial":
		return decode[Dial](line)
	case "ringing":
		return decode[Ringing](line)
	case "press":
		return decode[Press](line)
	case "key":
		return decode[Key](line)
	case "hold":
		return decode[Hold](line)
	case "figures":
		return decode[Figures](line)
	}
	return nil, nil
}

func decode[E Event](line []byte) (Event, error) {
	var e E
	err := json.Unmarshal(line, &e)
	return e, err
}
