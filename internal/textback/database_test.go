package textback_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/storetest"
)

// databaseFile is the name of SQLite's file in its folder.
const databaseFile = "switchhook.db"

// tables is an SQLite file with all tables and nothing in them.
var tables = sync.OnceValues(func() (file []byte, err error) {
	folder, err := os.MkdirTemp("", "switchhook-textback-")
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
	return os.ReadFile(filepath.Join(folder, databaseFile))
})

// withTables is storetest.SQLite with the tables made already: that takes most
// of the time of a test, and there are hundreds.
func withTables(t testing.TB) store.Config {
	t.Helper()
	file, err := tables()
	if err != nil {
		t.Fatal(err)
	}
	config := storetest.SQLite(t)
	if err := os.WriteFile(filepath.Join(config.Folder, databaseFile), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}
