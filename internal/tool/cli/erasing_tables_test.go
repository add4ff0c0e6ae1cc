package cli_test

import (
	"bytes"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/soundcache"
	"github.com/switchhook/switchhook/internal/store"
)

// Why columns cannot hold a number.
const (
	closedSet = "one of a few words of the program's own"
	madeHere  = "random, and made by the program"
	address   = "of an address of the Internet, checked when it was read"
	limits    = "counts, times, and the settings that they were compared with"
)

// blankColumns are text columns that hold no number.
var blankColumns = map[string]string{
	"alerts.kind": closedSet, "alerts.about": "numbers in it are masked", "alerts.state": "numbers in it are masked",
	"activity.id": madeHere, "activity.what": closedSet, "activity.reversed": "the number of its own row",
	"answers.step": closedSet, "answers.reason": closedSet, "answers.text": madeHere, "answers.args": limits,
	"callback_proofs.id": madeHere, "callback_proofs.network": address, "callback_proofs.site": address,
	"callback_proofs.block": address, "callback_proofs.code": "a hash",
	"callback_tokens.token": madeHere,
	"callback_tries.id":     madeHere, "callback_tries.owner": address,
	"callbacks.id": madeHere, "callbacks.network": address, "callbacks.state": closedSet,
	"callbacks.site": address, "callbacks.block": address,
	"consents.pressed":   closedSet,
	"counted_calls.step": closedSet, "counted_calls.reason": closedSet,
	"events.id": madeHere,
	"jobs.kind": closedSet, "jobs.worker": madeHere,
	"objects.kind":        closedSet,
	"oncall_decisions.id": madeHere,
	"revisions.kind":      closedSet,
	"secrets.name":        closedSet, "secrets.value": madeHere,
	"suppressions.channel": closedSet, "suppressions.how": closedSet,
	"texts.id": madeHere, "texts.purpose": closedSet, "texts.session": madeHere, "texts.state": closedSet,
	"texts.why": closedSet, "texts.source": address,
}

// told are the columns in which a number may stay after an erasure, as the
// command reports.
var told = []string{
	"activity.entry", "activity.tenant", "answers.entry", "callbacks.entry", "callbacks.queue", "callbacks.tenant", "consents.entry", "counted_calls.entry",
	"entries.id", "entries.item", "event_keys.domain", "inbound.domain", "jobs.id",
	"objects.domain", "objects.owner", "objects.id", "objects.fields",
	"oncall_answers.source", "oncall_answers.snapshot", "oncall_overrides.route", "oncall_overrides.person", "oncall_overrides.source", "provisioned.entry", "provisioned.record", "revisions.domain",
	"suppressions.number", "suppressions.tenant", "texts.domain", "texts.entry", "texts.message", "texts.username",
	"trunk_time.owner",
}

// tables reads a database from outside the program.
type tables struct {
	t        testing.TB
	db       *sql.DB
	postgres bool
}

// lookAt opens the database of a store beside it.
func lookAt(t testing.TB, config store.Config) tables {
	t.Helper()
	driver, source := "sqlite", "file:"+filepath.ToSlash(filepath.Join(config.Folder, "switchhook.db"))+"?mode=ro"
	if config.URL != "" {
		driver, source = "pgx", config.URL
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return tables{t, db, config.URL != ""}
}

// columns returns the columns of all tables that can hold text, as table.column.
func (d tables) columns() []string {
	d.t.Helper()
	query := `SELECT s.name || '.' || c.name, c.type FROM sqlite_schema s, pragma_table_info(s.name) c
		WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%'`
	if d.postgres {
		query = `SELECT table_name || '.' || column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()`
	}
	var found []string
	for _, row := range d.rows(query) {
		switch kind, _, _ := strings.Cut(strings.ToLower(row[1]), " "); kind {
		case "bigint", "integer", "smallint", "boolean", "timestamp", "datetime", "":
		default:
			found = append(found, row[0])
		}
	}
	slices.Sort(found)
	return found
}

// values returns the values of a column.
func (d tables) values(column string) []string {
	d.t.Helper()
	table, name, _ := strings.Cut(column, ".")
	var found []string
	for _, row := range d.rows("SELECT coalesce(CAST(" + name + " AS TEXT), ''), '' FROM " + table) {
		found = append(found, row[0])
	}
	return found
}

func (d tables) rows(query string) (found [][2]string) {
	d.t.Helper()
	rows, err := d.db.QueryContext(d.t.Context(), query)
	if err != nil {
		d.t.Fatal(err)
	}
	for rows.Next() {
		var row [2]string
		if err := rows.Scan(&row[0], &row[1]); err != nil {
			d.t.Fatal(err)
		}
		found = append(found, row)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		d.t.Fatal(err)
	}
	return found
}

// with returns the columns that hold a person's number, each with one of its
// values.
func (d tables) with(p person) map[string]string {
	d.t.Helper()
	found := make(map[string]string)
	for _, column := range d.columns() {
		if i := slices.IndexFunc(d.values(column), p.spelledIn); i >= 0 {
			found[column] = d.values(column)[i]
		}
	}
	return found
}

// person is somebody whose number is erased.
type person struct {
	digits   string // with country code, as texted
	national string // what all spellings have in common
	writings []string
}

// spelledIn reports whether the number stands in a text. It does not use the
// program's own parser.
func (p person) spelledIn(text string) bool {
	if plain, err := url.QueryUnescape(text); err == nil {
		text = plain
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case '\u0660' <= r && r <= '\u0669':
			b.WriteRune(r - '\u0660' + '0')
		case '\uff10' <= r && r <= '\uff19':
			b.WriteRune(r - '\uff10' + '0')
		case strings.ContainsRune(" -./()+\u00a0\u2011\u200b", r):
		default:
			b.WriteByte('|')
		}
	}
	return strings.Contains(b.String(), p.national)
}

// knownFiles are what may be in the data folder, and what an erasure does to it. A
// file that is not in this list fails the test: find out what it can hold.
var knownFiles = map[string]string{
	"switchhook.db": "the tables", "switchhook.db-wal": "emptied", "switchhook.db-shm": "an index of the one before",
	"switchhook.lock": "of a process", "switchhook.made": "that there is a database",
	"prompts": "emptied", "recordings": "without the person's",
}

// leftIn complains about each file of a folder, and of those in it, that holds a
// spelling of the number, or that nobody knows.
func (p person) leftIn(t testing.TB, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, file fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		if filepath.Dir(path) == folder && knownFiles[file.Name()] == "" {
			t.Errorf("nobody has said what %s can hold", path)
		}
		if file.IsDir() {
			return nil
		}
		content, err := os.ReadFile(path)
		for _, writing := range append(slices.Clone(p.writings), p.digits, p.national) {
			if at := bytes.Index(content, []byte(writing)); at >= 0 {
				t.Errorf("%s: %q stands in it: %q", path, writing, content[max(0, at-40):min(len(content), at+40)])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// speak keeps a sound on disk as a server does that has said a number in words, and
// one as a server leaves it that is killed while it writes.
func (p person) speak(t testing.TB, config store.Config) {
	t.Helper()
	folder := filepath.Join(config.Folder, prompt.Folder)
	sounds, err := soundcache.Open(soundcache.Config{Folder: folder, Bytes: 1 << 20, Age: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	sounds.Keep("two one two", audio.SoundOf(audio.Beep()), time.Now(), map[string][]string{"Etag": {p.digits}})
	put(t, filepath.Join(folder, ".tmp-1"), "RIFF "+p.digits)
}

// leave leaves the number in the free room of SQLite's file, like a program
// that removes a record without overwriting it.
func (p person) leave(t testing.TB, config store.Config) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(config.Folder, "switchhook.db"))+"?_pragma=secure_delete(off)&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"INSERT INTO events (id, at, actor, action, about, detail) VALUES ('left', 1, '', '', '" + p.digits + "', '" + strings.Repeat(p.writings[0]+" ", 1000) + "')",
		"DELETE FROM events WHERE id = 'left'", "PRAGMA wal_checkpoint(TRUNCATE)",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
