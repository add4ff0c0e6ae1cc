package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/server/alert"
)

const (
	// keylessEach is how many entries without keys are reported one by one.
	// More of them are reported as one.
	keylessEach = 10

	// allKeyless is the subject of that alert.
	allKeyless = "all entries"
)

// keyless tells the operator which entries' webhooks anyone may call, and when
// an entry has a key again.
func (f *provisioning) keyless(ctx context.Context, ids []string) {
	about := make(map[string]string, len(ids))
	if len(ids) > keylessEach {
		about[allKeyless] = fmt.Sprintf("%d entries, among them %s", len(ids), strings.Join(ids[:keylessEach], ", "))
	} else {
		for _, id := range ids {
			about[id] = id
		}
	}
	for _, id := range f.alerts.Standing(alert.KeyMissing) {
		if _, still := about[id]; !still {
			f.alerts.Resolve(ctx, alert.KeyMissing, id, "It has a key now.")
		}
	}
	for id, who := range about {
		f.alerts.Raise(ctx, alert.Alert{Kind: alert.KeyMissing, About: id, Text: fmt.Sprintf(
			"Anyone who knows the address of the webhook can have strangers texted by %s.", who),
			Do: "Give the entry a key: the field key, which provisioning puts into the rule"})
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
