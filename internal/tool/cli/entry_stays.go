package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/netsapiens"
)

// lookAtPosts finds out what happens to the subscription to the texts of the domain.
func (l *leaving) lookAtPosts(ctx context.Context) {
	if l.domain == "" {
		return
	}
	others := slices.DeleteFunc(l.entries.All(), func(e *entry.Entry) bool { return e.ID == l.Name })
	if textback.Serves(others, l.domain) {
		l.Posts = postsKeeps
		return
	}
	postURL, err := server.EventsURL(ctx, l.settings, l.Store, l.domain)
	if err != nil {
		l.Posts = postsUnseen
		return
	}
	switch found, err := textback.Subscribed(ctx, l.client, l.domain, postURL); {
	case err != nil && !netsapiens.NotFound(err):
		l.Posts = postsUnseen
	case found != nil:
		l.Posts = postsEnds
	}
}

// warn says which calls will reach nobody.
func (l *leaving) warn(ctx context.Context, record *provision.Record) {
	if record == nil {
		return
	}
	for _, m := range record.Made {
		if m.Part != provision.User {
			continue
		}
		if why := l.provisioner.Leads(ctx, m.Domain, m.User); !why.IsZero() {
			l.Warns = append(l.Warns, why.String()+", or its calls reach nobody")
		}
	}
}

// stays returns what is not removed, and how it can be.
func (l *leaving) stays(ctx context.Context, record *provision.Record) ([]string, error) {
	stays := []string{}
	say := func(format string, args ...any) { stays = append(stays, fmt.Sprintf(format, args...)) }
	e := l.entry
	if e == nil {
		e = &entry.Entry{}
	}
	if l.Store != nil {
		queued, err := l.Texts(ctx, ledger.Query{Entry: l.Name, State: ledger.Queued})
		if err != nil {
			return nil, err
		}
		if len(queued) > 0 {
			say("%s of it, queued: they still go out; %s shows them", plural(len(queued), "text"), l.again("texts", "list", "--entry", l.Name, "--state", "queued"))
		}
		say("its calls and texts, each for %s; %s erases those of one person", plural(int(l.settings.TextBack.Retention.Hours()/24), "day"), l.again("number", "erase")+" NUMBER")
		all, err := l.Suppressions(ctx, "")
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(s ledger.Suppression) bool { return !strings.EqualFold(s.Tenant, l.domain) })
		if len(all) > 0 {
			say("the suppression list of %s, for ever: %s; %s shows it", l.domain, plural(len(all), "number"), l.again("suppress", "list"))
		}
	}
	if e.Queue != "" {
		say("its button on web pages, which draws nothing any more: take the tag out of them")
	}
	if wanted := provision.Wanted(e, l.provisioner.Settings()); wanted.Domain != "" && (record == nil || len(record.Steps) == 0) {
		say("user %s of %s and its rules, if there are any: this server did not make them, so delete them in the portal", wanted.User.User, wanted.Domain)
	}
	if e.HasText() {
		say("user %s and the number %s of %s, which Switchhook did not make", e.Text.User, phone.Mask(e.Text.FromNumber), e.APIDomain)
	}
	return stays, nil
}

// printPlan shows what is going to be removed.
func (l *leaving) printPlan(m *Main) {
	from := "in " + l.where
	if !l.There {
		from = "which is not in " + l.where + " any more"
	}
	fmt.Fprintf(m.Out, "removal of %s, %s:\n", l.Name, from)
	for i := range l.Plan.Differences {
		fmt.Fprintln(m.Out, "  "+l.Plan.Differences[i].String())
	}
	switch l.Posts {
	case postsEnds:
		fmt.Fprintf(m.Out, "  - the subscription to the texts of %s, whose last entry it is: will end\n", l.domain)
	case postsUnseen:
		fmt.Fprintf(m.Out, "  ? the subscription to the texts of %s, whose last entry it is, cannot be seen: will end if there is one\n", l.domain)
	}
	if l.There {
		then := ""
		if slices.ContainsFunc(l.Plan.Differences, func(d provision.Difference) bool { return d.Kind == provision.Unseen }) {
			then = ", once the phone system answers"
		}
		fmt.Fprintf(m.Out, "  - the entry: will be removed%s\n", then)
	}
	for _, warning := range l.Warns {
		fmt.Fprintln(m.Out, "  ! "+warning)
	}
	if len(l.Stays) > 0 {
		fmt.Fprintln(m.Out, "what stays:")
	}
	for _, stays := range l.Stays {
		fmt.Fprintln(m.Out, "  "+stays)
	}
}

// printResult says what was done, and what is still to be done.
func (l *leaving) printResult(m *Main) {
	if r := l.Report; r != nil {
		for _, part := range []struct {
			name   string
			result provision.Result
		}{{"answer rule", r.AnswerRule}, {"dial rule", r.DialRule}, {"user", r.User}} {
			if part.result.Outcome != provision.Absent {
				fmt.Fprintf(m.Out, "%s: %s\n", part.name, part.result)
			}
		}
	}
	if l.Ended {
		fmt.Fprintf(m.Out, "subscription to the texts of %s: ended\n", l.domain)
	}
	if l.Removed {
		fmt.Fprintln(m.Out, "entry: removed")
	}
	if l.Open != "" {
		fmt.Fprintf(m.Out, "%s Run it again: %s\n", l.Open, l.again("entry", "remove", l.Name))
	}
}
