package server_test

import (
	"log/slog"
	"net/url"
	"testing"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
)

func TestAReloadKeepsWhetherThePhoneSystemIsDown(t *testing.T) {
	folder := t.TempDir()
	s, err := server.New(t.Context(), everythingOn(t, folder), server.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	reload := func(change func(*config.Settings)) {
		t.Helper()
		settings := everythingOn(t, folder)
		change(settings)
		if err := s.Reload(t.Context(), settings); err != nil {
			t.Fatal(err)
		}
	}
	known := s.PhoneSystem()
	reload(func(s *config.Settings) { s.TextBack.Replies = false })
	if s.PhoneSystem() != known {
		t.Error("nobody would be told that it is up again")
	}
	reload(func(s *config.Settings) { s.NetSapiens.URL = &url.URL{Scheme: "https", Host: "others.example.net"} })
	if s.PhoneSystem() == known {
		t.Error("another phone system is taken for the first")
	}
}
