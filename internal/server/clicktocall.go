package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/widget"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/store"
)

// clickToCallSecret names the secret that signs tokens and links.
const clickToCallSecret = "click-to-call"

// callBackPatience is how long a call back's job may take: longer than the
// longest timeout that settings allow the phone system.
const callBackPatience = 45 * time.Second

// clickToCall calls visitors of web pages back.
type clickToCall struct {
	*Server

	texts   *textBack
	metrics *clicktocall.Metrics
	scripts widget.Scripts
	codes   *clicktocall.Courier // of the page against calls, of all sites
}

// clickToCallPart is its part of a site.
type clickToCallPart struct {
	partBase

	desk *clicktocall.Desk
}

func newClickToCall(a *Server, texts *textBack) *clickToCall {
	return &clickToCall{Server: a, texts: texts, metrics: clicktocall.NewMetrics(), codes: clicktocall.NewCourier()}
}

func (f *clickToCall) feature() feature {
	return feature{
		wire:    f.wire,
		jobs:    []part.Job{{Kind: clicktocall.JobKind, Patience: callBackPatience, Work: f.work}},
		loops:   []part.Loop{{Every: sweepEvery, Do: f.sweep}},
		metrics: f.metrics.Collectors(),
		tidy:    f.tidy,
		start: func(context.Context) error {
			f.stops.add("codes", func(ctx context.Context) error { // that requests have asked for
				f.codes.Stop(ctx)
				return nil
			})
			return nil
		},
	}
}

// wire wires the button's script, the calls that it requests, their form and the
// opt-out page.
func (f *clickToCall) wire(ctx context.Context, s, _ *site) (sitePart, error) {
	settings, system := s.settings, partOf[*phoneSystem](s)
	if system == nil {
		return nil, nil
	}
	secret, err := f.store.Secret(ctx, clickToCallSecret)
	if err != nil {
		return nil, err
	}
	key := clicktocall.NewKey(secret)
	log := web.NoteOr(f.log) // scheduled calls and codes are not part of a request
	desk := &clicktocall.Desk{
		Entries: system.entries, Ledger: f.store, PhoneSystem: system.client, Jobs: f.store, Key: key,
		AcceptBare: settings.ClickToCall.AcceptBare, Limits: settings.ClickToCall.Limits(), Patience: settings.ClickToCall.Patience,
		Admission: &f.overload.presses, Log: log,
		Ended: f.ended, Tell: f.sparse.Tell,
	}
	calls := &clicktocall.Handler{
		Desk: desk, Networks: f.store, Cancels: f.store, URL: settings.PublicURL, Address: web.Client,
		Status: &clicktocall.StatusFeed{Store: f.store, PhoneSystem: system.client, Entries: system.entries, Log: web.Note, Stopping: f.stopping},
		Count:  f.metrics.Requests.Count,
		Whole:  web.Whole,
	}
	never := &clicktocall.Never{
		// A region that an entry gets later counts after the next reload.
		Regions: clicktocall.CalledRegions(system.entries.All()),
		Proofs:  f.store, Networks: f.store, Key: key, Entries: system.entries, Address: web.Client, Log: log, Audit: f.store.Audit,
		Text:    &clicktocall.TextCodes{Sender: system.client, Entry: system.codesFrom},
		Courier: f.codes, Sent: func(err error) { f.codeSent(err) },
	}
	p := &clickToCallPart{desk: desk}
	buttons := &widget.Buttons{Scripts: &f.scripts, URL: settings.PublicURL.String(), Entry: system.entries.Get}
	preview := &wire.Door{Token: f.token, Guesses: f.guesses, Browsers: true, Next: http.HandlerFunc(buttons.Preview)}
	p.routes = map[string]part.Routes{listenSetting: {
		Webhooks: append(calls.Routes(), []part.Route{
			{Path: "/widget.js", Name: "widget", Handler: buttons, Quiet: true, Open: true},
			{Path: "/click-to-call/never", Name: "never", Handler: never, Open: true},
			{Path: "/click-to-call/never/", Name: "never", Handler: never, Open: true},
			{Path: "/click-to-call/never/call", Name: "never-call", Open: true, Handler: &clicktocall.Announcement{
				Key: key, List: f.store, Entries: system.entries, URL: settings.PublicURL, Log: web.Note, Audit: f.store.Audit,
			}},
			{Path: "/update-domain", Name: "update-domain", Handler: &clicktocall.Form{
				Secret: settings.Forms.Secret.Reveal(), Guesses: f.guesses, Store: system.entries, Audit: f.store.Audit, Tell: f.sparse.Tell, Log: web.Note,
			}},
		}...),
		Operator: []part.Route{{Path: "/console/widget", Name: "preview", Handler: preview}},
	}}
	p.introduce = func() { f.introduce(system) }
	return p, nil
}

// introduce logs what is served.
func (f *clickToCall) introduce(system *phoneSystem) {
	queues := 0
	for _, e := range system.entries.All() {
		if e.Queue != "" {
			queues++
		}
	}
	f.log.Info("click-to-call is on", "entries", queues)
}

// codeSent counts a code as a text. Its page has been answered by then.
func (f *clickToCall) codeSent(err error) {
	r := ledger.Result{State: ledger.Sent}
	if err != nil {
		r = ledger.Result{State: ledger.Dead, Why: ledger.WhyOf(err)}
	}
	f.texts.metrics.Attempted(r)
}

// codesFrom returns the entry whose number texts codes: the one in the settings,
// or one that nobody can mistake.
func (p *phoneSystem) codesFrom() (*entry.Entry, bool) {
	if id := p.settings.ClickToCall.CodesFrom; id != "" {
		e, ok := p.entries.Get(id)
		return e, ok && len(e.LacksForTexts()) == 0
	}
	return clicktocall.CodesFrom(p.entries.All())
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

// work places a scheduled call back that is due.
func (f *clickToCall) work(ctx context.Context, id string) (again time.Time, err error) {
	p := partOf[*clickToCallPart](f.site.Load())
	if p == nil {
		return time.Now().Add(tidyEvery), nil // it was switched off: the call back waits
	}
	return p.desk.Work(ctx, id)
}

// ended counts the result of a scheduled call, and tells the operator if it was
// given up: its visitor is waiting and sees no page.
func (f *clickToCall) ended(c clicktocall.CallBack, r clicktocall.Result) {
	f.metrics.ScheduledEnded(r)
	if r.State == clicktocall.Failed {
		f.alerts.Raise(context.Background(), alert.Alert{Kind: alert.CallGivenUp, About: c.Entry, Text: fmt.Sprintf(
			"The call to %s that was to come at %s is given up: %s. Nobody tells the visitor but you.", phone.Mask(c.Number), c.At.Format(time.RFC3339), r.Problem)})
	}
}

// sweep picks up call backs that a dead process left unfinished.
func (f *clickToCall) sweep(ctx context.Context) {
	stranded, err := f.store.SweepCallBacks(ctx, time.Now())
	if err != nil {
		f.troubled(ctx, "interrupted call backs not checked", err)
		return
	}
	for _, id := range stranded {
		f.log.WarnContext(ctx, "call back interrupted; not placed again", "call_back", id)
	}
}

// tidy removes call backs past the retention.
func (f *clickToCall) tidy(ctx context.Context, before time.Time) {
	if _, err := f.store.PurgeCallBacks(ctx, before); err != nil {
		f.troubled(ctx, "old call backs not removed", err)
	}
}
