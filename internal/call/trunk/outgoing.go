package trunk

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// firstResponse is how long a server may say nothing to a call before the next one
// is tried, while the caller hears nothing: four times as long as an INVITE takes
// that is lost three times on its way.
const firstResponse = 4 * time.Second

// Outgoing returns how somebody is called: by which servers of the carrier, in the
// order in which they are to be tried, each only if Tried says so of the one before.
// Their Local is for the caller to fill in. An error is a fault.Error: of the code
// Invalid if To is no telephone number, and Unavailable if no server is known.
func (t *Trunk) Outgoing(ctx context.Context, who engine.Outside) ([]dialog.Outgoing, error) {
	called := phone.Read(who.To, t.home)
	if called.Hidden() || called.Internal() {
		return nil, fault.Newf(fault.Invalid, "%s is no number that a trunk carries", phone.MaskIn(who.To))
	}
	hops := t.order(time.Now())
	if len(hops) == 0 {
		if err := t.resolve(ctx); err != nil {
			return nil, &fault.Error{Code: fault.Unavailable, Message: "no server of the trunk " + string(t.config.Settings.Name) + " is known", Err: err}
		}
		hops = t.order(time.Now())
	}
	s := &t.config.Settings
	target := s.server()
	target.User = s.Prefix.escaped() + s.Numbers.write(called, t.home)
	id := s.identify(who, t.home)
	all := make([]dialog.Outgoing, len(hops))
	for i, hop := range hops {
		all[i] = dialog.Outgoing{
			Target: target, Hop: hop, From: id.from, To: dialog.Party{Address: target}, Account: s.account(), Header: id.header,
		}
		if i < len(hops)-1 {
			all[i].Patience = firstResponse
		}
	}
	return all, nil
}

// account returns what the carrier knows us by.
func (s *Settings) account() dialog.Account {
	return dialog.Account{User: string(s.Username), Password: s.Password}
}

// Tried notes how an attempt of Outgoing ended that was neither answered nor given
// up, and reports whether the next one is to be made: its server did not answer,
// could not be reached, or has too much to do (RFC 3263 section 4.3). Another
// refusal is of the number that was called, and the same everywhere.
func (t *Trunk) Tried(attempt dialog.Outgoing, end dialog.Ended) (next bool) {
	if end.Status != sip.StatusServiceUnavailable && (end.Status != sip.StatusRequestTimeout || !end.Theirs) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.suspects.note(attempt.Hop, end.Retry, time.Now())
	return true
}
