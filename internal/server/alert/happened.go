package alert

import (
	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// Happened says what has happened to an alert: the outcome of its item in the
// activity record.
type Happened string

// What happens.
const (
	Raised      Happened = "raised"
	Ended       Happened = "resolved"
	NotReceived Happened = "undelivered"
)

// Sentence returns the sentence of what has happened.
func (h Happened) Sentence() string {
	switch h {
	case Raised:
		return "Operators are alerted ($kind): $text"
	case Ended:
		return "What operators were alerted to ($kind) is over: $text"
	case NotReceived:
		return "An alert ($kind) did not arrive by $way, as $problem: $text"
	}
	return ""
}

// record adds what has happened to the activity record.
func (b *Board) record(h Happened, key Key, args why.Args) {
	args["kind"] = string(key.Kind)
	i := activity.Item{Kind: activity.Alert, Outcome: string(h), About: string(key.Kind) + " " + key.About}
	if kinds[key.Kind].entry {
		i.Entry = key.About
	}
	i.Steps = activity.Steps(why.Step[Happened]{Code: h, Args: args})
	b.happened = append(b.happened, i)
}
