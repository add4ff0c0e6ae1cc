package alert

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// DefaultRepeat is how long the same alert is not sent again.
const DefaultRepeat = 15 * time.Minute

// Client sends requests. *fetch.Client is one.
type Client interface {
	// Do sends one request and returns the whole answer, whatever its status.
	Do(ctx context.Context, request fetch.Request) (*fetch.Response, error)
}

// Config is what a Sender needs. The zero Config only logs.
type Config struct {
	// Webhook is the address that alerts are posted to, which is a secret.
	// Empty: they are only logged.
	Webhook string

	// Repeat is how long an alert with the same Kind and About is held back;
	// default: DefaultRepeat.
	Repeat time.Duration

	// Client posts the alerts. The default reaches private addresses too, since
	// an operator chose this one, and follows no redirects.
	Client Client

	Log   *slog.Logger                  // default: slog.Default()
	Count func(kind Kind, arrived bool) // called for each alert that was sent or given up. Optional
}

// Sender takes alerts and posts them. It may be used by several goroutines.
type Sender struct {
	client Client
	own    *fetch.Client // the client, if it is ours to close
	log    *slog.Logger
	count  func(Kind, bool)
	wake   chan struct{} // holds one value if there is something new

	mu    sync.Mutex
	board board
	to    *url.URL // nil: nowhere
}

// New returns a Sender. It starts nothing: alerts wait until Run. The error
// says what is wrong with the address without showing it.
func New(c Config) (*Sender, error) {
	s := &Sender{client: c.Client, log: c.Log, count: c.Count, wake: make(chan struct{}, 1)}
	s.board.matters = map[matterKey]*matter{}
	if s.client == nil {
		s.own = fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true, Private: true}, Timeout: postTimeout, MaxRedirects: -1})
		s.client = s.own
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.count == nil {
		s.count = func(Kind, bool) {}
	}
	if err := s.Configure(c.Webhook, c.Repeat); err != nil {
		return nil, err
	}
	return s, nil
}

// Configure changes the address and Repeat. If it returns an error, the old
// ones stay.
func (s *Sender) Configure(webhook string, repeat time.Duration) error {
	var to *url.URL
	if webhook != "" {
		var err error
		if to, err = url.Parse(webhook); err != nil || to.Scheme != "https" && to.Scheme != "http" || to.Host == "" {
			return fault.Newf(fault.Invalid, "the address that alerts are to be posted to is no web address").
				WithHint("fix the setting alerts.webhook, or SWITCHHOOK_ALERTS_WEBHOOK")
		}
	}
	if repeat <= 0 {
		repeat = DefaultRepeat
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to, s.board.repeat = to, repeat
	s.rouse()
	return nil
}

// Raise sends an alert, now or once the same one has been held back for long
// enough. It does not block and cannot fail. An alert that is not held back is
// also logged.
func (s *Sender) Raise(ctx context.Context, a Alert) {
	a = a.presentable()
	s.mu.Lock()
	fresh := s.board.raise(a, time.Now())
	s.mu.Unlock()
	if fresh {
		s.log.LogAttrs(ctx, slog.LevelWarn, "alert",
			slog.String("kind", string(a.Kind)), slog.String("about", a.About), slog.String("text", a.Text))
	}
	s.rouse()
}

// Resolve says that what was raised has ended. The end is posted and logged if
// the alert was reported; otherwise nothing is. It does not block.
func (s *Sender) Resolve(ctx context.Context, kind Kind, about string) {
	a := Alert{Kind: kind, About: about}.presentable()
	s.mu.Lock()
	known := s.board.resolve(matterKey{a.Kind, a.About}, time.Now())
	s.mu.Unlock()
	if known {
		s.log.LogAttrs(ctx, slog.LevelInfo, "alert resolved", slog.String("kind", string(a.Kind)), slog.String("about", a.About))
	}
	s.rouse()
}

// rouse makes Run check again.
func (s *Sender) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

const (
	// pace is the least time between two alerts: Slack takes one message a
	// second at each address.
	pace = time.Second

	// firstPause is the pause after an alert that did not arrive. It doubles
	// each time, up to longestPause.
	firstPause   = 2 * time.Second
	longestPause = 2 * time.Minute

	// partingTimeout is how long sending the rest may take when the server
	// stops. The stop takes half a minute in all.
	partingTimeout = 5 * time.Second
)

// Run sends alerts until the context ends, and then those that wait, as far as
// they can be sent at once. Call it once; alerts raised before or after it
// wait.
func (s *Sender) Run(ctx context.Context) {
	if s.own != nil {
		defer s.own.CloseIdle()
	}
	lasting := context.WithoutCancel(ctx) // what was begun is sent to its end
	var free time.Time                    // when the next may be sent
	var pause time.Duration               // after a failure
	for ctx.Err() == nil {
		due, waiting := s.due()
		if due.Before(free) {
			due = free
		}
		if wait := time.Until(due); !waiting || wait > 0 {
			s.rest(ctx, waiting, wait)
			continue
		}
		problem, posted := s.sendNext(lasting)
		switch {
		case problem != nil && !problem.hopeless:
			pause = min(max(2*pause, firstPause), longestPause)
			free = time.Now().Add(min(max(pause, problem.wait), longestPause))
		case posted:
			pause, free = 0, time.Now().Add(pace)
		}
	}
	s.part(lasting)
}

// due returns when the next alert is to be sent, if one waits.
func (s *Sender) due() (due time.Time, waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, due, waiting = s.board.next()
	return due, waiting
}

// rest returns when the time is up, if it is limited, or when there is
// something new.
func (s *Sender) rest(ctx context.Context, limited bool, wait time.Duration) {
	var up <-chan time.Time
	if limited {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		up = timer.C
	}
	select {
	case <-up:
	case <-s.wake:
	case <-ctx.Done():
	}
}

// sendNext sends the alert that is due first. Without an address it is not
// posted.
func (s *Sender) sendNext(ctx context.Context) (p *problem, posted bool) {
	s.mu.Lock()
	r, _, ok := s.board.next()
	to := s.to
	if ok {
		s.board.begin(r)
	}
	s.mu.Unlock()
	if !ok {
		return nil, false // resolved a moment ago
	}
	if to != nil {
		p = post(ctx, s.client, to, r)
	}
	s.mu.Lock()
	gaveUp := false
	if p == nil {
		s.board.done(r, time.Now())
	} else {
		gaveUp = s.board.failed(r, time.Now(), p.hopeless)
	}
	s.mu.Unlock()
	if gaveUp {
		s.log.LogAttrs(ctx, slog.LevelError, "alert not sent; check alerts.webhook",
			slog.String("kind", string(r.key.kind)), slog.String("about", r.key.about), slog.String("host", to.Host), slog.String("error", p.reason))
	}
	if to != nil && (p == nil || gaveUp) {
		s.count(r.key.kind, p == nil)
	}
	return p, to != nil
}

// part sends what waits, held back or not, until a post fails.
func (s *Sender) part(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, partingTimeout)
	defer cancel()
	for {
		if _, waiting := s.due(); !waiting {
			return
		}
		if p, _ := s.sendNext(ctx); p != nil {
			s.log.LogAttrs(ctx, slog.LevelError, "alerts not sent before shutdown", slog.String("error", p.reason))
			return
		}
	}
}
