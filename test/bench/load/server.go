//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"
)

// settings are those of a server of ours; a [[core.number]] for each service follows.
// The carrier makes the calls that are measured; of strangers it takes what it takes by
// default. Its ports are enough for 4,000 calls.
const settings = `listen = "127.0.0.1:0"
data = %q
allow_private_responders = true

[core]
domain = "example.net"
sip = ["udp://127.0.0.1:%d"]
media_ports = "12000-29999"
max_calls = 4500
max_calls_per_second = 10000

[[core.trunk]]
name = "load"
address = "127.0.0.1"
options_every = "0"
`

// server is one that load has started, and the programs of its numbers.
type server struct {
	process  *exec.Cmd
	programs *programs
	folder   string
	port     int
	log      bytes.Buffer
}

// startServer starts the program as a server.
func startServer(ctx context.Context, program string) (*server, error) {
	s := &server{}
	if err := s.start(ctx, program); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *server) start(ctx context.Context, program string) (err error) {
	if s.programs, err = startPrograms(ctx); err != nil {
		return err
	}
	if s.port, err = freePort(ctx); err != nil {
		return err
	}
	if s.folder, err = os.MkdirTemp("", "load"); err != nil {
		return err
	}
	var text bytes.Buffer
	_, _ = fmt.Fprintf(&text, settings, s.folder, s.port)
	for _, what := range services() {
		_, _ = fmt.Fprintf(&text, "\n[[core.number]]\nnumber = %q\nurl = \"http://%s%s\"\n", what.number, s.programs.address, what.path)
	}
	file := filepath.Join(s.folder, "switchhook.toml")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return err
	}
	s.process = exec.CommandContext(ctx, program, "serve", "--config", file) //nolint:gosec // who runs this says which program
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	if err := s.process.Start(); err != nil {
		s.process = nil
		return err
	}
	limit := time.Now().Add(patience)
	for free(ctx, s.port) {
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
		if time.Now().After(limit) {
			return errors.New("the server takes no calls")
		}
	}
	return nil
}

// stop ends the server, or what there is of it.
func (s *server) stop() (err error) {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGTERM) // it may have ended
		if err = s.process.Wait(); err != nil {
			err = fmt.Errorf("the server: %w\n%s", err, last(s.log.String(), 20))
		}
	}
	if s.programs != nil {
		err = errors.Join(err, s.programs.server.Close())
	}
	if s.folder != "" {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}

// last returns the last lines of a text.
func last(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// number returns where a service is called.
func (s *server) number(what service) sip.Uri {
	return sip.Uri{Scheme: "sip", User: what.number, Host: here.String(), Port: s.port}
}

// freePort returns a UDP port that nobody has.
func freePort(ctx context.Context) (int, error) {
	for port := 5062; port < 5162; port++ {
		if free(ctx, port) {
			return port, nil
		}
	}
	return 0, errors.New("no port from 5062 to 5161 is free for SIP")
}

func free(ctx context.Context, port int) bool {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", fmt.Sprintf("%s:%d", here, port))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
