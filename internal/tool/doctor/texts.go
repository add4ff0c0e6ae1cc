package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/netsapiens"
)

// overdueAfter is how long a text may be due without a server taking it.
const overdueAfter = time.Minute

// database opens the database and checks its texts.
func (e *examination) database(ctx context.Context) {
	const about = "database"
	s, err := server.OpenStore(ctx, e.settings)
	if fault.CodeOf(err) == fault.NotFound {
		e.ok(about, "there is none yet: the first start of the server makes it")
		return
	}
	e.found = true
	if err != nil {
		e.failed(about, err)
		return
	}
	e.store = s
	counts, due, err := s.Counts(ctx)
	if err != nil {
		e.failed(about, err)
		return
	}
	e.ok(about, fmt.Sprintf("texts: %d sent, %d queued, %d dead", counts[ledger.Sent], counts[ledger.Queued], counts[ledger.Dead]))
	if dead := counts[ledger.Dead]; dead > 0 {
		e.warn(about, fmt.Sprintf("%d texts are dead", dead), "switchhook texts list --state dead says why; switchhook texts resend sends them")
	}
	if !due.IsZero() && time.Since(due) > overdueAfter {
		e.warn(about, "a text has been due since "+due.Local().Format(stamp),
			"it goes out while the server runs: start it, or see in its log why it does not")
	}
}

// provisioned checks the results of provisioning.
func (e *examination) provisioned(ctx context.Context, entries []*entry.Entry) {
	const about = "provisioning"
	records, err := e.store.Provisioned().All(ctx)
	if err != nil {
		e.failed(about, err)
		return
	}
	in, known, left := map[provision.Condition][]string{}, map[string]bool{}, []string(nil)
	for _, r := range e.orphans(records) {
		known[r.Entry], left = true, append(left, r.Entry)
	}
	for _, r := range records {
		if !known[r.Entry] {
			in[r.Condition()] = append(in[r.Condition()], r.Entry)
			known[r.Entry] = true
		}
	}
	never := 0
	for _, one := range entries {
		if one.HasText() && !known[one.ID] {
			never++
		}
	}
	f := Finding{Verdict: OK, About: about, Text: fmt.Sprintf("%d in order", len(in[provision.InOrder]))}
	if never > 0 {
		f.Text += fmt.Sprintf("; %d not provisioned by this server, which leaves them as they are", never)
		f.Fix = "switchhook provision --plan shows what differs; switchhook provision fixes it and keeps it so"
	}
	if never > 0 || len(records) > 0 {
		e.show(f)
	}
	if len(left) > 0 {
		e.warn(about, "what was made for entries that are gone still stands: "+names(left, mostKeyless),
			"switchhook provision --plan shows it; switchhook entry remove "+left[0]+" removes it")
	}
	if failing := in[provision.Failing]; len(failing) > 0 {
		e.warn(about, "steps failed for "+strings.Join(failing, ", "), "the server tries them again; switchhook provision --plan says what is missing")
	}
	if disputed := in[provision.Disputed]; len(disputed) > 0 {
		e.warn(about, "something of somebody else's stands in the way of "+strings.Join(disputed, ", "),
			"switchhook provision --plan says what: a person has to decide")
	}
}

// orphans returns what was made for entries that are gone.
func (e *examination) orphans(records []provision.Record) []provision.Record {
	if e.book == nil || !e.book.Complete() {
		return nil
	}
	return provision.Orphans(records, e.book.Has)
}

// replies checks that the phone system posts incoming texts: without them we
// never learn of a STOP.
func (e *examination) replies(ctx context.Context, entries []*entry.Entry) {
	if !e.settings.TextBack.Replies {
		e.warn("replies", "textback.replies is off: nobody can end texts by answering STOP",
			"switch it on, or see to it in another way: the law of most countries asks for it")
		return
	}
	var keys textback.EventKeys // without a database no key is known, and none is compared
	if e.store != nil {
		var err error
		if keys, err = server.EventKeys(ctx, e.settings, e.store); err != nil {
			e.failed("replies", err)
			return
		}
	}
	hook := e.settings.PublicURL.JoinPath("webresponder")
	seen := map[string]bool{}
	for _, one := range entries {
		if domain := one.APIDomain; one.HasText() && domain != "" && !seen[domain] {
			seen[domain] = true
			e.subscription(ctx, domain, keys.URL(hook, domain))
		}
	}
	e.unusedSubscriptions(ctx, entries)
}

// unusedSubscriptions reports domains that post texts to us, though none of our
// entries is of them any more.
func (e *examination) unusedSubscriptions(ctx context.Context, entries []*entry.Entry) {
	if e.store == nil || e.book == nil || !e.book.Whole() {
		return
	}
	since, err := e.store.EventKeys(ctx)
	if err != nil {
		e.failed("replies", err)
		return
	}
	for _, domain := range slices.Sorted(maps.Keys(since)) {
		if !textback.Serves(entries, domain) {
			e.warn("replies", domain+" posts people's texts, and has no entry any more", "the server ends that within ten minutes: see that it runs")
		}
	}
}

// subscription checks that a domain posts its texts to a URL of ours.
func (e *examination) subscription(ctx context.Context, domain, target string) {
	const about = "replies"
	found, err := textback.Subscribed(ctx, e.client, domain, target)
	switch {
	case err != nil:
		e.warn(about, err.Error(), "the token must be permitted event subscriptions; else set textback.replies = false and see to STOP in another way")
	case found == nil:
		e.warn(about, domain+" does not post people's texts yet, STOP among them", "a running server subscribes by itself, soon after the first entry of a domain: see that it runs")
	case found.Status == netsapiens.StatusError:
		e.warn(about, fmt.Sprintf("%s could not post people's texts: %d of %d failed", domain, found.Errors, found.Posts),
			"the phone system must reach "+e.settings.PublicURL.String())
	case e.store != nil && found.PostURL != target:
		e.warn(about, domain+" posts people's texts with another key than its own",
			"the server changes that within the hour: see that it runs, and that its token may change event subscriptions")
	default:
		e.ok(about, domain+" posts people's texts")
	}
}
