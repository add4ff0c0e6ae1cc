package voice

import (
	"cmp"
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// transfer says how far a transfer of ours is.
type transfer uint8

const (
	transferNone   transfer = iota
	transferLeft            // the caller speaks to somebody else
	transferUntold          // they do, or have hung up: their telephone does not tell
	transferStays           // they are still ours
)

// transferOf returns what the status of the call that a caller's telephone has made
// means. Many do not tell, and hang up.
func transferOf(status int) transfer {
	switch status / 100 {
	case 0:
		return transferUntold
	case 2:
		return transferLeft
	}
	return transferStays
}

// referTime is how much longer than it rings a transfer may take to be told of.
const referTime = 10 * time.Second

// refer has the caller's telephone, or who carries their call, call somebody
// outside in place of us (RFC 3515), and says what that came to.
func (l *Line) refer(ctx context.Context, who engine.Outside) (transfer, error) {
	ways, _, err := l.config.dialler.waysTo(ctx, who)
	if err != nil {
		return transferStays, cmp.Or(context.Cause(ctx), err)
	}
	l.transferred(transferNone)
	l.config.Call.Transfer(dialog.Target{URI: ways[0].Target})
	until := l.Now() + cmp.Or(who.Timeout, ringTime) + referTime
	if err := l.waitUntil(ctx, until, func() bool { return l.news.transfer != transferNone }); err != nil {
		return transferStays, err
	}
	return cmp.Or(l.news.transfer, transferStays), nil
}

// transferred notes how far a transfer is.
func (l *Line) transferred(t transfer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest.transfer = t
}
