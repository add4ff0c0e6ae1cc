package provision_test

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens"
)

// firstRetry is how long a step that failed waits the first time.
const firstRetry = time.Minute

// dying are records that can be saved once: the process dies before it does so
// again.
type dying struct {
	provision.Records
	saved bool
}

func (d *dying) Save(ctx context.Context, r provision.Record) error {
	if d.saved {
		return errors.New("the process has died")
	}
	d.saved = true
	return d.Records.Save(ctx, r)
}

// meanwhile is a phone system on which somebody does something before a rule
// is read by its id.
type meanwhile struct {
	provision.API
	before func(reads int)
	reads  int
}

func (m *meanwhile) DialRule(ctx context.Context, domain, plan, id string) (netsapiens.DialRule, error) {
	m.reads++
	m.before(m.reads)
	return m.API.DialRule(ctx, domain, plan, id)
}

// rewriting is a phone system that shows rules otherwise than they were
// written.
type rewriting struct {
	provision.API
	description, sourceHost string
	off                     bool
}

func (w *rewriting) show(r netsapiens.DialRule) netsapiens.DialRule {
	r.Description, r.SourceHost = w.description, w.sourceHost
	if w.off {
		r.Enabled = netsapiens.No
	}
	return r
}

func (w *rewriting) DialRule(ctx context.Context, domain, plan, id string) (netsapiens.DialRule, error) {
	r, err := w.API.DialRule(ctx, domain, plan, id)
	return w.show(r), err
}

func (w *rewriting) DialRules(ctx context.Context, domain, plan string) iter.Seq2[netsapiens.DialRule, error] {
	return func(yield func(netsapiens.DialRule, error) bool) {
		for r, err := range w.API.DialRules(ctx, domain, plan) {
			if !yield(w.show(r), err) {
				return
			}
		}
	}
}
