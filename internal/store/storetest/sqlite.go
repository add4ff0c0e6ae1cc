package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/store"
)

// fileName is the name of SQLite's file in its folder.
const fileName = "switchhook.db"

// tables returns an SQLite file with all tables, empty. Copying it takes 5 ms,
// making the tables 100.
var tables = sync.OnceValues(func() (file []byte, err error) {
	folder, err := os.MkdirTemp("", "switchhook-sqlite-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s, err := store.Open(context.Background(), store.Config{Folder: folder, Exclusive: true})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, fileName))
})

// SQLite makes a database with all tables, empty, and returns the Config with
// which a server opens it.
func SQLite(t testing.TB) store.Config {
	t.Helper()
	config := EmptySQLite(t)
	PutSQLite(t, config.Folder)
	return config
}

// PutSQLite is SQLite for a server whose folder exists already, or is made by
// the server.
func PutSQLite(t testing.TB, folder string) {
	t.Helper()
	file, err := tables()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, fileName), file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// EmptySQLite is SQLite without the file, which the first server makes.
func EmptySQLite(t testing.TB) store.Config {
	t.Helper()
	return store.Config{Folder: folder(t), Exclusive: true}
}

// folder makes a folder that is removed when the test ends. Benchmarks need one
// on the disk.
func folder(t testing.TB) string {
	t.Helper()
	if _, measures := t.(*testing.B); measures || memory() == "" {
		return t.TempDir()
	}
	made, err := os.MkdirTemp(memory(), "switchhook-sqlite-") //nolint:usetesting // TempDir is on the disk
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(made); err != nil {
			t.Error(err)
		}
	})
	return made
}
