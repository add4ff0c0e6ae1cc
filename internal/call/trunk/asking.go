package trunk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

// askAgain is the pause after nobody has answered, until somebody does: the trunk
// is to be back in use soon.
const askAgain = 5 * time.Second

// keepAsking asks the servers whether they are there, until the context ends.
func (t *Trunk) keepAsking(ctx context.Context) {
	client := t.config.Client(dialog.Account{}) // a challenge is an answer
	s := &t.config.Settings
	for next := time.Now(); wait(ctx, time.Until(next), nil); {
		next = next.Add(s.OptionsEvery)
		if !t.askAll(ctx, client) && !s.Register {
			next = time.Now().Add(min(s.OptionsEvery, askAgain))
		}
	}
}

// askAll asks all servers, and reports whether any has answered. There are carriers
// that register us, and never answer: of those the registration says how they are.
func (t *Trunk) askAll(ctx context.Context, client Asker) bool {
	hops := t.order(time.Now())
	failures := make([]error, len(hops))
	var asking sync.WaitGroup
	for i, hop := range hops {
		asking.Go(func() { failures[i] = t.askOne(ctx, client, hop) })
	}
	asking.Wait()
	if slices.Contains(failures, nil) || ctx.Err() != nil {
		return true
	}
	if !t.config.Settings.Register {
		t.mu.Lock()
		defer t.mu.Unlock()
		now := time.Now()
		t.tell(t.condition.failed(now, t.unanswered(failures), false), now)
	}
	return false
}

// unanswered says that nobody has answered, and why nothing could be sent, such as a
// certificate that is wrong.
func (t *Trunk) unanswered(failures []error) string {
	if len(failures) == 0 {
		return "no server of " + t.config.Settings.Address.Host + " is known"
	}
	why := "no server of " + t.config.Settings.Address.Host + " answers OPTIONS"
	if i := slices.IndexFunc(failures, func(err error) bool { return !errors.Is(err, errSilence) }); i >= 0 {
		why += ": " + failures[i].Error()
	}
	return why
}

// askOne asks one server, and returns why it has not answered. If it is where we are
// registered, and does not answer although it has done so before, the registration
// is renewed: with another one, if there is one.
func (t *Trunk) askOne(ctx context.Context, client Asker, hop dialog.Hop) error {
	s := &t.config.Settings
	a, err := t.ask(ctx, client, dialog.Request{
		Method: sip.OPTIONS, Target: s.server(), Hop: hop,
		From: dialog.Party{Address: s.uri(s.Username.user())}, To: dialog.Party{Address: s.server()},
		Header: []sip.Header{sip.NewHeader("Accept", "application/sdp")},
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil {
		t.judge(hop, a.StatusCode, a.Seconds("Retry-After"))
	} else {
		t.judge(hop, 0, 0)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.answering[hop] = true
		if now := time.Now(); !s.Register {
			t.tell(t.condition.worked(now), now)
		}
		return nil
	}
	if t.answering[hop] && hop == t.registrar {
		select {
		case t.renew <- struct{}{}:
		default: // it will be anyway
		}
	}
	return err
}
