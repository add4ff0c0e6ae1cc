package trunk

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

const (
	// answerTimeout is how long one server may take to answer a request outside of
	// calls. Over UDP it has been sent five times by then.
	answerTimeout = 10 * time.Second

	// leaveTimeout is how long the server's stop waits for the registration to be
	// taken back. Carriers forget it by themselves in the end.
	leaveTimeout = 2 * time.Second
)

// errSilence is why a server that was asked has said nothing in time.
var errSilence = errors.New("does not answer")

// keepRegistered registers, again and again, until the context ends or Leave is
// called, and then takes the registration back.
func (t *Trunk) keepRegistered(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.staying, cancel)()
	client := t.config.Client(t.config.Settings.account())
	r := newRegistration(t.config.Settings.RegisterEvery, time.Now(), t.draw)
	for wait(ctx, time.Until(r.at), t.renew) {
		r.soon(time.Now())
		if time.Now().Before(r.at) {
			continue
		}
		t.register(ctx, client, &r)
	}
	if r.registered(time.Now()) {
		t.deregister(context.WithoutCancel(ctx), client)
	}
}

// deregister takes the registration back.
func (t *Trunk) deregister(ctx context.Context, client Asker) {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	t.mu.Lock()
	hop := t.registrar
	t.until = time.Time{}
	t.mu.Unlock()
	if _, err := client.Ask(ctx, t.registerRequest(hop, 0)); err != nil {
		t.config.Log.Warn("registration not taken back", "trunk", string(t.config.Settings.Name), "error", err.Error())
	}
}

// register registers once: with the first server that answers.
func (t *Trunk) register(ctx context.Context, client Asker, r *registration) {
	hop, reply, why := t.tryToRegister(ctx, client, r.ask)
	if ctx.Err() != nil {
		return
	}
	now := time.Now()
	what := r.took(reply, now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = r.until
	switch what {
	case accepted:
		t.registrar = hop
		t.tell(t.condition.worked(now), now)
	case silence, refusal:
		t.config.Log.Warn("trunk not registered", "trunk", string(t.config.Settings.Name), "reason", why, "again_in", r.at.Sub(now).Round(time.Second))
		t.tell(t.condition.failed(now, why, what == refusal), now)
	case again:
	}
}

// tryToRegister asks one server after the other, until one answers, and returns
// which one it was, what it said, and why that is a failure if it is one.
func (t *Trunk) tryToRegister(ctx context.Context, client Asker, expiry time.Duration) (hop dialog.Hop, last reply, why string) {
	why = "no server of " + t.config.Settings.Address.Host + " is known"
	for _, hop = range t.order(time.Now()) {
		a, err := t.ask(ctx, client, t.registerRequest(hop, expiry))
		switch {
		case err != nil:
			last, why = reply{}, err.Error()
		default:
			last, why = replyOf(a), fmt.Sprintf("the carrier answers %d %s", a.StatusCode, a.Reason)
		}
		if !t.judge(hop, last.status, last.retryAfter) || ctx.Err() != nil {
			break
		}
	}
	return hop, last, why
}

// ask asks a server, for as long as one may take to answer.
func (t *Trunk) ask(ctx context.Context, client Asker, r dialog.Request) (dialog.Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("%s %w", r.Hop.Address, errSilence))
	defer cancel()
	return client.Ask(ctx, r)
}

// judge notes whether a server works, by the status of its answer, of which 0 is
// none, and reports whether another one is to be tried in its place.
func (t *Trunk) judge(hop dialog.Hop, status int, retryAfter time.Duration) (another bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if status != 0 && status != sip.StatusServiceUnavailable {
		t.suspects.clear(hop)
		return false
	}
	t.suspects.note(hop, retryAfter, time.Now())
	return true
}

// registerRequest returns a REGISTER, for as long as expiry; 0 takes the
// registration back.
func (t *Trunk) registerRequest(hop dialog.Hop, expiry time.Duration) dialog.Request {
	s := &t.config.Settings
	us, registrar := s.uri(s.Username.user()), s.uri("")
	return dialog.Request{
		Method: sip.REGISTER, Target: registrar, Hop: hop, From: dialog.Party{Address: us}, To: dialog.Party{Address: us},
		Contact: us.User, Header: []sip.Header{sip.NewHeader("Expires", strconv.Itoa(int(expiry/time.Second)))},
	}
}

// replyOf returns what counts of the answer to a REGISTER.
func replyOf(a dialog.Answer) reply {
	return reply{status: a.StatusCode, granted: a.Expiry(), least: a.Seconds("Min-Expires"), retryAfter: a.Seconds("Retry-After")}
}
