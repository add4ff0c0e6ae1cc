package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/part"
)

// feature is one thing that the server does where its settings switch it on. It
// lives as long as the server, whose reloads only replace its part of the site;
// its jobs and loops run even while it is off, and look for that part.
type feature struct {
	// wire returns what the feature brings to a site, nil if the settings switch
	// it off. Parts of the features above it are in the site already. before is
	// the site in force; nil: there is none yet.
	wire func(ctx context.Context, s, before *site) (sitePart, error)

	jobs    []part.Job
	loops   []part.Loop
	metrics []prometheus.Collector

	// tidy removes what is older than the retention. Optional.
	tidy func(ctx context.Context, before time.Time)

	// listen opens the ports of the feature's own, and has them closed in the end.
	// Optional.
	listen func() error

	// start starts what requests, calls and jobs need, and has it stopped after
	// them. Optional.
	start func(ctx context.Context) error

	// swapped is called once a site is in force, with the one before. Optional.
	swapped func(s, before *site)

	// drain tells those who ask whether calls are taken that none are from now on.
	// Optional.
	drain func()

	// settle waits until the other sides have taken the ends of their calls, or the
	// context has ended. Optional.
	settle func(ctx context.Context)
}

// sitePart is a feature's part of a site: a pointer to a struct of its own, which
// embeds a partBase.
type sitePart interface{ base() *partBase }

// partBase is what every part has.
type partBase struct {
	routes map[string]part.Routes // by the setting of their listener
	checks map[string]part.Check  // of its health, by the name in /readyz

	// introduce logs what is served. Optional.
	introduce func()

	// close closes the connections that only this site uses. Optional.
	close func()
}

func (b *partBase) base() *partBase { return b }

// partOf returns a feature's part of a site; nil: it is switched off.
func partOf[P sitePart](s *site) (none P) {
	if s != nil {
		for _, p := range s.parts {
			if found, ok := p.(P); ok {
				return found
			}
		}
	}
	return none
}

// newFeatures returns all of them. A new feature gets its place here.
func (a *Server) newFeatures() []feature {
	provisioning := newProvisioning(a)
	texts := newTextBack(a, provisioning)
	speaking := newSpeaking(a)
	return []feature{
		a.phoneSystem(), provisioning.feature(), texts.feature(), newClickToCall(a, texts).feature(),
		newOnCall(a).feature(), speaking.feature(), newRecordings(a).feature(), newCallsOut(a).feature(), newPhoneSide(a, speaking).feature(),
	}
}
