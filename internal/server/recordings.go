package server

import (
	"context"
	"net/url"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
)

// recordingsSecret is the secret with which the names of recordings hide whose
// they are.
const recordingsSecret = "recordings"

// recordings are what callers of the Core record.
type recordings struct {
	*Server

	ended *part.Counter[recordingResult]
}

// recordingResult is how a recording ended.
type recordingResult string

// How recordings end.
const (
	recordingKept recordingResult = "kept"
	recordingLost recordingResult = "lost"
)

// recordingsPart is their part of a site, the same one in all of them.
type recordingsPart struct {
	partBase

	folder    *recording.Folder // of callers on telephones
	terminals *wire.Recordings  // of callers on terminals; nil: there is no Core
}

func newRecordings(a *Server) *recordings {
	return &recordings{a, part.NewCounter("switchhook_recordings_total", "Recordings of callers, by how they ended.", "result", recordingKept, recordingLost)}
}

func (f *recordings) feature() feature {
	bytes := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchhook_recordings_bytes", Help: "Bytes that the recordings of callers take up on disk.",
	}, f.bytes)
	return feature{wire: f.wire, metrics: []prometheus.Collector{f.ended, bytes}, tidy: f.tidy}
}

// wire opens the folder. Without a Core it is there to be tidied: a Core that was
// switched off has left recordings.
func (f *recordings) wire(ctx context.Context, s, before *site) (sitePart, error) {
	if p := partOf[*recordingsPart](before); p != nil {
		return p, nil
	}
	p := &recordingsPart{}
	c := folderOfRecordings(s.settings)
	c.Limits = func() recording.Limits { return f.site.Load().settings.Recordings.Limits() }
	if s.settings.Core != nil {
		var err error
		if c.Secret, err = f.store.Secret(ctx, recordingsSecret); err != nil {
			return nil, err
		}
		p.terminals = &wire.Recordings{Origin: f.origin}
		c.Origin, c.Report, c.Else = f.origin, f.report, p.terminals
		c.Free = func() (uint64, bool) { return store.FreeIn(string(s.settings.Data)) }
	}
	p.folder = recording.NewFolder(c)
	if s.settings.Core != nil {
		p.routes = map[string]part.Routes{listenSetting: {
			API: []part.Route{{Path: recording.URLPath, Name: "recordings", Handler: p.folder, Open: true}},
		}}
	}
	return p, nil
}

// folderOfRecordings says where the recordings of settings are.
func folderOfRecordings(settings *config.Settings) recording.Config {
	c := recording.Config{Path: filepath.Join(string(settings.Data), recording.FolderName), Limits: settings.Recordings.Limits}
	if settings.Core != nil {
		c.Home = phone.HomeOfCode(string(settings.Core.CallingCode))
	}
	return c
}

// Recordings returns the folder of recordings for a command, beside a server that
// may be running.
func Recordings(ctx context.Context, settings *config.Settings, s *store.Store) (*recording.Folder, error) {
	c := folderOfRecordings(settings)
	var err error
	if c.Secret, err = s.Secret(ctx, recordingsSecret); err != nil {
		return nil, err
	}
	return recording.NewFolder(c), nil
}

// origin returns the URL under which responders reach the server: the public one,
// or on this machine.
func (a *Server) origin() *url.URL {
	if public := a.site.Load().settings.PublicURL; public != nil {
		return public
	}
	return &url.URL{Scheme: "http", Host: Reachable(a.Address())}
}

// report counts a recording that has ended, and tells the operator if it is lost.
func (f *recordings) report(err error) {
	ctx := context.Background()
	if err == nil {
		f.ended.Count(recordingKept)
		f.alerts.Resolve(ctx, alert.RecordingLost, "")
		return
	}
	f.ended.Count(recordingLost)
	f.alerts.Raise(ctx, alert.Alert{Kind: alert.RecordingLost, Text: "What a caller has recorded is lost, and their call goes on: " + err.Error()})
}

func (f *recordings) bytes() float64 {
	if p := partOf[*recordingsPart](f.site.Load()); p != nil {
		return float64(p.folder.Bytes())
	}
	return 0
}

// tidy removes what has been kept for as long as its own setting says.
func (f *recordings) tidy(ctx context.Context, _ time.Time) {
	p := partOf[*recordingsPart](f.site.Load())
	if p == nil {
		return
	}
	removed, err := p.folder.Sweep(time.Now())
	if err != nil {
		f.log.WarnContext(ctx, "old recordings not removed", "error", err)
	}
	if removed > 0 {
		f.log.InfoContext(ctx, "old recordings removed", "recordings", removed)
	}
}
