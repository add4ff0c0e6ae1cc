package server

import (
	"context"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/soundcache"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/config"
)

// sweepSoundsEvery is how often sounds that are too old are removed from disk.
const sweepSoundsEvery = time.Hour

// speaking is how the Core speaks. It is the Voice of its prompts, and goes by the
// settings of the site in force.
type speaking struct {
	*Server

	texts, failures *part.Counter[speech.Engine]
	prompts         *part.Counter[prompt.Source]
	diskFailures    prometheus.Counter
}

// speakingPart is its part of a site.
type speakingPart struct {
	partBase

	set  *speech.Set
	disk *soundcache.Cache // of the prompts, the same in all sites; nil: they are not kept there
}

func newSpeaking(a *Server) *speaking {
	return &speaking{
		Server: a,
		texts: part.NewCounter("switchhook_speech_total", "Texts that programs were asked to speak, by program.",
			"engine", speech.EspeakNG, speech.Flite),
		failures: part.NewCounter("switchhook_speech_failures_total", "Texts that programs could not speak, by program.",
			"engine", speech.EspeakNG, speech.Flite),
		prompts: part.NewCounter("switchhook_prompts_total", "Sounds that calls of the Core asked for, by where they came from.",
			"from", prompt.Memory, prompt.Disk, prompt.Made),
		diskFailures: counter("switchhook_prompts_disk_failures_total", "Times that the Core's sounds could no longer be kept on disk."),
	}
}

func (f *speaking) feature() feature {
	bytes := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchhook_prompts_disk_bytes", Help: "Bytes that the Core's sounds take up on disk.",
	}, f.diskBytes)
	return feature{
		wire:    f.wire,
		loops:   []part.Loop{{Every: sweepSoundsEvery, Do: f.sweep}},
		metrics: []prometheus.Collector{f.texts, f.failures, f.prompts, f.diskFailures, bytes},
	}
}

// wire finds the programs that speak, if there is a Core.
func (f *speaking) wire(_ context.Context, s, before *site) (sitePart, error) {
	was := partOf[*speakingPart](before)
	switch {
	case s.settings.Core == nil && was != nil: // the Core goes on until the server is restarted
		return was, nil
	case s.settings.Core == nil, before != nil && was == nil: // and begins no earlier
		return nil, nil
	}
	set, err := speech.Open(s.settings.Speech, func(engine speech.Engine, ok bool) {
		f.texts.Count(engine)
		if !ok {
			f.failures.Count(engine)
		}
	})
	if err != nil {
		return nil, err
	}
	p := &speakingPart{set: set}
	if was != nil {
		p.disk = was.disk
	} else {
		p.disk = f.openDisk(s.settings)
	}
	p.checks = map[string]part.Check{"speech": func(context.Context) error { return part.Impaired(set.Missing()) }}
	p.introduce = func() {
		if err := set.Missing(); err != nil {
			f.log.Warn("speech program missing", "error", err, "hint", fault.HintOf(err))
		}
	}
	return p, nil
}

// openDisk opens what was kept of the prompts; nil: they are not kept.
func (f *speaking) openDisk(settings *config.Settings) *soundcache.Cache {
	folder := PromptsFolder(settings)
	var disk *soundcache.Cache
	var err error
	if settings.Prompts.DiskMiB == 0 {
		_, err = soundcache.Clear(folder) // of an earlier start
	} else {
		disk, err = soundcache.Open(soundcache.Config{
			Folder: folder, Bytes: int64(settings.Prompts.DiskMiB) << 20, Age: settings.Prompts.Age, Report: f.diskReport,
		})
	}
	if err != nil {
		f.diskReport(err)
	}
	return disk
}

// diskReport tells whether prompts are kept on disk.
func (f *speaking) diskReport(err error) {
	if err == nil {
		f.log.Info("prompts kept on disk again")
		return
	}
	f.diskFailures.Inc()
	f.log.Warn("prompts not kept on disk", "error", err)
}

// PromptsFolder returns the folder of the sounds that the Core keeps.
func PromptsFolder(settings *config.Settings) string {
	return filepath.Join(string(settings.Data), prompt.Folder)
}

// Choose implements prompt.Chooser.
func (f *speaking) Choose(u speech.Utterance) speech.Utterance { return f.part().set.Choose(u) }

// Speak implements speech.Voice.
func (f *speaking) Speak(ctx context.Context, u speech.Utterance, into *audio.Sound) error {
	return f.part().set.Speak(ctx, u, into)
}

// part returns the part of the site in force; nil: there is no Core.
func (f *speaking) part() *speakingPart { return partOf[*speakingPart](f.site.Load()) }

func (f *speaking) sweep(context.Context) {
	if p := f.part(); p != nil && p.disk != nil {
		p.disk.Sweep()
	}
}

func (f *speaking) diskBytes() float64 {
	if p := f.part(); p != nil && p.disk != nil {
		return float64(p.disk.Bytes())
	}
	return 0
}
