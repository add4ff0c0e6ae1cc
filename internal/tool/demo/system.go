package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/netsapiens"
)

const (
	domain = "example.net" // of the phone system
	email  = "desk@example.net"

	// usualAddress is where the demo listens, or on a free port if that is taken.
	usualAddress = "127.0.0.1:5100"
	anyAddress   = "127.0.0.1:0"

	// setUpTimeout bounds each step of setting up: all of it is on this machine.
	setUpTimeout = 10 * time.Second
)

// system is the demo's application server and Core, in this process, and the
// client that sets them up.
type system struct {
	data   string // its folder
	url    string
	moved  bool   // not at the usual address
	token  string // of the operator
	secret string // of forms and on-call
	api    *netsapiens.Client

	server *server.Server
	cancel context.CancelFunc
	served chan error
}

// startSystem starts an application server with a Core and a domain in it. Each
// demo starts empty; one that runs beside another has a folder of its own.
func (d *demo) startSystem(ctx context.Context) error {
	folders, err := server.DemoFolders()
	if err != nil {
		return err
	}
	for _, folder := range folders {
		d.system, err = d.startSystemIn(ctx, folder, usualAddress, usualSIPPort)
		for try := 1; try < startTries && errors.Is(err, syscall.EADDRINUSE); try++ {
			d.system, err = d.startSystemIn(ctx, folder, anyAddress, usualSIPPort+(2*os.Getpid()+try)%sipPorts)
		}
		if fault.CodeOf(err) != fault.Refused {
			return err
		}
	}
	return err
}

// startTries is how often the demo looks for free ports: another one that starts may
// take those that were free when it looked.
const startTries = 5

// startSystemIn starts it in a folder, at an address if that is free, and for SIP at a
// port or one of the next. If another demo uses the folder, the error is fault.Refused.
func (d *demo) startSystemIn(ctx context.Context, folder, at string, sipPort int) (*system, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	s := &system{data: folder, secret: rand.Text(), served: make(chan error, 1)}
	s.moved = at != usualAddress
	address, err := freeAddress(ctx, at)
	if err != nil {
		s.moved = true
		if address, err = freeAddress(ctx, anyAddress); err != nil {
			return nil, fmt.Errorf("start the demo: %w", err)
		}
	}
	s.url = "http://" + address
	if s.token, err = server.OperatorToken(folder); err != nil {
		return nil, err
	}
	if s.api, err = netsapiens.New(netsapiens.Config{URL: s.url, Token: netsapiens.Secret(s.token), Timeout: setUpTimeout}); err != nil {
		return nil, err
	}
	flags := map[string]string{
		"listen": address, "data": folder, "public_url": s.url,
		"netsapiens.url": s.url, "netsapiens.token": s.token, "forms.secret": s.secret, "core.domain": domain,
		"core.drain": "0s", // a person who leaves the demo waits for nobody's call
	}
	telephones, err := sipFlags(ctx, folder, sipPort)
	if err != nil {
		return nil, err
	}
	maps.Copy(flags, telephones)
	settings, err := config.Load(config.Sources{Dir: folder, Environ: d.pager.settings(s.secret), Flags: flags})
	if err != nil {
		return nil, err
	}
	var log logFile
	s.server, err = server.New(ctx, settings, server.Options{
		Log: slog.New(slog.NewTextHandler(&log, nil)), LoopbackResponders: true, Fresh: true,
		Sent: d.news.textSent, Queued: d.news.queueChanged, QueueTime: queueTime,
	})
	if err != nil {
		return nil, err
	}
	// The folder is ours now, and with it the previous demo's log.
	file, err := os.OpenFile(filepath.Join(folder, "log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err == nil {
		log.Store(file)
		err = s.server.Listen(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.server.Close())
	}
	ctx, s.cancel = context.WithCancel(ctx)
	go func() { s.served <- s.server.Run(ctx) }() // ends with stop
	return s, nil
}

// logFile discards what is written to it until it has a file.
type logFile struct{ atomic.Pointer[os.File] }

// Write writes a line.
func (l *logFile) Write(line []byte) (int, error) {
	if file := l.Load(); file != nil {
		return file.Write(line)
	}
	return len(line), nil
}

// freeAddress returns an address that nothing listens on: this one, or the one
// that the system chooses for port 0.
func freeAddress(ctx context.Context, address string) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// wait waits until the demo is told to stop.
func (s *system) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.served:
		s.served <- nil
		return err
	}
}

// stop ends the server and waits for it.
func (s *system) stop() error {
	s.api.CloseIdle()
	s.cancel()
	return <-s.served
}

// addNumber routes a telephone number, with its country's code if it has one, to a
// user, by the phone system's API.
func (s *system) addNumber(ctx context.Context, number, user string) error {
	_, err := s.manage(ctx, http.MethodPost, "/phonenumbers", `{"synchronous":"yes","phonenumber":"`+number+`","dial-rule-application":"to-user",`+
		`"dial-rule-translation-destination-user":"`+user+`","dial-rule-translation-destination-host":"`+domain+`"}`)
	return err
}

// manage sends a request about the domain to the phone system's API, for what
// our client of that API has no method.
func (s *system) manage(ctx context.Context, method, path, body string) ([]byte, error) {
	header := http.Header{"Authorization": {"Bearer " + s.token}, "Content-Type": {"application/json"}}
	return s.send(ctx, method, "/ns-api/v2/domains/"+domain+path, header, body)
}

// postForm posts a form as an operator's page does.
func (s *system) postForm(ctx context.Context, path, fields string) ([]byte, error) {
	return s.send(ctx, http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, fields)
}

// send sends a request to the server and returns the body of its answer.
func (s *system) send(ctx context.Context, method, path string, header http.Header, body string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, setUpTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("set the demo up: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil || response.StatusCode > 299 {
		return nil, fmt.Errorf("set the demo up: %s %s: %s %s", method, path, response.Status, answer)
	}
	return answer, nil
}
