package oncall

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
	"github.com/switchhook/switchhook/responder"
)

const (
	// paramSecret is the name of the secret in a URL, which administrators of
	// pagerduty-voys-webhook have written into their dial plans.
	paramSecret = "secret_key"

	// headerSecret may carry the secret instead, so that no proxy writes it to
	// its log.
	headerSecret = "X-Secret-Key"

	// maxSecrets bounds how many secrets of one request we try.
	maxSecrets = 4
)

// permit is what a request may do.
type permit int

const (
	permitted permit = iota
	wrongAddress
	wrongSecret
	mustWait // too many wrong secrets came from its address
)

// why says why a request is refused.
func (p permit) why() string {
	switch p {
	case wrongAddress:
		return "the address is not one that phone systems ask from"
	case mustWait:
		return "too many wrong secrets came from this address; wait before the next"
	}
	return "the secret is missing or wrong"
}

// admit returns the routes that a request may ask for. given are the secrets
// that came with its parameters. If the request has to wait, admit puts how long
// into the headers of w.
func (d *Dispatcher) admit(w http.ResponseWriter, r *http.Request, given []string) ([]*readyRoute, permit) {
	if len(d.config.AllowFrom) > 0 {
		address, allowed := d.config.Address(r).Unmap(), false
		for _, network := range d.config.AllowFrom {
			allowed = allowed || network.Contains(address)
		}
		if !allowed {
			return nil, wrongAddress
		}
	}
	given = append(slices.Clip(given), headerSecrets(r)...)
	given = given[:min(len(given), maxSecrets)]
	signature := d.signature(r)
	open := make([]*readyRoute, 0, len(d.routes))
	for _, route := range d.routes { // all of them: the time must not tell which
		if route.opens(given) || signature == nil && responder.Verify(r, time.Now(), route.Secrets...) == nil {
			open = append(open, route)
		}
	}
	switch wait := d.judgeSecrets(r, len(open) > 0, given, signature); {
	case wait > 0:
		guess.TellWait(w.Header(), wait)
		return nil, mustWait
	case len(open) == 0:
		return nil, wrongSecret
	}
	return open, permitted
}

// judgeSecrets returns how long a request has to wait because of wrong secrets.
// Each of its signatures counts as one.
func (d *Dispatcher) judgeSecrets(r *http.Request, right bool, given []string, signature error) time.Duration {
	if !right && errors.Is(signature, responder.ErrSignature) {
		given = slices.Concat(given, strings.Fields(r.Header.Get(responder.HeaderSignature)))
	}
	return d.config.Guesses.Judge(r, guess.Secret{Place: guess.OnCall, Named: len(d.config.AllowFrom) > 0}, right, given...)
}

// signature verifies that a secret of any route signs a request. It tries all of
// them together first, so that a stranger's body is hashed only once.
func (d *Dispatcher) signature(r *http.Request) error {
	if r.Header.Get(responder.HeaderSignature) == "" {
		return responder.ErrUnsigned
	}
	var all []string
	for _, route := range d.routes {
		all = append(all, route.Secrets...)
	}
	return responder.Verify(r, time.Now(), all...)
}

// headerSecrets returns the secrets that stand in the headers of a request.
func headerSecrets(r *http.Request) []string {
	given := slices.Clone(r.Header.Values(headerSecret))
	for _, credentials := range r.Header.Values("Authorization") {
		if scheme, token, ok := strings.Cut(credentials, " "); ok && strings.EqualFold(scheme, "Bearer") {
			given = append(given, strings.TrimSpace(token))
		}
	}
	return given
}

// bringsCredentials reports whether a request has a secret in its URL or
// headers, or a signature: it is judged by these, not by a secret in its body.
func bringsCredentials(r *http.Request, inURL []string) bool {
	return len(inURL) > 0 || r.Header.Get(responder.HeaderSignature) != "" || len(headerSecrets(r)) > 0
}

// denyRequest reports a request that is refused, and returns the status to
// answer with.
func (d *Dispatcher) denyRequest(w http.ResponseWriter, r *http.Request, p permit) (status int) {
	d.config.Denied()
	attrs := []slog.Attr{slog.String("outcome", "denied")}
	if p != mustWait { // guess.Watch reports that
		attrs = append(attrs, slog.String("why", p.why()))
	}
	d.config.Log.LogAttrs(r.Context(), slog.LevelWarn, "on-call", attrs...)
	switch p {
	case wrongAddress:
		return http.StatusForbidden
	case mustWait:
		return http.StatusTooManyRequests
	}
	w.Header()["Www-Authenticate"] = []string{"Bearer"}
	return http.StatusUnauthorized
}

// logDecision logs a decision.
func (d *Dispatcher) logDecision(ctx context.Context, r *Request, decision *Decision) {
	level := slog.LevelInfo
	switch decision.Reason {
	case OnCall:
		if decision.Stale {
			level = slog.LevelWarn
		}
	case Shut, Blocked, NotAllowed:
	case NoRoute:
		level = slog.LevelWarn
	default:
		level = slog.LevelError
		if decision.Fallback {
			level = slog.LevelWarn
		}
	}
	attrs := make([]slog.Attr, 0, 11)
	attrs = append(attrs,
		slog.String("line", decision.Route), slog.Int("attempt", decision.Attempt),
		slog.String("caller", clip(phone.Mask(r.Caller))), slog.String("outcome", string(decision.Reason)))
	if decision.Number != "" {
		attrs = append(attrs, slog.String("number", phone.Mask(decision.Number)))
	}
	if decision.Fallback {
		attrs = append(attrs, slog.Bool("fallback", true))
	}
	if decision.Reason == OnCall {
		attrs = append(attrs, slog.String("person", decision.Key), slog.String("source", decision.Source),
			slog.Int64("age_s", int64(decision.Age.Seconds())), slog.Bool("stale", decision.Stale))
	}
	if level != slog.LevelInfo {
		attrs = append(attrs, slog.String("why", plaintext.Clip(strings.Join(why.Sentences(decision.Steps), " "), maxWhy)))
	}
	d.config.Log.LogAttrs(ctx, level, "on-call", attrs...)
}
