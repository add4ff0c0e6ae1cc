package textback

import (
	"context"
	"strings"
	"sync"
	"time"
)

const (
	// subscribeEvery is how often we check a subscription. If someone deletes
	// it on the phone system, we miss STOP messages until the next check.
	subscribeEvery = time.Hour

	// subscribeAgain is how soon we try again after a failed check.
	subscribeAgain = 5 * time.Minute

	// staleAgain is how soon we check a subscription again if posts still come
	// with the old key after it was moved: someone has set it back.
	staleAgain = 10 * time.Minute
)

// Subscriber keeps the phone system posting the texts of every domain to us.
type Subscriber struct {
	// KeepKey records since when a domain has a key of its own. Required.
	KeepKey func(ctx context.Context, domain string, since time.Time) error

	// Checked is called for each check: did is what Subscribe did. Required.
	Checked func(ctx context.Context, domain, did string, err error)

	mu     sync.Mutex
	looked map[string]time.Time // when it was last checked, by domain in lower case
	next   map[string]time.Time // when it is due, likewise

	all   string          // the address that all post to: if it changes, all are due
	keyed map[string]bool // domains recorded as having their own key; used by Round alone
}

// Round checks the subscriptions that are due: new domains at once, the others
// every hour. postURL returns where a domain's texts are posted; that of no
// domain stands for them all. Call one at a time.
func (s *Subscriber) Round(ctx context.Context, api Subscriptions, domains []string, postURL func(domain string) string) {
	s.beginRound(postURL(""))
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
