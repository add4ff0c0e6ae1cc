// Package sipp plays scenarios of sipp in tests.
package sipp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Run is a run of sipp.
type Run struct {
	t      *testing.T
	cmd    *exec.Cmd
	output bytes.Buffer
	folder string
}

// Find returns the program, and fails the test where there is none.
func Find(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without sipp")
	}
	path, err := exec.LookPath("sipp")
	if err != nil {
		t.Fatal("this test needs sipp: install the Debian package sip-tester (apt-get install sip-tester, or make deps)")
	}
	return path
}

// Start runs the scenario of a file, with more arguments: it ends by itself.
func Start(t *testing.T, file string, args ...string) *Run {
	t.Helper()
	return Scenario{File: file}.Start(t, args...)
}

// Scenario is one with what the dot of its file stands for.
type Scenario struct {
	File string
	Data any
}

// Callee is what scenarios of calls know of whom they call.
type Callee struct {
	Port    int // of its sound
	Session int // the shortest session timer that it keeps, in seconds
}

// Start runs the scenario, as the function does.
func (s Scenario) Start(t *testing.T, args ...string) *Run {
	t.Helper()
	return start(t, s.write(t), args)
}

func start(t *testing.T, file string, args []string) *Run {
	t.Helper()
	s := &Run{t: t, folder: filepath.Dir(file)}
	args = append([]string{
		"-sf", file, "-i", "127.0.0.1", "-timeout", "120", "-timeout_error", "-nostdin",
		"-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages",
	}, args...)
	s.cmd = exec.CommandContext(t.Context(), Find(t), args...) //nolint:gosec // a test says what
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.folder, &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// Wait waits for the end of the scenario, and fails the test if it was not played
// as written.
func (s *Run) Wait() {
	s.t.Helper()
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("sipp: %v\n%s\n%s\n%s", err, s.file("errors"), s.file("messages"), s.output.String())
	}
}

func (s *Run) file(name string) []byte {
	text, _ := os.ReadFile(filepath.Join(s.folder, name)) // not there: nothing happened
	return text
}

// FreePort returns a UDP port for sipp to be called at.
func FreePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 10000 + rand.IntN(10000) //nolint:gosec // none that the kernel hands out, so nobody gets it meanwhile by chance
		if c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err == nil {
			_ = c.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// Listening reports whether a UDP port is taken. Where the system does not say, it
// is: an INVITE that nobody hears comes again.
func Listening(port int) bool {
	sockets, err := os.ReadFile("/proc/net/udp")
	return err != nil || bytes.Contains(sockets, fmt.Appendf(nil, ":%04X 00000000:0000 ", port))
}
