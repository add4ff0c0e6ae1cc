package cli

import (
	"context"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
)

type entryRemoveCommand struct {
	settingsFlag
	Name string `arg:"" help:"The entry, or one that is gone and left something on the phone system." names:"entry"`
	Plan bool   `help:"Only show what would be removed, and what stays."`
	Yes  bool   `help:"Remove it without asking."`
	JSON bool   `help:"One JSON object. Needs --plan or --yes."`
}

// Help is what the command's help explains.
func (*entryRemoveCommand) Help() string {
	return `It removes what was made for the entry on the phone system and the entry itself, and ends the
subscription to the texts of a domain whose last entry it is. If the phone system fails half way,
run it again: it goes on.`
}

// Run removes an entry.
func (c *entryRemoveCommand) Run(ctx context.Context, m *Main) error {
	switch {
	case c.Plan && c.Yes:
		return fault.Newf(fault.Invalid, "--plan only shows, and --yes removes: give one of them")
	case c.JSON && !c.Plan && !c.Yes:
		return fault.Newf(fault.Invalid, "--json needs --plan or --yes: nobody can be asked")
	}
	return c.withBook(ctx, m, func(b *book) error {
		l, err := b.leaving(ctx, c.Name)
		if err != nil {
			return err
		}
		if !c.JSON {
			l.printPlan(m)
		}
		switch {
		case c.Plan && c.JSON:
			return printJSON(m.Out, l)
		case c.Plan:
			return nil
		case !c.Yes:
			if err := m.confirm(ctx, "remove it", "--yes removes it, --plan only shows this"); err != nil {
				return err
			}
		}
		done, err := l.remove(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			err = printJSON(m.Out, l)
		} else {
			l.printResult(m)
		}
		if err != nil {
			return err
		}
		return failedIf(!done)
	})
}

// leaving is the removal of an entry: the plan, then the result.
type leaving struct {
	*book  `json:"-"`
	entry  *entry.Entry // nil: there is none, or it cannot be used
	domain string       // empty: not known

	Name  string         `json:"name"`
	There bool           `json:"there"` // otherwise it is gone, and something that was made stands
	Plan  provision.Plan `json:"plan"`
	Posts string         `json:"posts"` // the subscription to the texts of its domain: keeps, ends, unseen or none
	Warns []string       `json:"warnings"`
	Stays []string       `json:"stays"`

	Report  *provision.Report `json:"report,omitempty"` // nil: nothing was done
	Removed bool              `json:"removed"`          // the entry
	Ended   bool              `json:"ended"`            // the subscription
	Open    string            `json:"open,omitempty"`   // what is still to be done; empty: nothing
}

// The states of a subscription.
const (
	postsNone   = "none"
	postsKeeps  = "keeps" // for other entries of the domain
	postsEnds   = "ends"
	postsUnseen = "unseen"
)

// leaving returns what the removal of an entry comes to. It changes nothing.
func (b *book) leaving(ctx context.Context, name string) (l *leaving, err error) {
	l = &leaving{book: b, Name: name, There: b.entries.Has(name), Posts: postsNone, Warns: []string{}}
	record := b.record(name)
	switch err := b.entries.Problem(); {
	case err != nil:
		return nil, err
	case !b.entries.Complete():
		return nil, fault.Newf(fault.NotFound, "there is no file %s", b.where).WithHint("put it back first: nobody can tell which entries are gone")
	case !l.There && record == nil:
		return nil, b.missing(name)
	}
	if l.There {
		l.entry, _ = b.entries.Get(name)
	}
	if record != nil {
		l.domain = record.Domain
	}
	if l.entry != nil && l.entry.APIDomain != "" {
		l.domain = l.entry.APIDomain
	}
	l.Plan = provision.Plan{Entry: name, Differences: []provision.Difference{}}
	if b.Store != nil {
		if l.Plan, err = b.provisioner.PlanRemoval(ctx, name); err != nil {
			return nil, err
		}
		l.lookAtPosts(ctx)
	}
	l.warn(ctx, record)
	l.Stays, err = l.stays(ctx, record)
	return l, err
}

// remove removes what was made, then the entry, then what else was there for it, so
// that calls are answered to the last and each step can be taken again. It reports
// whether nothing is left to do.
func (l *leaving) remove(ctx context.Context) (done bool, err error) {
	if l.Store != nil {
		result, err := l.provisioner.Remove(ctx, l.Name, l.domain, true)
		l.Report = &result.Report
		if err != nil {
			return false, err
		}
		if result.Condition == provision.Failing {
			l.Open = "The entry stays until what was made for it is gone."
			return false, nil
		}
	}
	if l.There {
		if err := l.entries.Remove(ctx, l.Name); err != nil && fault.CodeOf(err) != fault.NotFound {
			return false, err
		}
		l.Removed = true
	}
	if l.Store == nil {
		return true, nil
	}
	if l.Removed {
		inDatabase := l.settings.DomainsFile == "" // which has told of it
		if err := l.tellAct(ctx, entry.Removed, l.Name, l.domain, "", !inDatabase); err != nil {
			return false, err
		}
	}
	if l.Ended, err = server.EndEvents(ctx, l.settings, l.Store, l.client, l.entries, l.domain); err != nil {
		l.Open = err.Error() + ". A running server ends it in a while."
		return false, nil //nolint:nilerr // it is told
	}
	if l.entries.Has(l.Name) {
		l.Open = "A form has saved the entry again meanwhile."
		return false, nil
	}
	result, err := l.provisioner.Remove(ctx, l.Name, l.domain, false) // what a form made meanwhile, too
	switch {
	case err != nil:
	case result.Condition == provision.Failing:
		l.Open = "The phone system failed to remove what is there still."
	case result.Condition == provision.Disputed:
		l.Report = &result.Report
		l.Open = "What is in a conflict is left to you: it is not as it was made, or somebody else needs it."
	}
	return l.Open == "", err
}
