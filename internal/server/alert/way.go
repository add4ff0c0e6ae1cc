package alert

import (
	"context"
	"errors"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// Way is how alerts reach people.
type Way interface {
	// Name is webhook, email or ntfy.
	Name() string

	// Host is what can be shown of where it leads.
	Host() string

	// Send sends a message, within sendTimeout.
	Send(ctx context.Context, m Message) *Problem
}

// logWay is the way to the log, which each alert goes and which never fails.
const logWay = "log"

// sendTimeout is how long sending one alert may take in all. Only the next alert
// of its way waits for it. A report is taken for longer: see lease.
const sendTimeout = 20 * time.Second

// Problem is why a message did not arrive.
type Problem struct {
	Reason   string        // without the address, which is a secret
	Hint     string        // what to do; may be empty
	Hopeless bool          // it would not arrive later either
	Wait     time.Duration // how long the other side asks us to wait

	gaveUp bool // it is not tried again
}

// Client sends requests. *fetch.Client is one.
type Client interface {
	// Do sends one request and returns the whole answer, whatever its status.
	Do(ctx context.Context, request fetch.Request) (*fetch.Response, error)
}

// guard is which addresses alerts are sent to: an operator has chosen them, and
// mail relays and chats are often on networks of their own.
var guard = fetch.Guard{Loopback: true, Private: true}

// newClient returns the client of the ways over HTTP. It follows no redirects.
func newClient() *fetch.Client {
	return fetch.New(fetch.Options{Guard: guard, Timeout: postTimeout, MaxRedirects: -1})
}

// waysOf returns the ways of the settings.
func waysOf(c Config, client Client) ([]Way, error) {
	var ways []Way
	if c.Settings.Webhook.IsSet() {
		to, err := webAddress(c.Settings.Webhook.Reveal(), "webhook")
		if err != nil {
			return nil, err
		}
		ways = append(ways, &webhook{to, client})
	}
	if c.Settings.SMTP.IsSet() && len(c.Settings.EmailTo) > 0 {
		server, err := readMailServer(c.Settings.SMTP.Reveal())
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "alerts.smtp %v", err)
		}
		ways = append(ways, &email{server: server, from: c.Settings.EmailFrom, to: c.Settings.EmailTo, here: c.Here, roots: c.Roots})
	}
	if c.Settings.Ntfy.IsSet() {
		to, err := newNtfy(c.Settings.Ntfy.Reveal(), client)
		if err != nil {
			return nil, err
		}
		to.token, to.here = c.Settings.NtfyToken, c.Here
		ways = append(ways, to)
	}
	return ways, nil
}

// unanswered says in our own words why there is no answer: the error's may
// contain the whole address.
func unanswered(err error) *Problem {
	e, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		return &Problem{Reason: "it could not be asked"}
	}
	p := &Problem{Hopeless: fault.AgainOf(e) == fault.Never}
	switch e.Kind {
	case fetch.Resolve:
		p.Reason = "the host's name could not be looked up"
	case fetch.Refused:
		p.Reason = "the host takes no connections"
	case fetch.Timeout:
		p.Reason = "the host did not answer in time"
	case fetch.TLS:
		p.Reason = "there was no TLS connection to the host"
	case fetch.Canceled:
		p.Reason = "there was no time left to wait for an answer"
	case fetch.Guarded:
		p.Reason = "the host has an address that is never asked"
	case fetch.Redirects:
		p.Reason = "the host redirects, and alerts go to the address of the settings alone"
	default:
		p.Reason = "the host does not answer as it should (" + string(e.Kind) + ")"
	}
	return p
}
