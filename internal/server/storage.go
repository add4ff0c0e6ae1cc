package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
)

// OpenStore opens the database of the settings for a command, beside a server
// that may be running.
func OpenStore(ctx context.Context, settings *config.Settings) (*store.Store, error) {
	return store.Open(ctx, storeConfig(settings))
}

// MakeStore is OpenStore for a command that may run before the server's first
// start: it makes a missing database.
func MakeStore(ctx context.Context, settings *config.Settings) (*store.Store, error) {
	s, err := OpenStore(ctx, settings)
	if fault.CodeOf(err) != fault.NotFound {
		return s, err
	}
	c := storeConfig(settings)
	c.Exclusive = true
	return store.Open(ctx, c)
}

func storeConfig(settings *config.Settings) store.Config {
	c := store.Config{URL: settings.Database.Reveal(), Folder: string(settings.Data)}
	if file := string(settings.DomainsFile); file != "" {
		c.Elsewhere = func() []*entry.Entry {
			entries, err := entry.Open(file, nil)
			if err != nil {
				return nil // opening the entries reports it
			}
			return entries.All()
		}
	}
	return c
}

// openStore opens the database for the server.
func (a *Server) openStore(ctx context.Context, settings *config.Settings) (*store.Store, error) {
	c := storeConfig(settings)
	c.Exclusive, c.Fresh, c.Log, c.Failed = true, a.options.Fresh, slog.New(warnings{a.log.Handler()}), a.databaseFailed
	return store.Open(ctx, c)
}

// sameStore reports whether two settings name the same database. It is opened
// once: running work depends on it.
func sameStore(a, b *config.Settings) bool {
	return a.Database.Reveal() == b.Database.Reveal() && a.Data == b.Data
}

// OpenEntries opens the entries of the settings: in the operator's file,
// otherwise in the database. Report gets problems. Optional.
func OpenEntries(ctx context.Context, settings *config.Settings, s *store.Store, report func(error)) (*entry.Book, error) {
	if settings.DomainsFile != "" {
		return entry.Open(string(settings.DomainsFile), report)
	}
	return s.Entries(ctx, report)
}

// WhereEntries names the place of the entries to an operator.
func WhereEntries(settings *config.Settings) string {
	switch {
	case settings.DomainsFile != "":
		return string(settings.DomainsFile)
	case settings.Database.IsSet():
		return "the database " + settings.Database.Place()
	}
	return "the database in " + string(settings.Data)
}

// openEntries opens the entries for the server.
func (a *Server) openEntries(ctx context.Context, settings *config.Settings) (*entry.Book, error) {
	entries, err := OpenEntries(ctx, settings, a.store, a.entriesProblem)
	if err != nil {
		return nil, err
	}
	if settings.DomainsFile == "" {
		return entries, a.takeOver(ctx, settings, entries)
	}
	if _, err := os.Stat(string(settings.DomainsFile)); errors.Is(err, fs.ErrNotExist) {
		a.log.Warn("no entries file yet", "file", string(settings.DomainsFile))
	}
	return entries, nil
}

// entriesBefore is the file in the data folder in which the first version
// stored the entries.
const entriesBefore = "domains.json"

// takenOver is the suffix of an entries file once the database has them.
const takenOver = ".imported"

// takeOver imports the entries of a domains.json in the data folder into an
// empty database: the first version stored them there.
func (a *Server) takeOver(ctx context.Context, settings *config.Settings, entries *entry.Book) error {
	path := filepath.Join(string(settings.Data), entriesBefore)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || len(entries.All()) > 0 {
		return nil
	}
	if err != nil {
		return &fault.Error{Code: fault.Unavailable, Message: path + " cannot be read", Err: err,
			Hint: "the server brings its entries into the database; give it to the user that serves"}
	}
	added, _, err := entries.Import(ctx, text)
	if err != nil {
		return &fault.Error{Code: fault.CodeOf(err), Message: path + " cannot be brought into the database", Err: err, Hint: "fix it, or move it away"}
	}
	if err := os.Rename(path, path+takenOver); err != nil {
		return fmt.Errorf("put %s aside: %w", path, err)
	}
	a.log.InfoContext(ctx, "entries imported into the database", "file", path, "entries", added, "kept_as", path+takenOver)
	return a.store.Audit(ctx, ledger.Event{At: time.Now(), Actor: "server", Action: "entries imported", About: path, Detail: fmt.Sprintf("%d entries", added)})
}

// entriesProblem reports entries that became unreadable or readable again.
func (a *Server) entriesProblem(err error) {
	if err == nil {
		a.log.Info("entries readable again")
		return
	}
	if remark, ok := errors.AsType[*entry.Remark](err); ok {
		a.log.Warn("oddity in the entries", "remark", remark.Error())
		return
	}
	a.entriesProblems.Inc()
	a.log.LogAttrs(context.Background(), slog.LevelError, "entries not readable", slog.String("error", err.Error()))
}
