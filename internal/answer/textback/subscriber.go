package textback

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// subscribeEvery is how often we check a subscription. If someone deletes
	// it on the phone system, we miss STOP messages until the next check.
	subscribeEvery = time.Hour

	// subscribeAgain is how soon we try again after a failed check.
	subscribeAgain = time.Minute

	// staleAgain is how soon we check a subscription again if posts still come
	// with the old key after it was moved: someone has set it back.
	staleAgain = 10 * time.Minute

	// endAfter is how long a domain has no entries before its subscription ends:
	// a file of entries may be emptied by mistake, and is soon put back.
	endAfter = 10 * time.Minute
)

// Subscriber keeps the phone system posting the texts of every domain to us, and
// ends that for domains that have left.
type Subscriber struct {
	// Keys returns the domains that KeepKey recorded, in lower case. Required.
	Keys func(context.Context) (map[string]time.Time, error)

	// KeepKey records since when a domain has a key of its own. Required.
	KeepKey func(ctx context.Context, domain string, since time.Time) error

	// ForgetKey takes a domain off that record. Required.
	ForgetKey func(ctx context.Context, domain string) error

	// Checked is called for each check: did is what Subscribe did. Required.
	Checked func(ctx context.Context, domain, did string, err error)

	// Ended is called for each domain without entries whose subscription ended, or
	// could not be ended. Required.
	Ended func(ctx context.Context, domain string, err error)

	mu     sync.Mutex
	looked map[string]time.Time // when it was last checked, by domain in lower case
	next   map[string]time.Time // when it is due, likewise

	all   string          // the address that all post to: if it changes, all are due
	keyed map[string]bool // domains recorded as having their own key; used by Round alone

	endAt map[string]time.Time // when domains without entries leave; used by EndUnused alone
}

// Round checks the subscriptions that are due: new domains at once, the others
// every hour. postURL returns where a domain's texts are posted; that of no
// domain stands for them all. Call one at a time.
func (s *Subscriber) Round(ctx context.Context, api Subscriptions, domains []string, postURL func(domain string) string) {
	s.beginRound(postURL(""))
	s.forgetOthers(ctx, domains)
	for _, domain := range domains {
		now := time.Now()
		if !s.isDue(domain, now) {
			continue
		}
		did, err := Subscribe(ctx, api, domain, postURL(domain), now)
		if err == nil && !s.keyed[domain] {
			err = s.keepKey(ctx, domain, did, now)
			s.keyed[domain] = err == nil
		}
		if ctx.Err() != nil {
			return // the server is stopping: the next one checks it
		}
		again := subscribeEvery
		if err != nil {
			again = subscribeAgain
		}
		s.noteChecked(domain, now, again)
		s.Checked(ctx, domain, did, err)
	}
}

// forgetOthers forgets domains that are not among these, and those whose
// subscription a command or another server has ended: if they are back, they are
// due at once.
func (s *Subscriber) forgetOthers(ctx context.Context, domains []string) {
	recorded, err := s.Keys(ctx)
	stay := make(map[string]bool, len(domains))
	for _, domain := range domains {
		lower := strings.ToLower(domain)
		if _, ok := recorded[lower]; err == nil && s.keyed[domain] && !ok {
			continue
		}
		stay[domain], stay[lower] = true, true
	}
	gone := func(domain string) bool { return !stay[domain] }
	maps.DeleteFunc(s.keyed, func(domain string, _ bool) bool { return gone(domain) })
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.looked, func(domain string, _ time.Time) bool { return gone(domain) })
	maps.DeleteFunc(s.next, func(domain string, _ time.Time) bool { return gone(domain) })
}

// EndUnused ends the subscriptions of domains that are not among these, and have
// not been for a while. Call it after Round, and only if no domain can be missing
// because entries could not be read.
func (s *Subscriber) EndUnused(ctx context.Context, api Subscriptions, domains []string, postURL func(domain string) string) {
	unused, err := s.Keys(ctx)
	if err != nil {
		s.Ended(ctx, "", err)
		return
	}
	for _, domain := range domains {
		delete(unused, strings.ToLower(domain))
	}
	maps.DeleteFunc(s.endAt, func(domain string, _ time.Time) bool { return unused[domain].IsZero() })
	now := time.Now()
	for _, domain := range slices.Sorted(maps.Keys(unused)) {
		switch at, waiting := s.endAt[domain]; {
		case !waiting:
			if s.endAt == nil {
				s.endAt = map[string]time.Time{}
			}
			s.endAt[domain] = now.Add(endAfter)
			continue
		case now.Before(at):
			continue
		}
		_, err := Unsubscribe(ctx, api, domain, postURL(domain))
		if err == nil {
			err = s.ForgetKey(ctx, domain)
		}
		if ctx.Err() != nil {
			return
		}
		s.endAt[domain] = now.Add(subscribeEvery)
		s.Ended(ctx, domain, err)
	}
}

// keepKey records that a domain has its own key. If the subscription was created
// just now, no post with another key can be on its way.
func (s *Subscriber) keepKey(ctx context.Context, domain, did string, now time.Time) error {
	if did == Created {
		now = time.UnixMilli(1)
	}
	return s.KeepKey(ctx, domain, now)
}

// LookSoon makes a domain's subscription due soon, unless it was just checked.
func (s *Subscriber) LookSoon(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	domain = strings.ToLower(domain)
	if soon := s.looked[domain].Add(staleAgain); soon.Before(s.next[domain]) {
		s.next[domain] = soon
	}
}

// beginRound starts a round.
func (s *Subscriber) beginRound(all string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all != all {
		s.all, s.keyed = all, map[string]bool{}
		s.looked, s.next = map[string]time.Time{}, map[string]time.Time{}
	}
}

func (s *Subscriber) isDue(domain string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !now.Before(s.next[strings.ToLower(domain)])
}

// noteChecked records that a subscription was checked.
func (s *Subscriber) noteChecked(domain string, now time.Time, again time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	domain = strings.ToLower(domain)
	s.looked[domain], s.next[domain] = now, now.Add(again)
}
