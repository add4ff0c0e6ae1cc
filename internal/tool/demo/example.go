package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/switchhook/switchhook/examples/appointment"
	"github.com/switchhook/switchhook/examples/math"
)

// example is a responder to call.
type example struct {
	name    string
	url     string
	call    []byte // a saved call to it
	missing string // why it does not run; empty: it runs
}

// mathLine is the name of the example that telephones reach.
const mathLine = "math line (Go)"

// startTimeout is how long an example in another language may take to start.
const startTimeout = 10 * time.Second

// startExamples starts the examples: those in Go in this process, others if
// the machine has their language.
func (d *demo) startExamples(ctx context.Context) error {
	if err := os.CopyFS(d.folder, math.Files); err != nil {
		return fmt.Errorf("start the examples: %w", err)
	}
	book, seven := saved(appointment.Files, "book.jsonl"), saved(math.Files, "seven.jsonl")
	for _, in := range []struct {
		name    string
		call    []byte
		handler http.Handler
	}{
		{"appointments (Go)", book, appointment.Handler()},
		{mathLine, seven, math.Handler()},
	} {
		url, err := d.serve(ctx, in.handler)
		if err != nil {
			return err
		}
		d.examples = append(d.examples, example{name: in.name, url: url + "/", call: in.call})
	}
	for _, in := range []struct {
		name, program string
		args          func(address string) []string
	}{
		{"math line (PHP)", "php", func(address string) []string {
			return []string{"-S", address, "-t", filepath.Join(d.folder, "php")}
		}},
		{"math line (Node)", "node", func(address string) []string {
			return []string{filepath.Join(d.folder, "node", "server.js"), strings.TrimPrefix(address, "127.0.0.1:")}
		}},
	} {
		address, err := freeAddress(ctx, anyAddress)
		if err != nil {
			return fmt.Errorf("start an example: %w", err)
		}
		e := example{name: in.name, url: "http://" + address + "/", call: seven}
		if err := d.runProgram(ctx, address, in.program, in.args(address)...); err != nil {
			e.missing = fmt.Sprintf("left out: %s %v", in.program, err)
		}
		d.examples = append(d.examples, e)
	}
	return nil
}

// saved returns an embedded file, which the build guarantees.
func saved(files fs.FS, name string) []byte {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		panic(err)
	}
	return text
}

// serve serves a handler on a free port of this machine, until the context
// ends.
func (d *demo) serve(ctx context.Context, handler http.Handler) (url string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", anyAddress)
	if err != nil {
		return "", fmt.Errorf("start a web server of the demo: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	d.running.Go(func() { _ = server.Serve(listener) })
	d.running.Go(func() {
		<-ctx.Done()
		_ = server.Close()
	})
	return "http://" + listener.Addr().String(), nil
}

// runProgram starts a program that listens on an address, and ends it with the
// context.
func (d *demo) runProgram(ctx context.Context, address, name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return errors.New("is not installed")
	}
	command := exec.CommandContext(ctx, path, args...)
	if err := command.Start(); err != nil {
		return fmt.Errorf("does not start (%w)", err)
	}
	exited := make(chan error, 1)
	d.running.Go(func() { exited <- command.Wait() })
	if err := awaitListener(ctx, address, exited); err != nil {
		return fmt.Errorf("does not answer (%w)", err)
	}
	return nil
}

// awaitListener waits until something listens on an address.
func awaitListener(ctx context.Context, address string, exited <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-exited:
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return err
		case <-retry.C:
		}
	}
}
