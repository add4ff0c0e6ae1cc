package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// ICalConfig says which calendar is a rota. Either URL or Path is given.
type ICalConfig struct {
	// URL is the address of a feed: https, http or webcal. It is a secret, as
	// anyone who knows it can read the calendar. A user name and a password in
	// it are sent with HTTP basic authentication.
	URL Secret

	// Path is a file on this machine instead.
	Path string

	// Zone is the time zone of times that name none, where the calendar names
	// none either. Default: that of this machine.
	Zone *time.Location

	// Level is the level of events whose category says none. Default 1.
	Level int

	// Categories are the levels that categories mean, whatever their letter
	// case. A category such as "Level 2" needs no mention.
	Categories map[string]int

	// CallingCode is that of the country, such as 31, to which numbers belong
	// that do not say theirs; empty: they have to.
	CallingCode string

	Client *fetch.Client // default: one of public addresses alone
}

// ICal reads a rota from a calendar (RFC 5545). The attendees of an event are on
// call while it lasts, in their order; if there are none, the summary says who.
// A calendar has no numbers, except for attendees such as tel:+31611111111: a
// local map gives them, by e-mail address or summary.
//
// An event ends when the clock on the wall shows its end, also in a week in
// which summer time begins: as calendars show it, and so that no hour is left
// without anybody. The calendar is read again only where the server says that
// it has changed.
type ICal struct {
	config ICalConfig
	ask    *asker // nil: a file

	mu   sync.Mutex
	rota rota
}

// rota is a calendar that was read, and how to ask whether it has changed.
type rota struct {
	calendar *calendar // nil: not read yet
	stamp    string    // an ETag; of a file, when it was written and its size
	modified string    // a Last-Modified
}

// NewICal returns a source. It asks nothing. Its error is a *fault.Error with
// the code fault.Invalid.
func NewICal(c ICalConfig) (*ICal, error) {
	address := ""
	if c.URL != nil {
		address = strings.TrimSpace(c.URL.Reveal())
	}
	if (address == "") == (c.Path == "") {
		return nil, fault.Newf(fault.Invalid, "a calendar needs an address or a file, and not both").
			WithHint("give the address of the calendar in iCal format, which its settings show")
	}
	c.Level = cmp.Or(max(c.Level, 0), 1)
	categories := make(map[string]int, len(c.Categories))
	for name, level := range c.Categories {
		if level < 1 {
			return nil, fault.Newf(fault.Invalid, "the category %s of a calendar means the level %d", label(name), level).
				WithHint("levels count from 1, which is asked first")
		}
		categories[strings.ToLower(strings.TrimSpace(plaintext.Compose(name)))] = level
	}
	c.Categories, c.URL = categories, nil
	if c.Zone == nil {
		c.Zone = time.Local
	}
	s := &ICal{config: c}
	if address == "" {
		return s, nil
	}
	ask, err := calendarAsker(address, c.Client)
	if err != nil {
		return nil, err
	}
	s.ask = ask
	return s, nil
}

// calendarAsker returns what asks for a feed. The address lives in a closure,
// where nothing that prints a source can find it.
func calendarAsker(address string, client *fetch.Client) (*asker, error) {
	if rest, ok := strings.CutPrefix(address, "webcal://"); ok {
		address = "https://" + rest
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fault.Newf(fault.Invalid, "the address of the calendar is not a web address").
			WithHint("give the address of the calendar in iCal format, which begins with https://")
	}
	authorization := ""
	if u.User != nil {
		password, _ := u.User.Password()
		authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
		u.User = nil
	}
	a := newAsker(KindICal, "the calendar", &url.URL{Scheme: u.Scheme, Host: u.Host}, client)
	a.limit = maxCalendar
	a.whole = func() *url.URL { return u }
	a.authorize = func(h http.Header) {
		if authorization != "" {
			h["Authorization"] = []string{authorization}
		}
	}
	return a, nil
}

// Fetch asks for the calendar, and returns who is on call by it now.
func (s *ICal) Fetch(ctx context.Context) (Snapshot, error) { return s.FetchAt(ctx, time.Now()) }

// FetchAt asks for the calendar, and returns who is on call by it at a time.
func (s *ICal) FetchAt(ctx context.Context, t time.Time) (Snapshot, error) {
	now := time.Now()
	s.mu.Lock()
	rota := s.rota
	s.mu.Unlock()
	var err error
	if s.ask == nil {
		rota, err = s.fromFile(rota, now)
	} else {
		rota, err = s.fromFeed(ctx, rota, now)
	}
	if err != nil {
		return Snapshot{}, err
	}
	s.mu.Lock()
	s.rota = rota
	s.mu.Unlock()
	return rota.calendar.snapshot(ctx, KindICal, "calendar", t)
}

// fromFeed asks for the calendar, where it has changed.
func (s *ICal) fromFeed(ctx context.Context, known rota, now time.Time) (rota, error) {
	header := http.Header{"Accept": {"text/calendar, */*;q=0.5"}}
	switch {
	case known.stamp != "":
		header.Set("If-None-Match", known.stamp)
	case known.modified != "":
		header.Set("If-Modified-Since", known.modified)
	}
	answer, err := s.ask.sendRequest(ctx, fetch.Request{URL: s.ask.whole(), Header: header})
	if err != nil {
		return rota{}, err
	}
	var e *Error
	switch answer.Status {
	case http.StatusOK:
		read, err := s.read(answer.Body, now)
		if err != nil {
			return rota{}, s.unreadable(s.ask.where(), answer.Body, err)
		}
		return rota{read, answer.Header.Get("Etag"), answer.Header.Get("Last-Modified")}, nil
	case http.StatusNotModified:
		if known.calendar != nil {
			return known, nil
		}
		return rota{}, s.ask.refused(answer)
	case http.StatusNotFound, http.StatusGone:
		e = s.ask.wrong("look for the calendar's address in its settings; it changes when it is reset", "%s is not there any more (%d)", s.ask.where(), answer.Status)
	case http.StatusUnauthorized, http.StatusForbidden:
		e = s.ask.wrong("give the secret address in iCal format, or share the calendar", "%s is not open to whoever has the address (%d)", s.ask.where(), answer.Status)
	default:
		return rota{}, s.ask.refused(answer)
	}
	e.Status = answer.Status
	return rota{}, e
}

// fromFile reads the calendar from a file, where it has changed.
func (s *ICal) fromFile(known rota, now time.Time) (rota, error) {
	data, stamp, err := readIfChanged(s.config.Path, known.stamp, maxCalendar)
	switch {
	case err != nil:
		return rota{}, fileError(KindICal, s.config.Path, err)
	case data == nil && known.calendar != nil:
		return known, nil
	}
	read, err := s.read(data, now)
	if err != nil {
		return rota{}, s.unreadable(s.config.Path, data, err)
	}
	return rota{calendar: read, stamp: stamp}, nil
}

func (s *ICal) read(data []byte, now time.Time) (*calendar, error) {
	r := reader{home: s.config.CallingCode, zone: s.config.Zone, level: s.config.Level, categories: s.config.Categories, now: now}
	return r.read(data)
}

// unreadable explains what came instead of a calendar.
func (s *ICal) unreadable(where string, data []byte, err error) *Error {
	e := &Error{Source: KindICal, Code: fault.Unavailable, Message: where + " cannot be read: " + err.Error()}
	data = bytes.TrimSpace(plaintext.Decode(data))
	switch {
	case len(data) == 0:
		e.Message = where + " is empty"
	case data[0] == '<':
		e.Message = where + " is a web page"
		e.Hint = "give the address of the calendar in iCal format, not that of the page that shows it"
	case !errors.Is(err, errHalf):
		e.Hint = "export the calendar in iCal format, as version 2.0"
	}
	return e
}
