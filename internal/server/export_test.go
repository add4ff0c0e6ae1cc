package server

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/answer/admission"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/store"
)

// Reports of guessed secrets, for tests: the real ones take longer than a test.
var (
	TellOfGuesses   = tellOfGuesses
	TellOfLastGuess = tellOfLastGuess
)

// TellOfCallsOut is tellOfCallsOut.
var TellOfCallsOut = tellOfCallsOut

// The names of the listeners.
const (
	MainDoor    = listenSetting
	DutyDoor    = dutySetting
	MetricsDoor = metricsSetting
)

// Overload is overload.
type Overload = overload

// Controls returns the controls of text-back and of click-to-call.
func (o *Overload) Controls() (texts, presses *admission.Control) { return &o.texts, &o.presses }

// Watch is watch.
func (o *Overload) Watch(ctx context.Context, alerts *alert.Sender, now time.Time) {
	o.watch(ctx, alerts, now)
}

// Overload returns that of a Server.
func (a *Server) Overload() *Overload { return &a.overload }

// Alerts returns what sends a Server's alerts.
func (a *Server) Alerts() *alert.Sender { return a.alerts }

// Board returns what was told.
func (a *Server) Board(ctx context.Context) (*alert.Board, error) { return alert.Read(ctx, a.store) }

// ProbePhoneSystem asks whether the phone system answers, as the Server does each
// minute.
func (a *Server) ProbePhoneSystem(ctx context.Context, host string) error {
	_, err := a.probePhoneSystem(ctx, host)
	return err
}

// WatchEntries checks the entries, as the Server does each minute.
func (a *Server) WatchEntries(ctx context.Context) { a.watchEntries(ctx) }

// Listener returns the listener of a setting.
func (a *Server) Listener(setting string) net.Listener { return a.listener(setting) }

// StoredCalls returns the calls that the Core has stored, the newest first.
func (a *Server) StoredCalls(ctx context.Context) ([]core.StoredCall, error) {
	return a.store.Calls(ctx, time.Time{}, 0)
}

// VoiceOf returns the voice of a Server's Core.
func VoiceOf(a *Server) speech.Voice { return newSpeaking(a) }

// Recordings returns the folder of recordings that a Server uses.
func (a *Server) Recordings() *recording.Folder {
	return partOf[*recordingsPart](a.site.Load()).folder
}

// Barring returns what decides about calls out of the Core.
func (a *Server) Barring() *barring.Barring {
	return partOf[*callsOutPart](a.site.Load()).barring
}

// Tidy removes what is past its retention, as the Server does each hour.
func (a *Server) Tidy(ctx context.Context) { a.tidy(ctx) }

// CloseStore closes the database while the Server uses it.
func (a *Server) CloseStore() error { return a.store.Close() }

// Stops exports stops.
type Stops struct{ stops }

// NewStops returns stops that have this long in all.
func NewStops(log *slog.Logger, within time.Duration) *Stops {
	return &Stops{stops{log: log, within: within, patience: context.Background()}}
}

// Add is add.
func (s *Stops) Add(name string, end func(context.Context) error) { s.add(name, end) }

// Beside is beside.
func (s *Stops) Beside(ctx context.Context, name string, run func(context.Context)) {
	s.beside(ctx, name, run)
}

// Run is run.
func (s *Stops) Run() error { return s.run() }

// Levels are levels for tests.
type Levels struct {
	Texts    map[ledger.State]int
	Due      time.Time
	Standing store.Standing
	Entries  map[provision.Condition]int
}

// NewLevels returns the collector of what read returns.
func NewLevels(read func(context.Context) (Levels, error), failed func()) prometheus.Collector {
	return levelsCollector{failed: failed, read: func(ctx context.Context) (levels, error) {
		l, err := read(ctx)
		return levels{texts: l.Texts, due: l.Due, standing: l.Standing, entries: l.Entries}, err
	}}
}
