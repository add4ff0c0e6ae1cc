package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestABackupIsTheDatabaseAtOneMoment(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	pad(t, s)
	e, _ := entriesOf(t, s)
	imports(t, e, odd)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for i := range 2 {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := s.Write(t.Context(), inserts(2*n+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	folder := t.TempDir()
	copied := filepath.Join(folder, "switchhook.db")
	err := s.Backup(t.Context(), copied)
	close(stop)
	writers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(copied); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
	restored := storetest.Open(t, store.Config{Folder: folder, Exclusive: true})
	there, _ := entriesOf(t, restored)
	if exported(t, there) != exported(t, e) {
		t.Error("the entries are not those that were there")
	}
	now := map[int]bool{}
	for _, id := range written(t, s) {
		now[id] = true
	}
	for _, id := range written(t, restored) {
		if !now[id] {
			t.Errorf("%d was not written", id)
		}
	}
	if err := restored.Write(t.Context(), inserts(-1)); err != nil {
		t.Error(err)
	}
}

func TestABackupReplacesNothing(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	path := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFault(t, s.Backup(t.Context(), path), fault.Refused, path+" exists already; nothing was written", "another name")
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
	missing := filepath.Join(t.TempDir(), "none", "backup.db")
	err := s.Backup(t.Context(), missing)
	wantFault(t, err, fault.Unavailable, "the backup "+missing+" cannot be written", "its folder must exist")
	if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestPostgresIsBackedUpWithItsOwnPrograms(t *testing.T) {
	s := storetest.Open(t, storetest.Postgres(t))
	err := s.Backup(t.Context(), "it's a backup")
	wantFault(t, err, fault.Unsupported, "backed up with pg_dump", `pg_dump --format=custom '--file=it'\''s a backup' --host=`)
	if hint := fault.HintOf(err); !strings.Contains(hint, " --username=switchhook --dbname=test_") {
		t.Error(hint)
	}
}
