package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// takenBack returns the statements that revert the migrations from a version
// on, the last first.
func takenBack(t testing.TB, from int) []string {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for _, file := range slices.Backward(files) {
		if version, err := strconv.Atoi(filepath.Base(file)[:4]); err != nil || version < from {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, down, _ := strings.Cut(string(text), "-- +goose Down")
		for statement := range strings.SplitSeq(down, ";") {
			if statement = strings.TrimSpace(statement); statement != "" {
				statements = append(statements, statement)
			}
		}
	}
	return statements
}

// asBeforeKeys reverts the tables to the version in which numbers were stored
// as they came, with some rows of one telephone in several spellings.
func asBeforeKeys(t testing.TB, s *store.Store) {
	t.Helper()
	statements := append(takenBack(t, 9),
		`DROP TABLE jobs`, `ALTER TABLE texts DROP COLUMN dialled`, `ALTER TABLE callbacks DROP COLUMN dialled`,
		`DELETE FROM switchhook_schema WHERE version_id > 6`,
		`INSERT INTO entries (id, place, revision, item) VALUES ('nl', 1, 1, '{"from_number":"31201234567","api_domain":"example.net"}')`,
	)
	for _, row := range []string{ // number, tenant, channel, at, how, words
		`'0031612340103', 'example.net', 'text', 20, 'text', 'STOP'`,
		`'310612340103', 'example.net', 'text', 10, 'text', 'stop it'`,
		`'0612340103', 'example.net', 'text', 30, 'operator', 'asked us'`,
		`'310612340103', '*', 'all', 40, 'operator', ''`,
		`'5215512340101', 'example.net', 'text', 50, 'text', 'alto'`,
		`'12125550123', 'example.net', 'text', 60, 'text', 'STOP'`,
		`'5550123', 'example.net', 'text', 70, 'text', 'STOP'`,
		`'10612340104', 'example.net', 'text', 80, 'text', 'STOP'`, // ten digits, from when only North America was known
	} {
		statements = append(statements, `INSERT INTO suppressions (number, tenant, channel, at, how, words) VALUES (`+row+`)`)
	}
	for _, row := range []string{ // caller, entry, call_id, step, at, reason, text
		`'31612340103', 'nl', 'call-1', '', 20, 'queued', ''`,
		`'310612340103', 'nl', 'call-1', '', 10, 'sent', 'a'`,
		`'0612340103', 'nl', 'call-2', '', 30, 'sent', 'b'`,
		`'0612340103', 'gone', 'call-2', '', 30, 'sent', ''`,
	} {
		statements = append(statements, `INSERT INTO answers (caller, entry, call_id, step, at, reason, text) VALUES (`+row+`)`)
	}
	for _, row := range []string{`'a', '310612340103'`, `'b', '5215512340101'`, `'c', '12125550123'`} {
		statements = append(statements, `INSERT INTO texts (id, receiver, purpose, entry, call_id, domain, username, session, sender, message, segments, state,
			why, problem, doubtful, ordered, attempts, created, updated, due, deadline, lease)
			VALUES (`+row+`, 'answer', 'nl', '', 'example.net', '2000', 's', '31201234567', 'hello', 1, 'queued', '', '', 0, 0, 0, 1, 1, 1, 1, 0)`)
	}
	statements = append(statements,
		`INSERT INTO consents (number, entry, at, call_id, wording, pressed) VALUES ('0612340103', 'nl', 5, 'call-2', 'w', '1'), ('31612340103', 'nl', 5, 'call-2', 'w', '1')`,
		`INSERT INTO calls (id, at, from_number, to_number, outcome, failed, trace) VALUES ('x', 1, '0031612340103', '2125551212', '', 0, '')`)
	err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				t.Log(statement)
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNumbersOfOneTelephoneAreMergedOnce(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		asBeforeKeys(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}

		s = storetest.Open(t, config)
		list, err := s.Suppressions(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range list {
			got = append(got, strings.Join([]string{one.Number, one.Tenant, string(one.Channel), one.How, one.Words}, " "))
		}
		want := []string{
			"12125550123 example.net text text STOP",
			"31612340103 * all operator ",
			"31612340103 example.net text operator asked us", // which START does not lift
			"31612340104 example.net text text STOP",
			"525512340101 example.net text text alto",
			"5550123 example.net text text STOP",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the suppression list (-want +got):\n%s", diff)
		}
		for _, number := range []string{"31612340103", "525512340101", "5215512340101"} {
			if found, err := s.Suppressed(t.Context(), "example.net", number, ledger.Texts); found == nil || err != nil {
				t.Errorf("%s is not suppressed: %v", number, err)
			}
		}

		d, err := s.Dossier(t.Context(), "31612340103")
		if err != nil {
			t.Fatal(err)
		}
		var answers []string
		for _, a := range d.Answers {
			answers = append(answers, a.Entry+" "+a.CallID+" "+a.Reason)
		}
		if diff := cmp.Diff([]string{"gone call-2 sent", "nl call-2 sent", "nl call-1 sent"}, answers); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		if len(d.Texts) != 1 || d.Texts[0].To != "31612340103" || len(d.Consents) != 1 || len(d.Calls) != 1 {
			t.Errorf("texts %+v, consents %+v, calls %+v", d.Texts, d.Consents, d.Calls)
		}
		if text, err := s.Text(t.Context(), "b"); text.To != "5215512340101" || err != nil { // texts go to the number as it came
			t.Errorf("the text goes to %s, %v", text.To, err)
		}

		events, err := s.Events(t.Context(), time.Time{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		merged := 0
		for _, e := range events {
			if strings.Contains(e.About+e.Detail, "12340103") || strings.Contains(e.About+e.Detail, "12340101") {
				t.Errorf("a whole number is in the event %+v", e)
			}
			if e.Action == "number merged" {
				merged++
			}
		}
		if merged == 0 {
			t.Errorf("no event tells what was merged: %+v", events)
		}
		before, err := filepath.Glob(filepath.Join(config.Folder, "switchhook.db.before-8-*"))
		if err != nil || config.URL == "" && len(before) != 1 {
			t.Errorf("backups: %v, %v", before, err)
		}
		for _, path := range before {
			if got := tablesIn(t, path); got != 6 {
				t.Errorf("the backup is for programs that know version %d", got)
			}
			if info, err := os.Stat(path); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
				t.Errorf("the backup is %v, %v", info, err)
			}
		}
		if config.URL != "" {
			var rows int
			err := s.Read(t.Context(), func(ctx context.Context, q store.Querier) error {
				return q.QueryRowContext(ctx, "SELECT count(*) FROM suppressions_before_8").Scan(&rows)
			})
			if rows != 8 || err != nil {
				t.Errorf("the backup has %d suppressions, %v", rows, err)
			}
		}
	})
}

func TestTablesWithoutNumbersOfSeveralSpellingsNeedNoBackup(t *testing.T) {
	config := storetest.SQLite(t)
	storetest.Open(t, config)
	if before, err := filepath.Glob(filepath.Join(config.Folder, "*before*")); len(before) > 0 || err != nil {
		t.Errorf("backups: %v, %v", before, err)
	}
}

// tablesIn returns the version of the tables in a file.
func tablesIn(t *testing.T, path string) (version int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT max(version_id) FROM switchhook_schema").Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}
