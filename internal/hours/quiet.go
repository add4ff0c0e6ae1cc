package hours

import (
	"errors"
	"time"
)

// Quiet is a time of each day, such as from 21:00 to 08:00, in which we must not
// disturb anyone. A nil Quiet is never.
//
// In the United States telephone solicitations are barred before 8:00 and after
// 21:00 of the called party's time, 47 CFR 64.1200(c)(1).
type Quiet struct {
	text  string
	awake Schedule // when it is not quiet
}

// ParseQuiet reads 21:00-08:00; an empty text is a nil Quiet. Times are those
// of the machine's zone until In says which.
func ParseQuiet(text string) (*Quiet, error) {
	if text == "" {
		return nil, nil
	}
	span, err := ParseSpan(text)
	if err != nil {
		return nil, err
	}
	if span.To-span.From == day/minute {
		return nil, errors.New("a day that is quiet from its beginning to its end never ends")
	}
	rest := []Span{{span.To, span.From + day/minute}}
	if span.To > day/minute {
		rest = []Span{{span.To - day/minute, span.From}}
	}
	var week Week
	for i := range week {
		week[i] = rest
	}
	return &Quiet{text: text, awake: Schedule{Week: &week}}, nil
}

// In returns the same times of day in another zone; nil: the machine's.
func (q *Quiet) In(zone *time.Location) *Quiet {
	if q == nil {
		return nil
	}
	other := *q
	other.awake.Zone = zone
	return &other
}

// Contains reports whether it is quiet at t.
func (q *Quiet) Contains(t time.Time) bool { return q != nil && q.awake.At(t) != Open }

// End returns the first moment from t on at which it is not quiet: t itself if it
// is not quiet then.
func (q *Quiet) End(t time.Time) time.Time {
	if q == nil {
		return t
	}
	end, _ := q.awake.Next(t) // there is one each day
	return end
}

// String returns the times as they were written.
func (q *Quiet) String() string {
	if q == nil {
		return ""
	}
	return q.text
}
