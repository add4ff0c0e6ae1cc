package core

import (
	"errors"
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/switchhook/switchhook/internal/fault"
)

// What is made at once, from the ringing to the end, and how fast. A program that
// calls a list of people stays below it; one in a loop is stopped before all who have
// a telephone know.
const (
	maxOriginations      = 200         // of all owners
	maxOriginationsOfOne = 20          // of one owner
	originationEvery     = time.Second // of one owner, once originationBurst are begun
	originationBurst     = 20
)

// ErrTooMany is in the errors of Originate that say that too much is being made.
var ErrTooMany = errors.New("wait before the next")

// originations counts the calls that a Core makes. The zero value has none.
type originations struct {
	mu  sync.Mutex
	all int
	of  map[string]*originator // by user@domain
}

// originator is a user whose calls are made.
type originator struct {
	inHand int
	begun  *rate.Limiter
}

// begin counts a call until end is called, or says why there is one too many.
func (o *originations) begin(owner string, now time.Time) (end func(), err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	who := o.of[owner]
	if who == nil {
		o.forget(now)
		who = &originator{begun: rate.NewLimiter(rate.Every(originationEvery), originationBurst)}
	}
	switch {
	case o.all == maxOriginations:
		return nil, tooMany("%d calls are being made at once", maxOriginations)
	case who.inHand == maxOriginationsOfOne:
		return nil, tooMany("%s makes %d calls at once", owner, maxOriginationsOfOne)
	case !who.begun.AllowN(now, 1):
		return nil, tooMany("%s has begun %d calls in a row, and may begin one in %v", owner, originationBurst, originationEvery)
	}
	if o.of == nil {
		o.of = make(map[string]*originator)
	}
	o.of[owner] = who
	o.all++
	who.inHand++
	return sync.OnceFunc(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.all--
		who.inHand--
	}), nil
}

// forget drops those of whom nothing needs to be known any more: an API makes as many
// users as it likes.
func (o *originations) forget(now time.Time) {
	maps.DeleteFunc(o.of, func(_ string, who *originator) bool {
		return who.inHand == 0 && who.begun.TokensAt(now) >= originationBurst
	})
}

func tooMany(format string, args ...any) error {
	e := fault.Newf(fault.Unavailable, format, args...)
	e.Err = ErrTooMany
	return e
}
