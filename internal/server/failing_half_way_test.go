package server_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/test/await"
)

// everythingOn returns settings with a Core, and with on-call and metrics on
// listeners of their own.
func everythingOn(t *testing.T, folder string) *config.Settings {
	t.Helper()
	text := "listen = \"127.0.0.1:0\"\nmetrics_listen = \"127.0.0.1:0\"\ndata = \"" + filepath.ToSlash(folder) + "\"\n" +
		"public_url = \"https://hooks.example.net\"\n[netsapiens]\nurl = \"https://phones.example.net\"\ntoken = \"x\"\n[forms]\nsecret = \"a-secret-of-forms\"\n" +
		"[core]\ndomain = \"example.net\"\n[oncall]\nsecret = \"a-secret-of-on-call\"\nlisten = \"127.0.0.1:0\"\n" +
		"[[oncall.source]]\nkind = \"file\"\npath = \"rota.toml\"\n"
	path := filepath.Join(t.TempDir(), "switchhook.toml")
	for name, text := range map[string]string{path: text, filepath.Join(filepath.Dir(path), "rota.toml"): "[[shift]]\nname = \"Ann\"\nphone = \"+12125550101\"\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := config.Load(config.Sources{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// listening returns a Server that listens.
func listening(t *testing.T, settings *config.Settings) *server.Server {
	t.Helper()
	s, err := server.New(t.Context(), settings, server.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestARunThatFailsLeavesNothingOpen(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(t *testing.T, s *server.Server, data string)
		during func(s *server.Server)
	}{
		{name: "the address cannot be written down", before: func(t *testing.T, _ *server.Server, data string) {
			if err := os.Mkdir(filepath.Join(data, "address"), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "the database fails", before: func(t *testing.T, s *server.Server, _ string) {
			if err := s.CloseStore(); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "the main listener fails", during: func(s *server.Server) { s.Listener(server.MainDoor).Close() }},
		{name: "the listener of on-call fails", during: func(s *server.Server) { s.Listener(server.DutyDoor).Close() }},
		{name: "the listener of metrics fails", during: func(s *server.Server) { s.Listener(server.MetricsDoor).Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := t.TempDir()
			settings := everythingOn(t, data)
			s := listening(t, settings)
			if c.before != nil {
				c.before(t, s, data)
			}
			ended := make(chan error, 1)
			go func() { ended <- s.Run(context.WithoutCancel(t.Context())) }() // ends by itself, see ended
			if c.during != nil {
				await.That(t, "an announced Core", func() bool { return len(server.Announced(data)) > 0 })
				c.during(s)
			}
			if err := await.From(t, "the end of Run", ended); err == nil {
				t.Error("Run reports no error")
			}
			if len(server.Announced(data)) > 0 {
				t.Error("the Core is still announced")
			}
			for _, name := range []string{server.MainDoor, server.DutyDoor, server.MetricsDoor} {
				address := s.Listener(name).Addr().String()
				again, err := net.Listen("tcp", address)
				if err != nil {
					t.Fatalf("%s: still open: %v", name, err)
				}
				_ = again.Close()
			}
			next, err := server.New(t.Context(), settings, server.Options{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatalf("the database is still open: %v", err)
			}
			if err := next.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAStopBeforeTheStartIsNoFailure(t *testing.T) {
	s := listening(t, everythingOn(t, t.TempDir()))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Run(stopped); err != nil {
		t.Errorf("Run: %v", err)
	}
}
