//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// number is what a server of our own is called at.
const number = "12125551212"

// settings are those of that server. Its ports are enough for 4,000 calls.
const settings = `listen = "127.0.0.1:0"
data = %q
allow_private_responders = true

[core]
domain = "example.net"
sip = ["udp://127.0.0.1:%d"]
sip_allow = ["127.0.0.1/32"]
media_ports = "12000-29999"
max_calls = 4000
max_calls_per_second = 1000

[[core.number]]
number = %q
url = "http://%s/"
`

// startServer starts the program as a server, whose number plays a minute, and a
// responder for it. Stop ends both.
func (p *plan) startServer(ctx context.Context) (stop func() error, err error) {
	folder, err := os.MkdirTemp("", "load")
	if err != nil {
		return nil, err
	}
	responder, at, err := playing(ctx)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, errors.Join(err, responder.Close(), os.RemoveAll(folder))
	}
	file := filepath.Join(folder, "switchhook.toml")
	text := fmt.Appendf(nil, settings, folder, port, number, at)
	log := &bytes.Buffer{}
	server := exec.CommandContext(ctx, p.program, "serve", "--config", file) //nolint:gosec // who runs this says which program
	server.Stdout, server.Stderr = log, log
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	if err = os.WriteFile(file, text, 0o600); err == nil {
		err = server.Start()
	}
	if err != nil {
		return nil, errors.Join(err, responder.Close(), os.RemoveAll(folder))
	}
	stop = func() error {
		_ = server.Process.Signal(syscall.SIGTERM) // it may have ended
		err := server.Wait()
		if err != nil {
			err = fmt.Errorf("the server: %w\n%s", err, log)
		}
		return errors.Join(err, responder.Close(), os.RemoveAll(folder))
	}
	waitFor(ctx, func() bool { return !free(ctx, port) })
	if free(ctx, port) {
		return nil, errors.Join(errors.New("the server takes no calls"), stop())
	}
	p.server = server.Process.Pid
	p.target = sip.Uri{Scheme: "sip", User: number, Host: "127.0.0.1", Port: port}
	return stop, nil
}

// playing serves a document that plays a minute of a tone.
func playing(ctx context.Context) (server *http.Server, at string, err error) {
	tone, err := audio.DTMF("5", time.Minute, 0)
	if err != nil {
		return nil, "", err
	}
	var wav bytes.Buffer
	if err := audio.WriteWAV(&wav, tone); err != nil {
		return nil, "", err
	}
	documents := http.NewServeMux()
	documents.HandleFunc("/tone.wav", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wav.Bytes()) })
	documents.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<Gather timeout="3600"><Play>tone.wav</Play></Gather>`)
	})
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	program := &http.Server{Handler: documents, ReadHeaderTimeout: patience}
	go func() { _ = program.Serve(listener) }() // until Close
	return program, listener.Addr().String(), nil
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
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
