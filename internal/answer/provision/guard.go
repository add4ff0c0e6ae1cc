package provision

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/netsapiens"
)

// Guard is the key that we made for an entry without one of its own: it goes
// into the entry's dial rule, and then the webhook demands it. It has three
// states, in this order:
//
//	pending      From is zero: it is about to be put into the rule, or has been
//	             but was not yet seen there. Requests without it are answered.
//	in the rule  From is ahead: the rule was seen to carry it. Calls that began
//	             before may still ask without it, and are answered.
//	demanded     From is past: requests without it are refused.
//
// It is stored in the Record, and before anything takes the key out of the
// rule the Record is saved without From, or without the Guard. So a program
// that does not know Guards, which saves Records without them before it
// changes a rule, locks nobody out.
type Guard struct {
	Key  entry.Key
	From time.Time
}

// guardDelay is how long a key is not demanded after the rule was seen to carry
// it. Calls last for minutes, and servers of a phone system learn of a changed
// rule one after the other.
const guardDelay = 10 * time.Minute

// keyBytes is the length of a key: 128 bits cannot be guessed.
const keyBytes = 16

func newGuard() *Guard {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // cannot fail
	return &Guard{Key: entry.Key(hex.EncodeToString(key))}
}

// Demanded reports whether requests must have the key by now.
func (g *Guard) Demanded(now time.Time) bool {
	return g != nil && !g.From.IsZero() && !now.Before(g.From)
}

// kept is a Guard as it is stored: a Key does not print itself.
type kept struct {
	Key  string    `json:"key"`
	From time.Time `json:"from,omitzero"`
}

// MarshalJSON writes the key in the clear: use it for the store alone.
func (g Guard) MarshalJSON() ([]byte, error) { return json.Marshal(kept{string(g.Key), g.From}) }

// UnmarshalJSON reads what MarshalJSON writes.
func (g *Guard) UnmarshalJSON(text []byte) error {
	var k kept
	err := json.Unmarshal(text, &k)
	g.Key, g.From = entry.Key(k.Key), k.From
	return err
}

// same reports whether two Guards, each of which may be nil, are the same.
func (g *Guard) same(other *Guard) bool {
	return g == other || g != nil && other != nil && g.Key == other.Key && g.From.Equal(other.From)
}

// copied returns a copy that shares nothing with the Guard.
func (g *Guard) copied() *Guard {
	if g == nil {
		return nil
	}
	c := *g
	return &c
}

// guarded returns what is wanted, with the key that the Guard holds if the
// entry has none of its own.
func (d Desired) guarded(g *Guard) Desired {
	if g != nil && g.Key != "" && d.open && !d.nothing() {
		d.DialRule.Parameter += "&key=" + url.QueryEscape(string(g.Key))
	}
	return d
}

// chooseGuard decides on the key that is wanted, before and after the phone
// system was seen. By then, whatever must be saved before a change is on record.
func (r *reconciler) chooseGuard() {
	switch {
	case r.removing || r.base.nothing() || !r.base.open:
		return // an entry's own key counts; see settleGuard
	case !r.p.Keys || r.p.Records == nil:
		r.record.Guard = nil
		return
	}
	known := findMade(r.record.Made, r.base.resource(DialRule))
	i := slices.IndexFunc(r.seen.Rules, r.base.DialRule.SameMatch)
	there := r.seen.RulesErr == nil && i >= 0
	ours := there && r.base.ours(r.seen.Rules[i], known)
	switch guard := r.record.Guard; {
	case guard != nil && there && !ours:
		r.record.Guard = nil // it went with the rule, and somebody else's is theirs
	case guard != nil && there && !carries(r.seen.Rules[i], guard):
		guard.From = time.Time{} // somebody took it out of the rule
	case guard != nil:
	case r.seen.RulesErr == nil && !there:
		if f := chain[DialRule].diff(r.base, &r.seen, r.record.Made); f != nil && f.Action == Create {
			r.record.Guard = newGuard() // of a rule that is going to be made
		}
	case r.giveKey && ours && known != nil && !known.Pending && chain[DialRule].diff(r.base, &r.seen, r.record.Made) == nil:
		r.record.Guard = newGuard()
	}
	r.want = r.base.guarded(r.record.Guard)
}

// carries reports whether a rule has a Guard's key.
func carries(r netsapiens.DialRule, g *Guard) bool {
	u, err := url.Parse(address(r.Parameter))
	return err == nil && g.Key.Matches(u.Query().Get("key"))
}

// settleGuard notes that the rule was seen to carry the key that is wanted.
func (r *reconciler) settleGuard(ctx context.Context, now time.Time) {
	guard := r.record.Guard
	switch {
	case guard == nil || !r.carried || r.removing:
	case !r.base.open:
		r.record.Guard = nil // the entry has a key of its own, and the rule has that
	case !guard.From.IsZero():
	case !r.onlyWay(ctx, guard):
	case r.fresh:
		guard.From = now // no call can have begun without it
	default:
		guard.From = now.Add(guardDelay)
	}
}

// onlyWay reports whether no call can reach the entry's webhook by another rule
// without the key: one of an earlier chain, or one that somebody else made. If
// rules cannot be seen, it returns false.
func (r *reconciler) onlyWay(ctx context.Context, guard *Guard) bool {
	if r.hasEarlierRule() {
		return false
	}
	ours := r.want.DialRule // which was seen to carry it, maybe after the survey
	for rule, err := range r.p.dialRules(ctx, r.want, r.survey) {
		if err != nil {
			return false
		}
		if asksFor(rule) == r.want.Entry && shown(address(rule.Parameter)) == shown(address(ours.Parameter)) && !ours.SameMatch(rule) && !carries(rule, guard) {
			return false
		}
	}
	return true
}

// hasEarlierRule reports whether a rule of an earlier chain still leads calls to
// the webhook.
func (r *reconciler) hasEarlierRule() bool {
	return slices.ContainsFunc(r.want.unwanted(r.record.Made), func(m Resource) bool { return m.Part == DialRule })
}

// refuseGuard gives up a key that cannot be put into the rule without taking the
// rule away for a moment, in which calls would be lost. It reports whether the
// key was the only change.
func (r *reconciler) refuseGuard(f *Difference) bool {
	if r.record.Guard == nil || !r.want.open || len(differing(f.found, r.base.DialRule, f.resource.Shows)) > 0 {
		return false
	}
	r.record.Guard, r.record.Keyless, r.want = nil, true, r.base
	return true
}

// Keyless returns the entries whose webhook can be asked by anyone who knows its
// address, and that will not get a key automatically: they have none of their
// own, and none was made.
func Keyless(entries []*entry.Entry, records []Record, s Settings) []string {
	known := byEntry(records)
	var ids []string
	for _, e := range entries {
		r := known[e.ID]
		switch {
		case e.Key != "" || !e.HasText() || len(e.LacksForTexts()) > 0:
		case s.Keys && r != nil && r.Guard != nil && (!r.Guard.From.IsZero() || r.Condition() == Failing): // the retry, or the next look, settles it
		case s.Keys && r != nil && r.Condition() == Failing && !r.Keyless && !r.madeRule(): // the retry makes the rule with a key
		case s.Keys && r != nil && r.givable(e, s):
		default:
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// madeRule reports whether a dial rule was made for the entry.
func (r *Record) madeRule() bool {
	return slices.ContainsFunc(r.Made, func(m Resource) bool { return m.Part == DialRule })
}

// Givable returns up to n entries, by domain, whose chain we made before there
// were keys, and that can be given one.
func Givable(entries []*entry.Entry, records []Record, s Settings, n int) []*entry.Entry {
	if !s.Keys {
		return nil
	}
	known := byEntry(records)
	var all []*entry.Entry
	for _, e := range entries {
		if r := known[e.ID]; r != nil && r.givable(e, s) {
			all = append(all, e)
		}
	}
	sortByDomain(all)
	return all[:min(n, len(all))]
}

// givable reports whether a chain is ours, in order as it was last seen, and
// without a key.
func (r *Record) givable(e *entry.Entry, s Settings) bool {
	if r.Guard != nil || r.Keyless || r.Removed || e.Key != "" || r.Condition() != InOrder || r.Fingerprint != s.fingerprint(e, nil) {
		return false
	}
	want := Wanted(e, s)
	known := findMade(r.Made, want.resource(DialRule))
	return !want.nothing() && known != nil && !known.Pending
}
