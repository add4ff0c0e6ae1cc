package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/server/alert"
)

const (
	// keylessAgain is how often the operator is reminded of an entry without a
	// key.
	keylessAgain = 24 * time.Hour

	// keylessEach is how many entries without keys are reported one by one.
	// More of them are reported as one.
	keylessEach = 10

	// allKeyless is the subject of that alert.
	allKeyless = "all entries"
)

// keylessTold records which entries without a key were reported, and when.
type keylessTold struct {
	mu   sync.Mutex
	when map[string]time.Time // by the alert's subject
}

// keyless tells the operator which entries' webhooks anyone may call, and when
// an entry has a key again.
func (f *provisioning) keyless(ctx context.Context, ids []string, now time.Time) {
	about := make(map[string]string, len(ids))
	if len(ids) > keylessEach {
		about[allKeyless] = fmt.Sprintf("%d entries, among them %s", len(ids), strings.Join(ids[:keylessEach], ", "))
	} else {
		for _, id := range ids {
			about[id] = id
		}
	}
	known := &f.keylessTold
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.when == nil {
		known.when = map[string]time.Time{}
	}
	for id := range known.when {
		if _, still := about[id]; !still {
			delete(known.when, id)
			f.alerts.Resolve(ctx, alert.KeyMissing, id)
		}
	}
	for id, who := range about {
		if told, ok := known.when[id]; ok && now.Sub(told) < keylessAgain {
			continue
		}
		known.when[id] = now
		f.alerts.Raise(ctx, alert.Alert{Kind: alert.KeyMissing, About: id, Text: fmt.Sprintf(
			"Whoever knows the address of the webhook can have strangers texted by %s. Give the entry a key: the field key, which provisioning puts into the rule.", who)})
	}
}

// suspect notes an entry that was requested without its key.
func (f *provisioning) suspect(id string) { f.suspects.Add(id, time.Now()) }

// lookAtSuspects makes suspects due, so that the job checks their rules, on
// whichever server of the database.
func (f *provisioning) lookAtSuspects(ctx context.Context) {
	p := partOf[*provisioningPart](f.site.Load())
	if p == nil {
		return
	}
	now := time.Now()
	due := false
	for _, id := range f.suspects.Take(now) {
		did, err := p.provisioner.MakeDue(ctx, id, now)
		if err != nil {
			f.troubled(ctx, "entry asked for without its key not checked", err)
		}
		due = due || did
	}
	if due {
		f.schedule(ctx)
	}
}
