//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/switchhook/switchhook/internal/store/storetest"
)

// TestANewDatabaseIsItsFoldersOwners makes a database as root in the folder of
// the server's user, as switchhook import does.
func TestANewDatabaseIsItsFoldersOwners(t *testing.T) {
	config := storetest.EmptySQLite(t)
	const nobody = 65534
	want := uint32(os.Getuid())
	if os.Getuid() == 0 {
		want = nobody
		if err := os.MkdirAll(config.Folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(config.Folder, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Open(t, config)
	for _, name := range []string{"switchhook.db", "switchhook.lock"} {
		info, err := os.Stat(filepath.Join(config.Folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("%s is of user %d, want %d", name, got, want)
		}
	}
}
