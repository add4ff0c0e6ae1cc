package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

// settingsFlag is how commands find the server's settings.
type settingsFlag struct {
	Config string `short:"c" help:"The settings file. Default: switchhook.toml in this folder, else .env and domains.json there, else /etc/switchhook/switchhook.toml; the environment counts in any case." placeholder:"FILE"`
}

// configFlag is the name of that flag.
const configFlag = "config"

// load reads the settings.
func (f settingsFlag) load(flags map[string]string) (*config.Settings, error) {
	path := f.Config
	if path == "" {
		path = config.Find(".", config.SystemFile)
	}
	if err := readable(path); err != nil {
		return nil, err
	}
	settings, err := config.Load(config.Sources{
		Path: path, Flags: flags, Environ: os.Environ(), CredentialsDir: os.Getenv("CREDENTIALS_DIRECTORY"),
	})
	if err != nil && path == "" {
		return nil, fault.Newf(fault.CodeOf(err), "%v", err).
			WithHint("name the settings file with -c unless the settings are in this folder or the environment; docs/settings.md lists every setting and where it can be set")
	}
	return settings, err
}

// command returns a command of this program with the same settings, to be copied.
func (m *Main) command(f settingsFlag, words ...string) string {
	if f.Config != "" {
		words = append(words, "-c", f.Config)
	}
	for i, word := range words {
		words[i] = quoted(word)
	}
	return m.program() + " " + strings.Join(words, " ")
}

// file returns the settings file as a command in another folder has to name it;
// empty: every command finds the settings.
func (f settingsFlag) file() string {
	path := f.Config
	if path == "" {
		path = config.Find(".", config.SystemFile)
	}
	whole, err := filepath.Abs(path)
	if path == "" || err != nil || whole == config.SystemFile {
		return ""
	}
	return quoted(whole)
}

// readable fails if there is a file that this user may not read: as an error of its
// own, which says whose it is.
func readable(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return &fault.Error{Code: fault.Invalid, Message: "the settings cannot be read", Err: err}
	}
	if err != nil {
		return nil //nolint:nilerr // Load says what is wrong
	}
	return file.Close()
}

// withRecords opens the database that the settings name, which there must be,
// and closes it after use.
func (f settingsFlag) withRecords(ctx context.Context, use func(*records) error) error {
	settings, err := f.load(nil)
	if err != nil {
		return err
	}
	return withRecords(ctx, settings, server.OpenStore, use)
}

// withRecords opens the database, and closes it after use. If open returns no
// database and no error, use gets records without one.
func withRecords(ctx context.Context, settings *config.Settings, open opener, use func(*records) error) (err error) {
	s, err := open(ctx, settings)
	if err != nil {
		return err
	}
	if s != nil {
		defer func() { err = errors.Join(err, s.Close()) }()
	}
	return use(&records{Store: s, settings: settings})
}

// opener opens a database. There are server.OpenStore, server.MakeStore, and
// those here.
type opener func(context.Context, *config.Settings) (*store.Store, error)

// unlessMissing opens a database if there is one.
func unlessMissing(open opener) opener {
	return func(ctx context.Context, settings *config.Settings) (*store.Store, error) {
		s, err := open(ctx, settings)
		if fault.CodeOf(err) == fault.NotFound {
			return nil, nil //nolint:nilnil // no database is no error here
		}
		return s, err
	}
}

// forEntries opens a database if the entries are in it.
func forEntries(open opener) opener {
	return func(ctx context.Context, settings *config.Settings) (*store.Store, error) {
		if settings.DomainsFile != "" {
			return nil, nil //nolint:nilnil // no database is needed
		}
		return open(ctx, settings)
	}
}

// records are the server's data, which commands use beside it or without it.
type records struct {
	*store.Store // nil: the command does without
	settings     *config.Settings
}

// entries opens the entries, in the database or in the operator's file.
func (r *records) entries(ctx context.Context) (*entry.Book, error) {
	return server.OpenEntries(ctx, r.settings, r.Store, nil)
}

// home returns where the numbers of a tenant belong that have no country code.
func (r *records) home(ctx context.Context, tenant string) (phone.Home, error) {
	entries, err := r.entries(ctx)
	if err != nil {
		return phone.Home{}, err
	}
	if tenant == ledger.AnyTenant {
		tenant = ""
	}
	return entry.HomeOfAll(entries.All(), tenant), nil
}

// number reads a tenant's number.
func (r *records) number(ctx context.Context, number, tenant string) (phone.Number, error) {
	home, err := r.home(ctx, tenant)
	if err != nil {
		return phone.Number{}, err
	}
	return knownNumber(number, home)
}

// key returns a tenant's number as the ledger stores it.
func (r *records) key(ctx context.Context, number, tenant string) (string, error) {
	n, err := r.number(ctx, number, tenant)
	return n.Key(), err
}

// audit records what an operator did.
func (r *records) audit(ctx context.Context, action, about, detail string) error {
	return r.Audit(ctx, ledger.Event{At: time.Now(), Actor: "operator", Action: action, About: about, Detail: detail})
}

// phoneSystem returns a client of the phone system.
func phoneSystem(settings *config.Settings) (*netsapiens.Client, error) {
	if settings.NetSapiens == nil {
		return nil, fault.Newf(fault.Invalid, "text-back is off: there is no section [netsapiens]")
	}
	return server.Client(settings)
}
