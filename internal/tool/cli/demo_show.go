package cli

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
	"sync"
	"time"

	"github.com/switchhook/switchhook/examples/appointment"
	"github.com/switchhook/switchhook/examples/math"
	"github.com/switchhook/switchhook/internal/fault"
)

// show is a responder of the demo.
type show struct {
	name    string
	url     string
	call    []byte // a saved call to it
	missing string // why it does not run; empty: it runs
}

// startTimeout is how long an example in another language may take to start.
const startTimeout = 10 * time.Second

// startShows starts the examples on loopback. stop ends them and waits.
func startShows(ctx context.Context) (shows []show, stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	folder, err := os.MkdirTemp("", "switchhook-demo-")
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("start the examples: %w", err)
	}
	stop = func() {
		cancel()
		running.Wait()
		_ = os.RemoveAll(folder)
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	book, seven := saved(appointment.Files, "book.jsonl"), saved(math.Files, "seven.jsonl")
	for _, s := range []struct {
		name    string
		call    []byte
		handler http.Handler
		program []string // started with the port as %s
	}{
		{name: "appointments (Go)", call: book, handler: appointment.Handler()},
		{name: "math line (Go)", call: seven, handler: math.Handler()},
		{name: "math line (PHP)", call: seven, program: []string{"php", "-S", "127.0.0.1:%s", "-t", filepath.Join(folder, "php")}},
		{name: "math line (Node)", call: seven, program: []string{"node", filepath.Join(folder, "node", "server.js"), "%s"}},
	} {
		one := show{name: s.name, call: s.call}
		if s.handler != nil {
			one.url, err = serveShow(ctx, &running, s.handler)
		} else {
			one.url, err = runShow(ctx, &running, folder, s.program)
		}
		if fault.CodeOf(err) == fault.Unsupported {
			one.missing, err = err.Error(), nil
		}
		if err != nil {
			return nil, nil, err
		}
		shows = append(shows, one)
	}
	return shows, stop, nil
}

// saved returns an embedded file, which the build guarantees.
func saved(files fs.FS, name string) []byte {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		panic(err)
	}
	return text
}

// serveShow serves a handler on a free port.
func serveShow(ctx context.Context, running *sync.WaitGroup, handler http.Handler) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("start an example: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	running.Go(func() { _ = server.Serve(listener) })
	running.Go(func() {
		<-ctx.Done()
		_ = server.Close()
	})
	return "http://" + listener.Addr().String() + "/", nil
}

// runShow runs an example in another language, if the machine has it.
func runShow(ctx context.Context, running *sync.WaitGroup, folder string, program []string) (string, error) {
	path, err := exec.LookPath(program[0])
	if err != nil {
		return "", fault.Newf(fault.Unsupported, "left out: %s is not installed", program[0])
	}
	if err := os.CopyFS(folder, math.Files); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("start an example: %w", err)
	}
	port, err := freePort(ctx)
	if err != nil {
		return "", fmt.Errorf("start an example: %w", err)
	}
	var args []string
	for _, arg := range program[1:] {
		switch arg {
		case "%s":
			arg = port
		case "127.0.0.1:%s":
			arg = "127.0.0.1:" + port
		}
		args = append(args, arg)
	}
	command := exec.CommandContext(ctx, path, args...)
	if err := command.Start(); err != nil {
		return "", fault.Newf(fault.Unsupported, "left out: %s does not start (%v)", program[0], err)
	}
	exited := make(chan error, 1)
	running.Go(func() { exited <- command.Wait() })
	if err := awaitPort(ctx, port, exited); err != nil {
		return "", fault.Newf(fault.Unsupported, "left out: %s does not answer (%v)", program[0], err)
	}
	return "http://127.0.0.1:" + port + "/", nil
}

func freePort(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

// awaitPort waits until something listens on a port of this machine.
func awaitPort(ctx context.Context, port string, exited <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
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
