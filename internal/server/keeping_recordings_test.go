package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/test/await"
)

// record keeps a second of somebody, and returns its address.
func (s *phoneSystem) record(t *testing.T, number string) (address string, err error) {
	t.Helper()
	r, err := s.Recordings().Begin(number)
	if err != nil {
		return "", err
	}
	if err := r.Write(make([]int16, 8000)); err != nil {
		t.Fatal(err)
	}
	return r.Keep()
}

// get asks for a part of something, and returns what came.
func get(t *testing.T, method, address, part string) (status int, size int64) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if part != "" {
		request.Header.Set("Range", "bytes="+part)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.ContentLength
}

func TestAResponderGetsARecording(t *testing.T) {
	s := startCore(t)
	address, err := s.record(t, "+12125550123")
	if err != nil || !strings.HasPrefix(address, "http://"+s.Address()+"/recordings/") {
		t.Fatalf("its address is %s, %v", address, err)
	}
	for _, c := range []struct {
		method, address, part string
		status                int
		size                  int64
	}{
		{http.MethodGet, address, "", http.StatusOK, 16_044},
		{http.MethodHead, address, "", http.StatusOK, 16_044},
		{http.MethodGet, address, "44-", http.StatusPartialContent, 16_000},
		{http.MethodGet, strings.Replace(address, "-", "-a", 1), "", http.StatusNotFound, 19},
	} {
		if status, size := get(t, c.method, c.address, c.part); status != c.status || size != c.size {
			t.Errorf("%s %s %s: %d and %d bytes, want %d and %d", c.method, c.address, c.part, status, size, c.status, c.size)
		}
	}
	if lines := s.metrics(t, "switchhook_recordings"); lines != "switchhook_recordings_bytes 16044\n"+
		"switchhook_recordings_total{result=\"kept\"} 1\nswitchhook_recordings_total{result=\"lost\"} 0\n" {
		t.Errorf("the metrics are\n%s", lines)
	}
}

// TestLostRecordingsAreTold: once they take up all that they may, until they may
// take up more.
func TestLostRecordingsAreTold(t *testing.T) {
	settings := coreSettings(t, t.TempDir(), "example.net")
	settings.Recordings.DiskMiB = 0
	log := &safeLog{}
	s := startCoreIn(t, settings, server.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	for range 2 {
		if address, err := s.record(t, "+12125550123"); err == nil {
			t.Errorf("there is %s", address)
		}
	}
	if lines := s.metrics(t, "switchhook_recordings_total"); !strings.Contains(lines, `{result="lost"} 2`) {
		t.Errorf("the metrics are\n%s", lines)
	}
	await.That(t, "an alert", func() bool { return strings.Contains(log.String(), "kind=recording_lost") })
	if !strings.Contains(log.String(), "recordings.disk_mib") || strings.Contains(log.String(), "5550123") {
		t.Errorf("the log is\n%s", log)
	}
	more := *settings
	more.Recordings.DiskMiB = 1
	if err := s.Reload(t.Context(), &more); err != nil {
		t.Fatal(err)
	}
	if _, err := s.record(t, "+12125550123"); err != nil {
		t.Error(err)
	}
}

// TestOldRecordingsGo, also those of a Core that was switched off.
func TestOldRecordingsGo(t *testing.T) {
	folder := t.TempDir()
	with, without := coreSettings(t, folder, "example.net"), coreSettings(t, folder, "")
	for name, settings := range map[string]*config.Settings{"with a Core": with, "without": without} {
		t.Run(name, func(t *testing.T) {
			s := startCoreIn(t, with, server.Options{})
			var files [2]string
			for i := range files {
				address, err := s.record(t, fmt.Sprintf("+1212555012%d", i))
				if err != nil {
					t.Fatal(err)
				}
				files[i] = filepath.Join(folder, "recordings", address[strings.LastIndexByte(address, '/')+1:])
			}
			s.stop()
			if err := <-s.stopped; err != nil {
				t.Error(err)
			}
			s.stopped <- nil // for the cleanup
			for i, age := range []time.Duration{30*24*time.Hour + time.Minute, 30*24*time.Hour - time.Minute} {
				made := time.Now().Add(-age)
				if err := os.Chtimes(files[i], made, made); err != nil {
					t.Fatal(err)
				}
			}
			seen := `{"seen":"` + time.Now().Format(time.RFC3339) + `"}` // and so nobody doubts the clock
			if err := os.WriteFile(filepath.Join(folder, "clock.json"), []byte(seen), 0o600); err != nil {
				t.Fatal(err)
			}
			startCoreIn(t, settings, server.Options{}).Tidy(t.Context())
			for i, want := range []bool{false, true} {
				if _, err := os.Stat(files[i]); (err == nil) != want {
					t.Errorf("file %d is there: %t", i, err == nil)
				}
			}
		})
	}
}

// TestACommandFindsWhatAServerHasRecorded, while it runs.
func TestACommandFindsWhatAServerHasRecorded(t *testing.T) {
	settings := coreSettings(t, t.TempDir(), "example.net")
	s := startCoreIn(t, settings, server.Options{})
	address, err := s.record(t, "2125550123")
	if err != nil {
		t.Fatal(err)
	}
	db, err := server.OpenStore(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	folder, err := server.Recordings(t.Context(), settings, db)
	if err != nil {
		t.Fatal(err)
	}
	erased, err := folder.Erase(phone.Read("+12125550123", phone.Home{}))
	if err != nil || len(erased) != 1 || !strings.HasSuffix(address, "/"+erased[0].Name) {
		t.Errorf("erased are %+v, %v; recorded was %s", erased, err, address)
	}
	if status, _ := get(t, http.MethodGet, address, ""); status != http.StatusNotFound {
		t.Errorf("it is served still: %d", status)
	}
}
