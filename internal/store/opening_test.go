package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// wantFault fails unless an error has this code, these words, a hint with those
// words, and no password.
func wantFault(t testing.TB, err error, code fault.Code, words, hint string) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code || !strings.Contains(err.Error(), words) || !strings.Contains(fault.HintOf(err), hint) {
		t.Errorf("the error is %v (code %q, hint: %s), want %q, %q, %q", err, fault.CodeOf(err), fault.HintOf(err), code, words, hint)
	}
	wantNoPassword(t, err)
}

func wantNoPassword(t testing.TB, err error) {
	t.Helper()
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v", err, err, err), fault.HintOf(err)} {
		if strings.Contains(shown, storetest.Password) {
			t.Errorf("the password is shown: %s", shown)
		}
	}
}

func TestAFolderHasOneServer(t *testing.T) {
	config := storetest.SQLite(t)
	first := storetest.Open(t, config)
	_, err := store.Open(t.Context(), config)
	wantFault(t, err, fault.Refused, "another switchhook serve uses the folder "+config.Folder, "stop that one first")
	pad(t, first) // nothing has happened to it
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.Open(t, config)
}

func TestAServerThatIsKilledLeavesItsFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without servers of their own")
	}
	const variable = "SWITCHHOOK_TEST_FOLDER"
	if folder := os.Getenv(variable); folder != "" {
		s := storetest.Open(t, store.Config{Folder: folder, Exclusive: true})
		pad(t, s)
		if err := s.Write(t.Context(), inserts(1)); err != nil {
			t.Fatal(err)
		}
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		return
	}
	config := storetest.SQLite(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(t.Context(), program, "-test.run=^TestAServerThatIsKilledLeavesItsFolder$")
	server.Env = append(os.Environ(), variable+"="+config.Folder)
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
	}
	_, err = store.Open(t.Context(), config)
	wantFault(t, err, fault.Refused, "another switchhook serve", "")
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	wantWritten(t, storetest.Open(t, config), 1)
}

func TestACommandDoesNotMakeADatabase(t *testing.T) {
	folder := t.TempDir()
	_, err := store.Open(t.Context(), store.Config{Folder: folder})
	wantFault(t, err, fault.NotFound, "there is no database "+filepath.Join(folder, "switchhook.db"), "switchhook serve makes it")
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
	config := storetest.EmptyPostgres(t)
	config.Exclusive = false
	_, err = store.Open(t.Context(), config)
	wantFault(t, err, fault.NotFound, "no tables of switchhook", "start switchhook serve once")
}

func TestTablesOfAnotherVersionAreRefused(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		set := func(statement string) {
			t.Helper()
			if err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		command := config
		command.Exclusive = false
		storetest.Open(t, command)

		set("UPDATE switchhook_schema SET version_id = -version_id WHERE version_id = (SELECT max(version_id) FROM switchhook_schema)")
		_, err := store.Open(t.Context(), command)
		wantFault(t, err, fault.Refused, "the database is of an older switchhook", "start this version's switchhook serve once")
		set("UPDATE switchhook_schema SET version_id = -version_id WHERE version_id < 0")

		set("UPDATE switchhook_schema SET version_id = version_id + 1000 WHERE version_id > 0")
		_, err = store.Open(t.Context(), command)
		wantFault(t, err, fault.Refused, "the database is of a newer switchhook: its tables have version 10", "use the newer program again")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = store.Open(t.Context(), config)
		wantFault(t, err, fault.Refused, "the database is of a newer switchhook", "with the backup that was made before")
	})
}

func TestServersStartAtOnceOnOneDatabase(t *testing.T) {
	config := storetest.EmptyPostgres(t)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			s, err := store.Open(t.Context(), config)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
}

func TestFoldersOfAnyName(t *testing.T) {
	names := []string{"a folder", "a%20b", "ü", "a#b"}
	if runtime.GOOS != "windows" {
		names = append(names, "a?b=c", `a"b'c;d`, "a\\b", "a:b")
	}
	for _, name := range names {
		folder := filepath.Join(t.TempDir(), "new", name)
		s := storetest.Open(t, store.Config{Folder: folder, Exclusive: true})
		pad(t, s)
		if _, err := os.Stat(filepath.Join(folder, "switchhook.db")); err != nil {
			t.Error(err)
		}
		storetest.Open(t, store.Config{Folder: folder})
	}
	t.Chdir(t.TempDir())
	pad(t, storetest.Open(t, store.Config{Folder: ".", Exclusive: true}))
	if _, err := os.Stat("switchhook.db"); err != nil {
		t.Error(err)
	}
}

func TestTheDatabaseIsTheOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	folder := filepath.Join(t.TempDir(), "data")
	pad(t, storetest.Open(t, store.Config{Folder: folder, Exclusive: true}))
	for name, want := range map[string]os.FileMode{"": 0o700, "switchhook.db": 0o600, "switchhook.db-wal": 0o600, "switchhook.db-shm": 0o600, "switchhook.lock": 0o600} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v", name, info, err)
		}
	}
}

func TestWhatIsNoDatabaseIsSaidPlainly(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "switchhook.db"), []byte(strings.Repeat("This is a letter. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), store.Config{Folder: folder, Exclusive: true})
	wantFault(t, err, fault.Unavailable, "switchhook.db is not a database", "put a backup in its place")

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), store.Config{Folder: filepath.Join(file, "data"), Exclusive: true})
	wantFault(t, err, fault.Unavailable, "cannot be made", "its user may write to")
}

func TestPostgresThatCannotBeUsedIsSaidWithoutThePassword(t *testing.T) {
	good, err := url.Parse(storetest.Postgres(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := *good
	elsewhere.Path = "/elsewhere"
	stranger := *good
	stranger.User = url.UserPassword("stranger", storetest.Password)
	for name, c := range map[string]struct {
		url         string
		code        fault.Code
		words, hint string
	}{
		"down":             {"postgres://switchhook:" + storetest.Password + "@127.0.0.1:1/switchhook", fault.Unavailable, "switchhook at 127.0.0.1:1: the PostgreSQL database does not answer", "is the server running"},
		"no such host":     {"postgres://switchhook:" + storetest.Password + "@db.invalid/switchhook", fault.Unavailable, "does not answer", "is the server running"},
		"no such database": {elsewhere.String(), fault.Unavailable, "PostgreSQL does not have this database", "createdb"},
		"no such user":     {stranger.String(), fault.Unavailable, "PostgreSQL does not let this user in", "check the user and the password"},
		"another engine":   {"mysql://switchhook:" + storetest.Password + "@localhost/switchhook", fault.Invalid, "does not begin with postgres://", "write it as postgres://"},
		"odd password":     {"postgres://switchhook:a/" + storetest.Password + "@localhost/switchhook", fault.Invalid, "cannot be read", "a slash is %2F"},
		"odd port":         {"postgres://switchhook:" + storetest.Password + "@localhost:port/switchhook", fault.Invalid, "cannot be read", "write it as postgres://"},
		"odd option":       {"postgres://switchhook:" + storetest.Password + "@localhost/switchhook?sslmode=" + storetest.Password, fault.Invalid, "cannot be read", "write it as postgres://"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, exclusive := range []bool{true, false} {
				_, err := store.Open(t.Context(), store.Config{URL: c.url, Exclusive: exclusive})
				wantFault(t, err, c.code, c.words, c.hint)
			}
		})
	}
}

func TestAnOpenThatIsBrokenOffLeavesTheFolder(t *testing.T) {
	config := storetest.EmptySQLite(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Open(ctx, config); err == nil {
		t.Error("there is no error")
	}
	storetest.Open(t, config)
}

// TestALostDatabaseIsNotMadeAgain covers a disk that came back empty, and an
// operator who has removed the wrong file.
func TestALostDatabaseIsNotMadeAgain(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"removed": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			config := storetest.EmptySQLite(t)
			for range 2 { // the first makes the database, the second finds it
				s, err := store.Open(t.Context(), config)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(config.Folder, "switchhook.db")
			if err := lose(path); err != nil {
				t.Fatal(err)
			}
			_, err := store.Open(t.Context(), config)
			wantFault(t, err, fault.Refused, path+" is gone", "put a backup in its place")
			if info, err := os.Stat(path); err == nil && info.Size() > 0 {
				t.Error("it was made again")
			}
			if err := os.Remove(filepath.Join(config.Folder, "switchhook.made")); err != nil {
				t.Fatal(err)
			}
			storetest.Open(t, config)
		})
	}
}
