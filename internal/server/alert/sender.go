package alert

import (
	"context"
	"crypto/x509"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/fetch"
)

// DefaultRepeat is how long the same alert is not sent again.
const DefaultRepeat = 15 * time.Minute

// Config is what a Sender needs. The zero Config only logs.
type Config struct {
	Settings Settings

	// Here is the address of this server, for those who read the alerts.
	// Optional.
	Here string

	// Server is what tells this server from others of its database, the same
	// after a restart.
	Server string

	// SettingsFile is what commands in alerts name as the settings; empty: they
	// find them by themselves.
	SettingsFile string

	// Client posts the alerts. The default reaches private addresses too, since
	// an operator chose this one, and follows no redirects.
	Client Client

	// Roots are the certificates that mail servers are believed by; default: the
	// machine's.
	Roots *x509.CertPool

	Log   *slog.Logger                              // default: slog.Default()
	Count func(kind Kind, way string, arrived bool) // called for each alert that was sent by a way or given up. Optional
}

// Sender takes alerts and sends them. It may be used by several goroutines.
type Sender struct {
	config Config
	own    *fetch.Client // the client, if it is ours to close
	log    *slog.Logger
	wake   chan struct{} // holds one value if there is something new

	mu      sync.Mutex
	inbox   map[Key]*news
	ways    []Way
	repeat  time.Duration
	stands  map[Key]standing // what stands on the board, as it was last seen
	seen    bool             // it was seen
	records Records          // nil: memory
	ended   []outcome        // of what was sent

	sending sync.WaitGroup

	// The rest is Run's.
	board   *Board // as it was last seen
	dirty   map[Key]bool
	busy    map[string]bool      // ways that send
	free    map[string]time.Time // when a way may send again
	flushed time.Time            // when the inbox was last emptied
	read    time.Time            // when the board was last read
	without time.Time            // until when the records are left alone, because they failed
	fails   map[string]int       // how often in a row a way has failed
	parting bool                 // the server stops: nothing is held back
	leaving bool                 // nothing more is sent
}

// standing is what is known of a matter that stands.
type standing struct {
	text  string
	since time.Time
}

// news is what came up about a matter since the inbox was emptied.
type news struct {
	alert    Alert
	since    time.Time
	count    int
	resolved bool
	now      string // what to do, now that it is resolved
}

// outcome is what became of a report.
type outcome struct {
	report  report
	host    string
	problem *Problem
}

// New returns a Sender. It starts nothing: alerts wait until Run. The error
// says what is wrong with the settings without showing secrets.
func New(c Config) (*Sender, error) {
	s := &Sender{
		config: c, log: c.Log, wake: make(chan struct{}, 1), inbox: map[Key]*news{}, stands: map[Key]standing{},
		board: newBoard(DefaultRepeat), dirty: map[Key]bool{}, busy: map[string]bool{}, free: map[string]time.Time{}, fails: map[string]int{},
	}
	if s.config.Client == nil {
		s.own = newClient()
		s.config.Client = s.own
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.config.Count == nil {
		s.config.Count = func(Kind, string, bool) {}
	}
	if err := s.Configure(c.Settings, c.Here); err != nil {
		return nil, err
	}
	return s, nil
}

// Configure changes the settings. If it returns an error, the old ones stay.
func (s *Sender) Configure(settings Settings, here string) error {
	c := s.config
	c.Settings, c.Here = settings, here
	ways, err := waysOf(c, c.Client)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ways, s.repeat = ways, settings.QuietFor
	if s.repeat <= 0 {
		s.repeat = DefaultRepeat
	}
	s.rouse()
	return nil
}

// Ways returns those of the settings.
func (s *Sender) Ways() []Way {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ways
}

// Keep has what is told kept in records, from before Run.
func (s *Sender) Keep(records Records) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = records
}

// maxInbox bounds what waits for the records.
const maxInbox = 10_000

// Raise sends an alert, now or once the same one has been held back for long
// enough. It does not block and cannot fail. An alert that is not held back is
// also logged.
func (s *Sender) Raise(_ context.Context, a Alert) {
	a = a.presentable()
	a.Do = s.pasteable(a.Do)
	s.mu.Lock()
	defer s.mu.Unlock()
	key := Key{a.Kind, a.About}
	if s.inbox[key] == nil && len(s.inbox) >= maxInbox {
		key.About, a.About = manyAbout, manyAbout
	}
	n := s.inbox[key]
	if n == nil {
		n = &news{since: time.Now()}
		s.inbox[key] = n
	}
	n.alert, n.resolved = a, false
	n.count++
	s.rouse()
}

// Resolve says that what was raised has ended, and what to do now; empty:
// nothing. The end is sent and logged if the alert was; otherwise nothing is. It
// does not block.
func (s *Sender) Resolve(_ context.Context, kind Kind, about string, now ...string) {
	a := Alert{Kind: kind, About: about}.presentable()
	key := Key{a.Kind, a.About}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.inbox[key]
	if _, stands := s.stands[key]; n == nil && s.seen && !stands {
		return
	}
	if n == nil {
		n = &news{alert: a}
		s.inbox[key] = n
	}
	n.resolved, n.now = true, ""
	for _, sentence := range now {
		n.now = s.pasteable(clip(plain(sentence), maxDo))
	}
	s.rouse()
}

// Standing returns the subjects of a kind that stand, as they were last seen.
func (s *Sender) Standing(kind Kind) (about []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.stands {
		if key.Kind == kind {
			about = append(about, key.About)
		}
	}
	return about
}

// command matches the commands that alerts name.
var command = regexp.MustCompile(`\bswitchhook (doctor|provision|(?:alert|texts) [a-z]+)`)

// pasteable returns a text whose commands run as they stand there.
func (s *Sender) pasteable(text string) string {
	if s.config.SettingsFile == "" {
		return text
	}
	return command.ReplaceAllStringFunc(text, func(found string) string { return found + " -c " + s.config.SettingsFile })
}

// Since returns since when a matter stands, if it was seen to.
func (s *Sender) Since(key Key) (since time.Time, stands bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, stands := s.stands[key]
	return found.since, stands
}

// rouse makes Run check again.
func (s *Sender) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
