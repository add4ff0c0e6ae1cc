package alert

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
)

// report is what is sent at once by a way: one matter, or several of a kind.
type report struct {
	way   string
	parts []item
	ended bool
	at    time.Time // when it was put together
}

// item is what a report says of a matter.
type item struct {
	key         Key
	text        string // without numbers in full
	do          string // what to do, or what to do now
	upto, count int
	follows     string // what follows from it
	at          time.Time
	since, over time.Time
}

// newItem says of a matter what a way's readers do not know yet.
func newItem(b *Board, key Key, m *Matter, t Telling) item {
	p := item{key: key, text: m.Text, do: m.Do, upto: m.Total, count: m.Total - t.Upto, at: m.At, since: m.Since}
	if !m.Ended.IsZero() {
		p.do, p.at, p.over, p.count = m.Now, m.Ended, m.Ended, m.Count()
		return p
	}
	followed := map[Kind]int{}
	for other, with := range b.Matters {
		if with.Cause != nil && *with.Cause == key && with.Stands() {
			followed[other.Kind] += with.Count()
			if other.Kind.Lasts() {
				followed[other.Kind] += 1 - with.Count()
			}
		}
	}
	var all []string
	for kind, n := range followed {
		all = append(all, fmt.Sprintf("%s (%d)", kind, n))
	}
	if slices.Sort(all); all != nil {
		p.follows = " Because of it, and not told one by one until it is over: " + strings.Join(all, ", ") + "."
	}
	return p
}

func (r report) happened() Happened {
	if r.ended {
		return Ended
	}
	return Raised
}

// Message is what is sent.
type Message struct {
	Kind     Kind
	About    string
	Title    string // for a subject line
	Text     string // in one line
	What     string // Text, but what to do
	Do       string // what to do; may be empty
	Count    int    // how often it came up since the last report
	At       time.Time
	Resolved bool
	ID       string // the same if it is sent again
}

// message returns a report as it is sent.
func (r report) message() Message {
	first := r.parts[0]
	m := Message{Kind: first.key.Kind, About: first.key.About, Title: kinds[first.key.Kind].title, Resolved: r.ended, Do: first.do}
	m.ID = fmt.Sprintf("%s-%d", m.Kind, r.at.UnixMilli())
	for _, p := range r.parts {
		m.Count += p.count
		m.At = later(m.At, p.at)
	}
	if m.About != "" {
		m.Title += ": " + m.About
	}
	switch {
	case r.ended:
		m.Title = "Over: " + m.Title
		m.What = r.end()
	default:
		m.What = first.text
		if n := m.Count; n > 1 && !m.Kind.Lasts() && len(r.parts) == 1 {
			m.What += fmt.Sprintf(" (%d times)", n)
		}
		if stood := r.at.Sub(first.since); m.Kind.Lasts() && stood >= time.Minute {
			m.What += " It has stood for " + measure.Span(stood.Round(time.Minute)) + "."
		}
		m.What += first.follows
	}
	if more := r.parts[1:]; len(more) > 0 {
		m.About = manyAbout
		m.Title = fmt.Sprintf("%s, and %d more", m.Title, len(more))
		m.What += fmt.Sprintf(" The same for %d more: %s.", len(more), listed(more))
	}
	m.Text = clip(m.What, maxText)
	if m.Do != "" {
		m.Text += " " + m.Do
	}
	return m
}

// Trial returns a message that only shows whether a way works.
func Trial(server *url.URL, now time.Time) Message {
	from := "Switchhook"
	if server != nil {
		from += " at " + server.String()
	}
	text := "This is a test of the alerts of " + from + ": nothing is the matter, and there is nothing to do."
	return Message{Kind: trial, Title: "A test of Switchhook's alerts", Text: text, What: text, Count: 1, At: now, ID: fmt.Sprintf("%s-%d", trial, now.UnixMilli())}
}

// trial is the kind of what only shows whether a way works; it stands on no board.
const trial Kind = "test"

// end says that what was told is over.
func (r report) end() string {
	first := r.parts[0]
	lasted := first.over.Sub(first.since)
	if lasted >= 2*time.Minute {
		lasted = lasted.Round(time.Minute)
	}
	return fmt.Sprintf("Resolved: it is over, after %s (%s to %s UTC). It was: %s",
		measure.Span(lasted), clock(first.since, first.over), clock(first.over, first.since), first.text)
}

// clock is a time of day, with its date if another is on another day.
func clock(t, other time.Time) string {
	t, other = t.UTC(), other.UTC()
	if t.YearDay() == other.YearDay() && t.Year() == other.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}

// maxListed is how many subjects are named.
const maxListed = 10

func listed(parts []item) string {
	var names []string
	for _, p := range parts {
		names = append(names, cmp.Or(p.key.About, "all"))
	}
	if more := len(names) - maxListed; more > 0 {
		return strings.Join(names[:maxListed], ", ") + fmt.Sprintf(" and %d others", more)
	}
	return strings.Join(names, ", ")
}
