package oncall

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/responder"
)

const (
	// paramSecret is the name of the secret in a URL, which the administrators
	// of the service before have written into their dial plans.
	paramSecret = "secret_key"

	// headerSecret is where the secret may stand instead, so that no proxy
	// writes it to its log.
	headerSecret = "X-Secret-Key"

	// maxSecrets bounds what is tried of one request.
	maxSecrets = 4
)

// permit is what a request may do.
type permit int

const (
	permitted permit = iota
	wrongAddress
	wrongSecret
)

// admit returns the routes that a request may ask for. given are the secrets
// that came with its parameters.
func (d *Desk) admit(r *http.Request, given []string) ([]*line, permit) {
	if len(d.config.AllowFrom) > 0 {
		address, allowed := d.config.Address(r).Unmap(), false
		for _, network := range d.config.AllowFrom {
			allowed = allowed || network.Contains(address)
		}
		if !allowed {
			return nil, wrongAddress
		}
	}
	given = append(slices.Clip(given), r.Header.Values(headerSecret)...)
	for _, credentials := range r.Header.Values("Authorization") {
		if scheme, token, ok := strings.Cut(credentials, " "); ok && strings.EqualFold(scheme, "Bearer") {
			given = append(given, strings.TrimSpace(token))
		}
	}
	given = given[:min(len(given), maxSecrets)]
	signed := r.Header.Get(responder.HeaderSignature) != ""
	open := make([]*line, 0, len(d.lines))
	for _, l := range d.lines { // all of them: the time must not tell which
		if l.opens(given) || signed && responder.Verify(r, time.Now(), l.Secrets...) == nil {
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return nil, wrongSecret
	}
	return open, permitted
}

// denied notes a request that may ask for nothing.
func (d *Desk) denied(ctx context.Context, p permit) {
	d.config.Denied()
	why := "the secret is missing or wrong"
	if p == wrongAddress {
		why = "the address is not one that phone systems ask from"
	}
	d.config.Log(ctx, slog.LevelWarn, "on-call", slog.String("outcome", "denied"), slog.String("why", why))
}

// note logs a decision.
func (d *Desk) note(ctx context.Context, r *Request, decision *Decision) {
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
		attrs = append(attrs, slog.String("why", strings.Join(decision.Steps, " ")))
	}
	d.config.Log(ctx, level, "on-call", attrs...)
}

func remoteAddress(r *http.Request) netip.Addr {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr()
}
