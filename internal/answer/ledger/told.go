package ledger

import (
	"strconv"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// Texted is the outcome of a call, in the activity record, that led to a text:
// items of the text say what became of it. Other calls have their reason.
const Texted = "texted"

// Item tells of a call that got an answer, with the text that it led to; nil:
// none.
func (k Key) Item(tenant string, d Decision, text *Text, at time.Time) activity.Item {
	i := activity.Item{At: at, Kind: activity.Call, Outcome: d.Reason, Entry: k.Entry, Tenant: tenant, Number: k.Caller, Story: k.CallID}
	if text != nil {
		i.Outcome, i.About, i.Story = Texted, text.ID, activity.StoryOf(k.CallID, text.ID)
		return i
	}
	i.Steps = []activity.Step{{Code: activity.Code(d.Reason), Args: d.Args}}
	return i
}

// TextCode says what became of a text.
type TextCode string

const (
	textSent     TextCode = "sent"
	textQueued   TextCode = "queued"
	textDoubtful TextCode = "doubtful"
	textDead     TextCode = "dead"
	textStranded TextCode = "stranded"
	textOrdered  TextCode = "ordered"
	textSending  TextCode = "sending"
)

// Sentence returns the sentence of a step with this code.
func (c TextCode) Sentence() string {
	return map[TextCode]string{
		textSent:     "The phone system took the text[, at attempt $attempt].",
		textQueued:   "The text goes out by itself at $due[: $problem].",
		textDoubtful: "The text may have gone out: the phone system is asked at $due[: $problem].",
		textDead:     "The text is not tried again ($why)[: $problem].",
		textStranded: "The server ended during an attempt: the phone system is asked whether the text went out.",
		textOrdered:  "An operator sends the text again.",
		textSending:  "The text is being sent.",
	}[c]
}

// Told returns the step that says where a text is; the caller's reason is heard.
func (t Text) Told() why.Step[TextCode] {
	args := why.Args{}
	put := func(name, value string) {
		if value != "" {
			args[name] = value
		}
	}
	switch t.State {
	case Sent:
		if t.Attempts > 1 {
			put("attempt", strconv.Itoa(t.Attempts))
		}
		return why.Step[TextCode]{Code: textSent, Args: args}
	case Queued:
		put("due", why.Time(t.Due))
		put("problem", t.Problem)
		if t.Doubtful {
			return why.Step[TextCode]{Code: textDoubtful, Args: args}
		}
		return why.Step[TextCode]{Code: textQueued, Args: args}
	case Dead:
		put("why", string(t.Why))
		put("problem", t.Problem)
		return why.Step[TextCode]{Code: textDead, Args: args}
	}
	return why.Step[TextCode]{Code: textSending}
}

// Item tells of the state that an attempt brought a text into. Entry, number and
// so on are the text's: the store adds them.
func (r Result) Item() activity.Item {
	t := Text{State: r.State, Attempts: r.Attempt, Due: r.Due, Doubtful: r.Doubtful, Why: r.Why, Problem: r.Problem}
	return activity.Item{At: r.At, Kind: activity.Text, Outcome: string(r.State), About: r.ID, Steps: activity.Steps(t.Told())}
}

// Stranded tells of a text whose attempt did not end; see Item.
func Stranded(id string, at time.Time) activity.Item {
	return textItem(id, at, textStranded)
}

// Ordered tells of a text that an operator sends again; see Item.
func Ordered(id string, at time.Time) activity.Item {
	return textItem(id, at, textOrdered)
}

func textItem(id string, at time.Time, code TextCode) activity.Item {
	return activity.Item{At: at, Kind: activity.Text, Outcome: string(Queued), About: id, Steps: activity.Steps(why.Step[TextCode]{Code: code})}
}
