package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

// overdueAfter is how long a text may be due without a server taking it.
const overdueAfter = time.Minute

// examineDatabase opens the database and checks its texts. Found says whether
// there is one; s is nil if it cannot be opened.
func examineDatabase(ctx context.Context, settings *config.Settings, show func(finding)) (s *store.Store, found bool) {
	f := finding{verdict: fine, about: "database"}
	s, err := server.OpenStore(ctx, settings)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		f.text = "there is none yet: the first start of the server makes it"
		show(f)
		return nil, false
	case err != nil:
		show(f.failing(err.Error(), fault.HintOf(err)))
		return nil, true
	}
	counts, due, err := s.Counts(ctx)
	if err != nil {
		show(f.failing(err.Error(), fault.HintOf(err)))
		return s, true
	}
	f.text = fmt.Sprintf("texts: %d sent, %d queued, %d dead", counts[ledger.Sent], counts[ledger.Queued], counts[ledger.Dead])
	show(f)
	if counts[ledger.Dead] > 0 {
		show(finding{verdict: doubt, about: "database", text: fmt.Sprintf("%d texts are dead", counts[ledger.Dead]),
			mend: "switchhook texts list --state dead says why; switchhook texts resend sends them"})
	}
	if !due.IsZero() && time.Since(due) > overdueAfter {
		show(finding{verdict: doubt, about: "database", text: "a text has been due since " + due.Local().Format("2006-01-02 15:04:05"),
			mend: "it goes out while the server runs: start it, or see in its log why it does not"})
	}
	return s, true
}

// provisioned checks the results of provisioning.
func (d *phoneSystemDoctor) provisioned(ctx context.Context, entries []*entry.Entry) {
	records, err := d.store.Provisioned().All(ctx)
	if err != nil {
		d.show(finding{about: "provisioning"}.failing(err.Error(), fault.HintOf(err)))
		return
	}
	stands, known := map[provision.Condition][]string{}, map[string]bool{}
	for _, r := range records {
		stands[r.Condition()] = append(stands[r.Condition()], r.Entry)
		known[r.Entry] = true
	}
	never := 0
	for _, e := range entries {
		if e.HasText() && !known[e.ID] {
			never++
		}
	}
	f := finding{verdict: fine, about: "provisioning", text: fmt.Sprintf("%d in order", len(stands[provision.InOrder]))}
	if never > 0 {
		f.text += fmt.Sprintf("; %d not provisioned by this server, which leaves them as they are", never)
		f.mend = "switchhook provision --plan says how they stand; switchhook provision has them looked after from then on"
	}
	if never > 0 || len(records) > 0 {
		d.show(f)
	}
	if failing := stands[provision.Failing]; len(failing) > 0 {
		d.show(finding{verdict: doubt, about: "provisioning", text: "steps failed for " + strings.Join(failing, ", "),
			mend: "the server tries them again; switchhook provision --plan says what is missing"})
	}
	if disputed := stands[provision.Disputed]; len(disputed) > 0 {
		d.show(finding{verdict: doubt, about: "provisioning", text: "something of somebody else's stands in the way of " + strings.Join(disputed, ", "),
			mend: "switchhook provision --plan says what: a person has to decide"})
	}
}

// replies checks that the phone system posts incoming texts: without them STOP
// is not heard.
func (d *phoneSystemDoctor) replies(ctx context.Context, entries []*entry.Entry) {
	if !d.settings.TextBack.Replies {
		d.show(finding{verdict: doubt, about: "replies", text: "textback.replies is off: nobody can end texts by answering STOP",
			mend: "switch it on, or see to it in another way: the law of most countries asks for it"})
		return
	}
	keys, err := d.eventKeys(ctx)
	if err != nil {
		d.show(finding{about: "replies"}.failing(err.Error(), fault.HintOf(err)))
		return
	}
	hook := d.settings.PublicURL.JoinPath("webresponder")
	seen := map[string]bool{}
	for _, e := range entries {
		if !e.HasText() || e.APIDomain == "" || seen[e.APIDomain] {
			continue
		}
		seen[e.APIDomain] = true
		f := finding{verdict: fine, about: "replies", text: e.APIDomain + " posts people's texts"}
		target := keys.URL(hook, e.APIDomain)
		found, err := textback.Subscribed(ctx, d.client, e.APIDomain, target)
		switch {
		case err != nil:
			f.verdict, f.text, f.mend = doubt, err.Error(), "the token must be permitted event subscriptions; else set textback.replies = false and see to STOP in another way"
		case found == nil:
			f.verdict, f.text, f.mend = doubt, e.APIDomain+" does not post people's texts yet, STOP among them", "the server subscribes when it starts"
		case found.Status == netsapiens.StatusError:
			f.verdict, f.text = doubt, fmt.Sprintf("%s could not post people's texts: %d of %d failed", e.APIDomain, found.Errors, found.Posts)
			f.mend = "the phone system must reach " + d.settings.PublicURL.String()
		case d.store != nil && found.PostURL != target:
			f.verdict, f.text = doubt, e.APIDomain+" posts people's texts with another key than its own"
			f.mend = "the server changes that within the hour: see that it runs, and that its token may change event subscriptions"
		}
		d.show(f)
	}
}

// eventKeys returns the event keys. Without a database they are not known, and
// no key is compared.
func (d *phoneSystemDoctor) eventKeys(ctx context.Context) (textback.EventKeys, error) {
	if d.store == nil {
		return textback.EventKeys{}, nil
	}
	return server.EventKeys(ctx, d.settings, d.store)
}
