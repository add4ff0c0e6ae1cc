package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/alert"
)

const (
	// reviewCallsOutEvery is how often we check whether alerts of calls out are
	// over, and store what was spent: a server that is killed forgets no more.
	reviewCallsOutEvery = time.Minute

	// saveCallsOutTimeout is how long storing what was spent may take. What stops
	// after it waits.
	saveCallsOutTimeout = 5 * time.Second
)

// callsOut keeps the calls out of the Core within the settings.
type callsOut struct {
	*Server

	decided *part.Counter[barring.Result]
}

// callsOutPart is their part of a site, the same one in all of them.
type callsOutPart struct {
	partBase

	barring *barring.Barring
}

func newCallsOut(a *Server) *callsOut {
	return &callsOut{a, part.NewCounter("switchhook_calls_out_total", "Calls out that were to be made, by what was decided.", "result", barring.Results()...)}
}

func (f *callsOut) feature() feature {
	gauge := func(name, help string, of func(barring.Usage) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return of(f.usage()) })
	}
	return feature{wire: f.wire, start: f.start, swapped: f.swapped, metrics: []prometheus.Collector{
		f.decided,
		gauge("switchhook_calls_out", "Calls out in hand.", func(u barring.Usage) float64 { return float64(u.Calls) }),
		gauge("switchhook_calls_out_day_seconds", "Time that calls out to numbers took within 24 hours.", func(u barring.Usage) float64 { return u.Spent.Seconds() }),
	}}
}

// wire makes what decides about calls out, if the first settings have a Core. It
// knows what was spent before the start.
func (f *callsOut) wire(ctx context.Context, s, before *site) (sitePart, error) {
	if p := partOf[*callsOutPart](before); p != nil { // the Core goes on until the server is restarted
		return p, nil
	}
	settings := s.settings.Core
	if before != nil || settings == nil {
		return nil, nil
	}
	spent, err := f.store.TrunkTime(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	return &callsOutPart{barring: barring.New(barring.Config{
		Home: phone.HomeOfCode(string(settings.CallingCode)), Settings: settings.Barring, Spent: spent, Decided: f.decided.Count,
		Alert: func(a barring.Alert) { tellOfCallsOut(f.alerts, a) },
	})}, nil
}

// swapped puts new settings in force.
func (f *callsOut) swapped(s, _ *site) {
	if p := partOf[*callsOutPart](s); p != nil && s.settings.Core != nil {
		p.barring.Set(s.settings.Core.Barring)
	}
}

// start begins to watch. It ends once the Core's calls have ended, and stores what
// they spent.
func (f *callsOut) start(ctx context.Context) error {
	p := partOf[*callsOutPart](f.site.Load())
	if p == nil {
		return nil
	}
	f.stops.beside(ctx, "minutes of calls out", func(ctx context.Context) {
		repeat(ctx, part.Loop{Every: reviewCallsOutEvery, Do: func(ctx context.Context) {
			p.barring.Review()
			f.save(ctx, p.barring)
		}})
		f.save(context.WithoutCancel(ctx), p.barring)
	})
	return nil
}

func (f *callsOut) save(ctx context.Context, b *barring.Barring) {
	ctx, cancel := context.WithTimeout(ctx, saveCallsOutTimeout)
	defer cancel()
	if err := b.Save(func(rows []barring.Spent) error { return f.store.AddTrunkTime(ctx, rows, time.Now()) }); err != nil {
		f.troubled(ctx, "minutes of calls out not stored", err)
	}
}

// usage returns what calls out use; nothing where there is no Core.
func (f *callsOut) usage() barring.Usage {
	if p := partOf[*callsOutPart](f.site.Load()); p != nil {
		return p.barring.Usage()
	}
	return barring.Usage{}
}

// alertsOfCallsOut are the kinds of alerts about calls out.
var alertsOfCallsOut = map[barring.Kind]alert.Kind{
	barring.NearLimit: alert.CallsOutNear, barring.LimitReached: alert.CallsOutFull,
	barring.CallsBarred: alert.CallsBarred, barring.EmergencyRefused: alert.EmergencyRefused,
}

// tellOfCallsOut tells the operator of calls out that are refused, or soon will be.
func tellOfCallsOut(alerts *alert.Sender, a barring.Alert) {
	ctx, kind := context.Background(), alertsOfCallsOut[a.Kind]
	if a.Over {
		alerts.Resolve(ctx, kind, a.Owner)
		return
	}
	alerts.Raise(ctx, alert.Alert{Kind: kind, About: a.Owner, Text: a.Text})
}
