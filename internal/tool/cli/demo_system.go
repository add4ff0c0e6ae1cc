package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
)

// The initial contents of the demo's phone system.
const (
	demoDomain  = "example.net"
	demoNumber  = "2125551212" // the number that is called
	demoOwner   = "2000"       // the user who sends texts
	demoSystem  = "8001"       // the user that calls are routed to
	demoEntry   = "example.net-sms"
	demoMessage = "We are open Monday to Friday, 9 to 5, at 1 Example Street. See you!"

	// demoPort is where the demo listens, or on a free one if that is taken.
	demoPort = "127.0.0.1:5100"

	// setUpTimeout bounds each step of setting up: all of it is on this machine.
	setUpTimeout = 10 * time.Second
)

// system is the demo's application server and Core, in this process.
type system struct {
	number string
	url    string
	moved  bool // not on the usual port
	token  string
	secret string // of the forms

	app    *server.Server
	cancel context.CancelFunc
	served chan error

	mu    sync.Mutex
	texts []core.Text // not printed yet

	queues queueNews
}

// startSystem starts an application server with a Core and a domain in it. Each
// demo starts empty; one that runs beside another has a folder of its own.
func startSystem(ctx context.Context, pager *pager) (*system, error) {
	folders, err := server.DemoFolders()
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		var s *system
		if s, err = startSystemIn(ctx, folder, pager); fault.CodeOf(err) != fault.Refused {
			return s, err
		}
	}
	return nil, err
}

// startSystemIn starts it in a folder. If another demo uses the folder, the
// error is fault.Refused.
func startSystemIn(ctx context.Context, folder string, pager *pager) (*system, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	s := &system{number: demoNumber, secret: rand.Text(), served: make(chan error, 1)}
	address, err := s.freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s.url = "http://" + address
	if s.token, err = server.OperatorToken(folder); err != nil {
		return nil, err
	}
	settings, err := config.Load(config.Sources{
		Dir: folder, Environ: pager.settings(s.secret),
		Flags: map[string]string{
			"listen": address, "data": folder, "public_url": s.url,
			"netsapiens.url": s.url, "netsapiens.token": s.token, "forms.secret": s.secret, "core.domain": demoDomain,
		},
	})
	if err != nil {
		return nil, err
	}
	var log demoLog
	s.app, err = server.New(ctx, settings, server.Options{
		Log: slog.New(slog.NewTextHandler(&log, nil)), LoopbackResponders: true, Fresh: true, Sent: s.sent,
		Queued: s.queues.tell, QueueTime: demoQueueTime,
	})
	if err != nil {
		return nil, err
	}
	// The folder is ours now, and with it the previous demo's log.
	if err := log.open(filepath.Join(folder, "log")); err != nil {
		return nil, errors.Join(err, s.app.Close())
	}
	if err := s.app.Listen(ctx); err != nil {
		return nil, errors.Join(err, s.app.Close())
	}
	ctx, s.cancel = context.WithCancel(ctx)
	go func() { s.served <- s.app.Run(ctx) }() // ends with stop
	return s, nil
}

// demoLog is a log that discards everything until it has a file.
type demoLog struct {
	mu   sync.Mutex
	file *os.File
}

func (l *demoLog) open(path string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.file, err = os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
		return fmt.Errorf("start the demo: %w", err)
	}
	return nil
}

// Write writes a line.
func (l *demoLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return len(line), nil
	}
	return l.file.Write(line)
}

// freeAddress returns the usual address, or a free one if that is taken.
func (s *system) freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", demoPort)
	if err != nil {
		s.moved = true
		if listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return "", fmt.Errorf("start the demo: %w", err)
		}
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
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
	s.cancel()
	return <-s.served
}

func (s *system) sent(text core.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
}

// tellTexts prints the texts that went out since the last call.
func (s *system) tellTexts(m *Main) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.texts {
		fmt.Fprintf(m.Out, "\nThe text that went out, from %s to %s:\n  %s\n", text.From, strings.Join(text.To, ", "), text.Message)
	}
	s.texts = nil
}

// operator returns a Main whose commands use this system.
func (s *system) operator(m *Main) *Main {
	operator := *m
	operator.Getenv = func(name string) string {
		if name == "SWITCHHOOK_TOKEN" {
			return s.token
		}
		return m.Getenv(name)
	}
	return &operator
}

// show sets the domain up by the phone system's API, provisions text-back by
// the form, places a call, and shows the text that went out.
func (s *system) show(ctx context.Context, m *Main) error {
	fmt.Fprintf(m.Out, "A phone system of our own (a Core) runs at %s, with the domain %s and the number %s.\n", s.url, demoDomain, s.number)
	if err := s.setUp(ctx); err != nil {
		return err
	}
	report, err := s.postForm(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(m.Out, "A form posted to /update-sms provisioned text-back into it, through the API:")
	fmt.Fprintf(m.Out, "  system user %s: %s\n  dial rule: %s\n  answer rule: %s\n", demoSystem, report.User, report.DialRule, report.AnswerRule)
	fmt.Fprintf(m.Out, "\n%s calls %s. The way through the dial plan:\n", simulator.DefaultFrom, s.number)
	dialer := &wire.Dialer{Core: s.url, Token: s.token, Route: func(steps []string) {
		printRoute(m.Out, steps)
		fmt.Fprintln(m.Out, "\nThe call:")
	}}
	o := simulator.Options{From: simulator.DefaultFrom, To: s.number, Place: dialer.Place}
	o.Record = func(event trace.Stamped) { _ = printEvent(m.Out, event, false) } // a closed pipe shows elsewhere
	result, err := simulator.Call(ctx, o)
	if err != nil {
		return err
	}
	if result.Outcome.Failed {
		return fmt.Errorf("the demo's call failed: %s", result.Outcome.Reason)
	}
	s.tellTexts(m)
	return nil
}

// setUp does what an administrator did before text-back: it makes a user with a
// number for texts, and routes the called number to the system user.
func (s *system) setUp(ctx context.Context) error {
	for _, step := range []struct{ path, body string }{
		{"/users", `{"synchronous":"yes","user":"` + demoOwner + `","name-first-name":"Front","name-last-name":"Desk",` +
			`"email-address":"desk@example.net","user-scope":"Basic User"}`},
		{"/smsnumbers", `{"synchronous":"yes","number":"1` + demoNumber + `","application":"user","dest":"` + demoOwner + `"}`},
		{"/phonenumbers", `{"synchronous":"yes","phonenumber":"1` + demoNumber + `","dial-rule-application":"to-user",` +
			`"dial-rule-translation-destination-user":"` + demoSystem + `","dial-rule-translation-destination-host":"` + demoDomain + `"}`},
	} {
		header := http.Header{"Authorization": {"Bearer " + s.token}, "Content-Type": {"application/json"}}
		if _, err := s.post(ctx, "/ns-api/v2/domains/"+demoDomain+step.path, header, step.body); err != nil {
			return err
		}
	}
	return nil
}

// postForm posts an operator's form.
func (s *system) postForm(ctx context.Context) (provision.Report, error) {
	form := url.Values{
		"secret": {s.secret}, "id": {demoEntry}, "api_domain": {demoDomain}, "user": {demoOwner}, "ns_system_user": {demoSystem},
		"from_number": {"1" + demoNumber}, "message": {demoMessage},
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	body, err := s.post(ctx, "/update-sms", header, form.Encode())
	if err != nil {
		return provision.Report{}, err
	}
	var report provision.Report
	if err := json.Unmarshal(body, &report); err != nil {
		return report, fmt.Errorf("read what the form was answered: %w", err)
	}
	if !report.Done() {
		return report, fmt.Errorf("provisioning failed: %s", body)
	}
	return report, nil
}

func (s *system) post(ctx context.Context, path string, header http.Header, body string) ([]byte, error) {
	return s.send(ctx, http.MethodPost, path, header, body)
}

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
