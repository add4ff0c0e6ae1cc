package crash_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// measureDisk returns how long the disk takes when nobody else uses it: 8 KiB are
// written and synced 50 times a second, as often as the honest load writes. Each
// text and press waits for one such sync at least, and no server can help that.
func measureDisk(t *testing.T) measured {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "synced"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var (
		page = make([]byte, 8<<10)
		took []time.Duration
	)
	for range time.Tick(20 * time.Millisecond) {
		began := time.Now()
		if _, err := file.Write(page); err != nil {
			t.Fatal(err)
		}
		if err := file.Sync(); err != nil {
			t.Fatal(err)
		}
		if took = append(took, time.Since(began)); len(took) == 1000 {
			break
		}
	}
	slices.Sort(took)
	return measured{P50: took[len(took)/2], P99: took[len(took)*99/100], Most: took[len(took)-1]}
}
