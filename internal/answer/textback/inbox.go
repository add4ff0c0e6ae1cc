package textback

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/form"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/optout"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/netsapiens"
)

// Mail is the part of the ledger that stores what people text us. The store is
// one.
type Mail interface {
	// Receive stores a text once, and does with it what decide says. For a known
	// text it does nothing, and returns it as Seen.
	Receive(ctx context.Context, m ledger.Inbound, tenant string, decide func(ledger.History) ledger.Reply) (ledger.Received, error)
}

// Senders finds the entries whose texts come from a number.
type Senders interface {
	Sends(number string) bool
	All() []*entry.Entry
}

// Inbox is the http.Handler of /webresponder/events, where the phone system
// posts what people text to the numbers of entries. It honours STOP, START and
// HELP, and ignores everything else without storing it.
type Inbox struct {
	Keys    EventKeys
	Entries Senders
	Mail    Mail
	Replies Replies
	Limits  ReplyLimits
	Guesses *guess.Watch // makes anyone who guesses keys wait; optional

	Log    part.Log                   // told of each word
	Count  func(optout.Word)          // told of each word; optional
	Capped func(entry, domain string) // told of each answer that a limit held back; optional
	Stale  func(domain string)        // told of each domain that still posts with the old key after it was moved; optional
}

// MaxPost bounds what a phone system posts at once, in bytes: the texts of a
// large domain over a weekend. A post is streamed, not held in memory.
const MaxPost = 64 << 20

// eventsTimeout bounds how long our own database may go without storing an event
// of a post. A large post may take longer: what is stored need not come again.
const eventsTimeout = 20 * time.Second

// refusedPost is why a post is refused. The phone system counts any status but
// 200 as an error, and may post again.
type refusedPost struct {
	status int
	says   string
	wait   time.Duration // of a 429
}

func (r *refusedPost) Error() string { return r.says }

// ServeHTTP accepts events. It answers 200 once all of them are stored.
func (i *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		form.Say(w, http.StatusMethodNotAllowed, "events are posted")
		return
	}
	err := i.answerEvents(w, r)
	refused, ok := errors.AsType[*refusedPost](err)
	switch {
	case err == nil:
		form.Say(w, http.StatusOK, "ok")
	case ok:
		if refused.wait > 0 {
			guess.TellWait(w.Header(), refused.wait)
		}
		form.Say(w, refused.status, refused.says)
	default: // it makes the phone system post again
		i.Log.LogAttrs(r.Context(), slog.LevelError, "inbound texts not stored", slog.String("error", clip(phone.MaskIn(err.Error()))))
		form.Say(w, http.StatusServiceUnavailable, "the events could not be kept")
	}
}

// answerEvents stores the events of a post. An error that is no refusedPost is
// ours.
func (i *Inbox) answerEvents(w http.ResponseWriter, r *http.Request) error {
	// Finish what was begun even if the phone system hangs up: each event is a
	// short transaction of its own.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	late := time.AfterFunc(eventsTimeout, cancel)
	defer late.Stop()
	post, err := i.admitPost(ctx, r)
	if err != nil {
		return err
	}
	var (
		unread, failed error
		foreign        string // a domain that the post does not speak for
	)
	for event, err := range netsapiens.ReadMessageEvents(http.MaxBytesReader(w, r.Body, MaxPost)) {
		if err != nil {
			unread = cmp.Or(unread, err) // the others count: it may be posted so again and again
			continue
		}
		if event.Domain != "" && !post.speaksFor(event.Domain) {
			foreign = event.Domain
			continue
		}
		if err := i.answerEvent(ctx, event, time.Now()); err != nil {
			failed = err
			continue
		}
		late.Reset(eventsTimeout)
	}
	if failed != nil {
		return failed
	}
	if unread != nil {
		i.Log.LogAttrs(ctx, slog.LevelWarn, "inbound texts not readable", slog.String("error", clip(phone.MaskIn(unread.Error()))))
	}
	if foreign != "" {
		i.reportForeign(ctx, post, foreign)
		return &refusedPost{status: http.StatusForbidden, says: "the key is not one of the events' domain"}
	}
	return refusalOf(unread)
}

// admitPost returns whom a post speaks for, by its key.
func (i *Inbox) admitPost(ctx context.Context, r *http.Request) (*admittedPost, error) {
	query := r.URL.Query()
	post, err := i.Keys.admitPost(ctx, query, time.Now())
	if err != nil {
		return nil, err
	}
	wait := i.Guesses.Judge(r, guessable(query, i.Entries.All()), post != nil, query.Get(paramKey))
	switch {
	case wait > 0:
		return nil, &refusedPost{http.StatusTooManyRequests, "too many wrong keys came from this address; wait before the next", wait}
	case post == nil:
		return nil, &refusedPost{status: http.StatusForbidden, says: "the key is missing or wrong"}
	}
	return post, nil
}

// reportForeign reports a post whose key is not valid for a domain of its events.
func (i *Inbox) reportForeign(ctx context.Context, post *admittedPost, domain string) {
	i.Log.LogAttrs(ctx, slog.LevelWarn, "texts of another domain refused", slog.String("domain", clip(domain)))
	if post.domain == "" && i.Stale != nil {
		i.Stale(strings.ToLower(domain))
	}
}

// refusalOf returns how a post is refused that could not be read; nil: it could.
func refusalOf(unread error) error {
	refused := &refusedPost{status: http.StatusBadRequest, says: "the events broke off"}
	_, tooLong := errors.AsType[*http.MaxBytesError](unread)
	switch {
	case unread == nil:
		return nil
	case tooLong:
		refused.status, refused.says = http.StatusRequestEntityTooLarge, "these are too many events at once"
	case errors.Is(unread, netsapiens.ErrEventTooLong):
		refused.status, refused.says = http.StatusRequestEntityTooLarge, unread.Error()
	case fault.CodeOf(unread) == fault.Invalid:
		refused.says = unread.Error()
	}
	return refused
}

// answerEvent acts on one event if it is a STOP, START or HELP to a number that
// texts come from. Other texts are only counted: again, if they are posted again.
func (i *Inbox) answerEvent(ctx context.Context, event netsapiens.MessageEvent, now time.Time) error {
	if event.Removed || event.Direction != netsapiens.Inbound || strings.EqualFold(event.Type, "chat") {
		return nil // a STOP with a picture or a long text comes as mms
	}
	event.ID, event.Text = storedID(event.ID), storableText(event.Text)
	e := i.entryOf(event)
	if e == nil {
		return nil
	}
	sender := event.From
	if event.FromPlus {
		sender = "+" + sender
	}
	from, reason := receiver(sender, e.Home())
	if reason != "" || i.Entries.Sends(from.E164()) {
		return nil // two numbers of ours do not talk to each other
	}
	word := optout.Read(event.Text)
	if word == optout.None {
		i.count(word)
		return nil
	}
	m := ledger.Inbound{ID: event.ID, Domain: e.APIDomain, From: from.Key(), To: e.Text.FromNumber, Message: event.Text, At: now}
	received, err := i.Mail.Receive(ctx, m, e.APIDomain, func(h ledger.History) ledger.Reply {
		return replyTo(word, m, from, e, h, i.Replies, i.Limits)
	})
	if err != nil || received.Seen {
		return err
	}
	if received.Capped && i.Capped != nil {
		i.Capped(e.ID, e.APIDomain)
	}
	i.count(word)
	i.Log.LogAttrs(ctx, slog.LevelInfo, "inbound text answered", slog.String("entry", e.ID),
		slog.String("from", phone.Mask(from.E164())), slog.String("word", string(word)),
		slog.Bool("capped", received.Capped))
	return nil
}

func (i *Inbox) count(word optout.Word) {
	if i.Count != nil {
		i.Count(word)
	}
}

// storableText returns a text without what no database stores and no sender
// intends: NUL, which some gateways leave between letters, and invalid UTF-8.
func storableText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// entryOf returns the entry that a text answers: one whose texts come from the
// number it was sent to. Some phone systems leave that number out and give the
// user. Of several entries it prefers one that can send; but STOP counts even if
// the entry lacks what a text needs.
func (i *Inbox) entryOf(event netsapiens.MessageEvent) *entry.Entry {
	numbers := event.Recipients()
	known := len(numbers) == 0
	for _, number := range numbers {
		known = known || i.Entries.Sends(number)
	}
	if !known { // most events are other people's mail
		return nil
	}
	user, _, _ := strings.Cut(event.ToUser, "@")
	var lacking *entry.Entry
	for _, e := range i.Entries.All() {
		if e.Text.FromNumber == "" || e.APIDomain == "" || !strings.EqualFold(e.APIDomain, event.Domain) {
			continue
		}
		meant := len(numbers) == 0 && user != "" && user == e.Text.User ||
			slices.ContainsFunc(numbers, func(number string) bool { return phone.Read(number, e.Home()).Same(e.From()) })
		switch {
		case meant && e.Text.User != "":
			return e
		case meant:
			lacking = cmp.Or(lacking, e)
		}
	}
	return lacking
}
