// Package doctor checks everything that a server's settings need, and says what
// to fix.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

// timeout bounds each check of something that may not answer.
const timeout = 10 * time.Second

// Verdict says how bad a finding is.
type Verdict string

// The verdicts.
const (
	OK   Verdict = "ok"
	Warn Verdict = "warn"
	Fail Verdict = "fail"
)

// Finding is the result of one check.
type Finding struct {
	Verdict Verdict
	About   string // what was checked: one or two words
	Text    string
	Fix     string // what to do; empty: nothing
}

// String returns the finding in columns, with the fix on a second line.
func (f Finding) String() string {
	text := strings.Join(strings.Fields(f.Text), " ") // foreign errors may have several lines
	line := fmt.Sprintf("%-4s  %-12s %s", f.Verdict, f.About, text)
	if f.Fix != "" {
		line += fmt.Sprintf("\n      %-12s → %s", "", f.Fix)
	}
	return line
}

// Examine checks everything that the settings need, and shows each finding. It
// changes nothing.
func Examine(ctx context.Context, settings *config.Settings, show func(Finding)) {
	e := &examination{settings: settings, show: show}
	e.secrets(ctx)
	e.data(string(settings.Data))
	e.listener(ctx, string(settings.Listen))
	e.metrics(ctx, string(settings.MetricsListen))
	e.database(ctx)
	if e.store != nil {
		defer func() { _ = e.store.Close() }() // nothing was written
	}
	if settings.NetSapiens != nil {
		e.publicURL(ctx)
		e.phoneSystem(ctx)
	}
	if settings.OnCall != nil {
		e.onCall(ctx)
	}
	e.alerts(ctx)
	e.speech(ctx)
	e.voice(ctx)
}

// examination is one run of all checks.
type examination struct {
	settings *config.Settings
	show     func(Finding)

	store  *store.Store       // nil: there is none, or it cannot be opened
	found  bool               // there is one
	book   *entry.Book        // nil: it cannot be opened
	client *netsapiens.Client // nil: not connected yet
}

func (e *examination) ok(about, text string)        { e.show(Finding{OK, about, text, ""}) }
func (e *examination) warn(about, text, fix string) { e.show(Finding{Warn, about, text, fix}) }
func (e *examination) fail(about, text, fix string) { e.show(Finding{Fail, about, text, fix}) }
func (e *examination) failed(about string, err error) {
	e.fail(about, err.Error(), fault.HintOf(err))
}

// secrets reports those that are too short, once the settings can be read.
func (e *examination) secrets(ctx context.Context) {
	refused, warned := server.ShortSecrets(ctx, e.settings)
	if len(refused) == 0 {
		e.ok("settings", "they can be used")
	}
	for _, p := range refused {
		e.fail("settings", p.String(), "the server does not start in a new data folder with it")
	}
	for _, p := range warned {
		e.warn("settings", p.String(), "it still works; give those who use it a new one")
	}
}

// data tries to write in the data folder. It does not make a missing one: the
// folder might then belong to the wrong user.
func (e *examination) data(folder string) {
	text, place := folder+" can be written", folder
	for {
		_, err := os.Stat(place)
		if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(place) == place {
			break
		}
		place = filepath.Dir(place)
		text = folder + " is not there yet and can be made"
	}
	probe, err := os.CreateTemp(place, ".doctor-*")
	if err != nil {
		e.fail("data", fmt.Sprintf("%s cannot be written: %v", place, err), "give the folder to the user that serves, or name another: data")
		return
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	e.ok("data", text)
}

// speech has each program that the settings name say a word.
func (e *examination) speech(ctx context.Context) {
	settings := e.settings.Speech
	set, err := speech.Open(settings, nil)
	if err != nil {
		e.failed("speech", err)
		return
	}
	if err := set.Missing(); err != nil {
		e.warn("speech", err.Error(), fault.HintOf(err))
	}
	for _, engine := range set.Engines() {
		limited, cancel := context.WithTimeout(ctx, timeout)
		took, err := firstSound(limited, engine)
		cancel()
		if err != nil {
			e.warn("speech", err.Error(), fault.HintOf(err))
			continue
		}
		e.ok("speech", fmt.Sprintf("%s speaks: a caller hears it after %v", engine, took.Round(time.Millisecond)))
	}
}

// firstSound returns how long a caller waits for the first sound of an engine.
func firstSound(ctx context.Context, engine speech.Engine) (time.Duration, error) {
	voice, err := speech.Find(engine, speech.Limits{})
	if err != nil {
		return 0, err
	}
	began, sound := time.Now(), audio.NewSound(audio.Rate)
	go func() { sound.End(voice.Speak(ctx, speech.Utterance{Text: "Hello."}, sound)) }()
	err = sound.Wait(ctx, 1)
	took := time.Since(began)
	return took, cmp.Or(err, sound.WaitEnd(ctx))
}

// names lists a few names, and counts the rest.
func names(all []string, most int) string {
	if more := len(all) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), more)
	}
	return strings.Join(all, ", ")
}
