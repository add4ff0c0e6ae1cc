package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/widget"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

// clickToCallSecret names the secret that signs tokens and links.
const clickToCallSecret = "click-to-call"

// clickToCall wires the button's script, the calls that it requests, their form
// and the opt-out page.
func (a *Server) clickToCall(ctx context.Context, s *site) ([]web.Route, error) {
	settings := s.settings
	secret, err := a.store.Secret(ctx, clickToCallSecret)
	if err != nil {
		return nil, err
	}
	key := clicktocall.NewKey(secret)
	address := func(r *http.Request) netip.Addr { return web.ClientAddress(r, settings.TrustedProxies) }
	log := web.NoteOr(a.log) // scheduled calls and codes are not part of a request
	s.callBacks = &clicktocall.Desk{
		Entries: s.entries, Ledger: a.store, PhoneSystem: s.client, Jobs: a.store, Key: key,
		AcceptBare: settings.ClickToCall.AcceptBare, Limits: settings.ClickToCall.Limits(), Patience: settings.ClickToCall.Patience,
		Log:   log,
		Asked: func(err error) { s.phoneSystem.Attempt(context.Background(), err == nil || netsapiens.Permanent(err)) },
		Ended: a.scheduledCallEnded,
	}
	calls := &clicktocall.Handler{
		Desk: s.callBacks, Networks: a.store, Cancels: a.store, URL: settings.PublicURL, Address: address,
		Watch: &clicktocall.Watch{Watched: a.store, PhoneSystem: s.client, Entries: s.entries, Log: web.Note, Stopping: a.stopping},
		Count: func(code clicktocall.Code) { a.metrics.CallBack(string(code)) },
		Whole: web.Whole,
	}
	never := &clicktocall.Never{
		Regions: s.calledRegions(),
		Proofs:  a.store, Networks: a.store, Key: key, Entries: s.entries, Address: address, Log: log, Audit: a.store.Audit,
		Text:    &clicktocall.TextCodes{Sender: s.client, Entry: func() (*entry.Entry, bool) { return s.codesFrom() }},
		Courier: a.codes, Sent: func(err error) { a.codeSent(s, err) },
	}
	return []web.Route{
		{Path: "/widget.js", Name: "widget", Handler: a.widget(s), Quiet: true, Open: true},
		{Path: "/click-to-call", Name: "click-to-call", Handler: calls, Open: true},
		{Path: "/click-to-call/", Name: "click-to-call", Handler: calls, Open: true},
		{Path: "/click-to-call/never", Name: "never", Handler: never, Open: true},
		{Path: "/click-to-call/never/", Name: "never", Handler: never, Open: true},
		{Path: "/click-to-call/never/call", Name: "never-call", Open: true, Handler: &clicktocall.Announcement{
			Key: key, List: a.store, Entries: s.entries, URL: settings.PublicURL, Log: web.Note, Audit: a.store.Audit,
		}},
		{Path: "/update-domain", Name: "update-domain", Handler: &clicktocall.Form{
			Secret: settings.Forms.Secret.Reveal(), Guesses: a.guesses, Store: s.entries, Audit: a.store.Audit, Log: web.Note,
		}},
	}, nil
}

// codeSent counts a code as a text. Its page has been answered by then.
func (a *Server) codeSent(s *site, err error) {
	r := ledger.Result{State: ledger.Sent}
	if err != nil {
		r = ledger.Result{State: ledger.Dead, Why: ledger.WhyOf(err)}
	}
	a.metrics.Attempt(r)
	if _, asked := errors.AsType[*netsapiens.Error](err); asked || err == nil {
		s.phoneSystem.Attempt(context.Background(), r.State == ledger.Sent || r.Why == ledger.Refused)
	}
}

// widget serves the button's script.
func (a *Server) widget(s *site) http.Handler {
	url := s.settings.PublicURL.String()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		id := query.Get("id")
		e, ok := s.entries.Get(id)
		if !ok || e.Queue == "" {
			widget.Unknown(id).ServeHTTP(w, r)
			return
		}
		script, err := a.scripts.Script(e, widget.Options{URL: url, Lang: query.Get("lang"), AcceptLanguage: r.Header.Get("Accept-Language")})
		if err != nil {
			http.Error(w, "the button cannot be made", http.StatusInternalServerError)
			return
		}
		script.ServeHTTP(w, r)
	})
}

// preview shows an entry's button in every state, for operators.
func (a *Server) preview(s *site) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, ok := s.entries.Get(r.URL.Query().Get("id"))
		if !ok {
			http.Error(w, "there is no such entry: /console/widget?id=…", http.StatusNotFound)
			return
		}
		page, err := widget.Preview(e, widget.Options{URL: s.settings.PublicURL.String(), AcceptLanguage: r.Header.Get("Accept-Language")})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		page.ServeHTTP(w, r)
	})
}

// codesFrom returns the entry whose number texts codes: the one in the
// settings, or with a single domain the first that can send texts. One
// customer's number must not text the customers of another.
func (s *site) codesFrom() (*entry.Entry, bool) {
	if id := s.settings.ClickToCall.CodesFrom; id != "" {
		e, ok := s.entries.Get(id)
		return e, ok && len(e.LacksForTexts()) == 0
	}
	var first *entry.Entry
	for _, e := range s.entries.All() {
		if len(e.LacksForTexts()) > 0 {
			continue
		}
		if first == nil {
			first = e
		}
		if e.APIDomain != first.APIDomain {
			return nil, false
		}
	}
	return first, first != nil
}

// calledRegions returns the regions whose numbers a button may call, so that
// their owners can opt out. A region that is added to an entry later counts
// after the next reload.
func (s *site) calledRegions() []string {
	regions := []string{phone.DefaultRegion}
	for _, e := range s.entries.All() {
		regions = append(regions, e.Regions...)
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}

// AnnouncementURL returns the URL for a queue's dial rule, which tells the
// person called where the call comes from and lets them press 9 to opt out. It
// has a key: anyone who knows the key can put numbers on the list.
func AnnouncementURL(ctx context.Context, settings *config.Settings, s *store.Store) (string, error) {
	secret, err := s.Secret(ctx, clickToCallSecret)
	if err != nil {
		return "", err
	}
	return clicktocall.AnnouncementURL(settings.PublicURL, clicktocall.NewKey(secret), ""), nil
}

// workCallBack places a scheduled call back that is due.
func (a *Server) workCallBack(ctx context.Context, id string) (again time.Time, err error) {
	s := a.site.Load()
	if s.callBacks == nil {
		return time.Now().Add(tidyEvery), nil // it was switched off: the call back waits
	}
	return s.callBacks.Work(ctx, id)
}

// scheduledCallEnded counts the result of a scheduled call, and tells the
// operator if it was given up: its visitor is waiting and sees no page.
func (a *Server) scheduledCallEnded(c clicktocall.CallBack, r clicktocall.Result) {
	result := string(r.State)
	if r.State == clicktocall.Failed {
		result = web.GivenUp
		a.alerts.Raise(context.Background(), alert.Alert{Kind: alert.CallGivenUp, About: c.Entry, Text: fmt.Sprintf(
			"The call to %s that was to come at %s is given up: %s. Nobody tells the visitor but you.", phone.Mask(c.Number), c.At.Format(time.RFC3339), r.Problem)})
	}
	a.metrics.ScheduledCall(result)
}

// sweepCallBacks picks up call backs that a dead process left unfinished.
func (a *Server) sweepCallBacks(ctx context.Context) {
	stranded, err := a.store.SweepCallBacks(ctx, time.Now())
	if err != nil {
		a.troubled(ctx, "call backs that were left behind could not be looked for", err)
		return
	}
	for _, id := range stranded {
		a.log.WarnContext(ctx, "a call back was left behind amid an attempt, and is not placed again", "call_back", id)
	}
}

// eraseOldCallBacks removes call backs past the retention.
func (a *Server) eraseOldCallBacks(ctx context.Context, before time.Time) {
	if _, err := a.store.PurgeCallBacks(ctx, before); err != nil {
		a.troubled(ctx, "old call backs could not be removed", err)
	}
}
