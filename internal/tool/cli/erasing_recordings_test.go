package cli_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// beginRecording begins a recording as a server on a database does.
func beginRecording(t testing.TB, s *store.Store, c store.Config, number string) recording.Writer {
	t.Helper()
	secret, err := s.Secret(t.Context(), "recordings")
	if err != nil {
		t.Fatal(err)
	}
	r, err := recording.NewFolder(recording.Config{
		Path: filepath.Join(c.Folder, recording.FolderName), Secret: secret,
		Origin: func() *url.URL { return &url.URL{} }, Limits: func() recording.Limits { return recording.Limits{Bytes: 1 << 20} },
	}).Begin(number)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(make([]int16, 12_000)); err != nil {
		t.Fatal(err)
	}
	return r
}

// record has a server keep a recording of a second and a half.
func record(t testing.TB, s *store.Store, c store.Config, number string) {
	t.Helper()
	if _, err := beginRecording(t, s, c, number).Keep(); err != nil {
		t.Fatal(err)
	}
}

// recorded returns the recordings that there are.
func recorded(t testing.TB, c store.Config) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.Folder, recording.FolderName, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAPersonsRecordingsAreExported(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		c := fresh(t)
		s := storetest.Open(t, c)
		record(t, s, c, "+12125550123")
		record(t, s, c, "+12125550199")
		exported := run(t, "", nil, "number", "export", "-c", settingsOf(t, c), "212 555 0123")
		exported.wants(t, 0)
		var dossier struct {
			Recordings []struct {
				File    string
				At      time.Time
				Seconds float64
			}
		}
		if err := json.Unmarshal([]byte(exported.out), &dossier); err != nil {
			t.Fatal(err)
		}
		all := dossier.Recordings
		if len(all) != 1 || all[0].Seconds != 1.5 || time.Since(all[0].At) > time.Hour {
			t.Fatalf("exported are %+v", all)
		}
		if info, err := os.Stat(all[0].File); err != nil || info.Size() != 24_044 {
			t.Errorf("its file: %v", err)
		}
	})
}

// TestARecordingInTheMakingIsErasedToo, and the operator learns that the call may
// leave more.
func TestARecordingInTheMakingIsErasedToo(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		c := fresh(t)
		making := beginRecording(t, storetest.Open(t, c), c, "+12125550123")
		erase := []string{"number", "erase", "-c", settingsOf(t, c), "2125550123", "--yes"}
		run(t, "", nil, erase...).wants(t, 0, "calls 0, recordings 1", "stays: what a call leaves that was being recorded: erase the number again when it has ended")
		if address, err := making.Keep(); err == nil {
			t.Errorf("it was kept, at %s", address)
		}
		if files := recorded(t, c); len(files) > 0 {
			t.Errorf("left are %v", files)
		}
	})
}
