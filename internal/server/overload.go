package server

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/answer/admission"
	"github.com/switchhook/switchhook/internal/server/alert"
)

const (
	// overloadEvery is how often we check for callers who were turned away.
	overloadEvery = 5 * time.Second

	// overloadOver is how long nobody must have been, for an overload to be over.
	overloadOver = time.Minute
)

// overload turns callers away while our own database is full. A flood at one
// feature leaves the others theirs.
type overload struct {
	texts, presses admission.Control

	refused uint64 // when it was last checked; used by the loop alone
	last    time.Time
}

// collectors returns what Prometheus reads.
func (o *overload) collectors() []prometheus.Collector {
	var all []prometheus.Collector
	for feature, control := range map[string]*admission.Control{"text-back": &o.texts, "click-to-call": &o.presses} {
		labels := prometheus.Labels{"feature": feature}
		all = append(all,
			prometheus.NewCounterFunc(prometheus.CounterOpts{
				Name: "switchhook_overload_refused_total", Help: "Callers and visitors turned away because the database was full.", ConstLabels: labels,
			}, func() float64 { return float64(control.Level().Refused) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "switchhook_overload_in_hand", Help: "Calls that wait for the database.", ConstLabels: labels,
			}, func() float64 { return float64(control.Level().InHand) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "switchhook_overload_bound", Help: "How many calls may wait for the database; 0: it is not full, and there is no bound.", ConstLabels: labels,
			}, func() float64 { return float64(control.Level().Bound) }))
	}
	return all
}

// watch tells the operator of an overload, and of its end.
func (o *overload) watch(ctx context.Context, alerts *alert.Sender, now time.Time) {
	texts, presses := o.texts.Level(), o.presses.Level()
	switch refused := texts.Refused + presses.Refused; {
	case refused > o.refused:
		o.refused, o.last = refused, now
		alerts.Raise(ctx, alert.Alert{Kind: alert.Overload, Text: fmt.Sprintf(
			"More calls come than the database can take: since the start %d callers heard the apology at once, and %d visitors were asked to try again. "+
				"The others are served as ever. If this goes on, give the database a faster disk or more processors, or find out in the log who asks so often.",
			texts.Refused, presses.Refused)})
	case now.Sub(o.last) >= overloadOver:
		alerts.Resolve(ctx, alert.Overload, "")
	}
}
