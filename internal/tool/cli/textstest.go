package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/phone/sms"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/netsapiens"
)

// trialDeadline is how long a trial may take: a person is waiting.
const trialDeadline = time.Minute

type textsTestCommand struct {
	settingsFlag
	Entry  string `arg:"" help:"The entry's id."`
	Number string `arg:"" help:"A number of your own, with the country's code."`
}

// Run sends an entry's text to a number, and reports the result.
func (c *textsTestCommand) Run(ctx context.Context, m *Main) (err error) {
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	if settings.NetSapiens == nil {
		return fault.Newf(fault.Invalid, "text-back is off: there is no section [netsapiens]")
	}
	s, err := server.MakeStore(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	entries, err := server.OpenEntries(ctx, settings, s, nil)
	if err != nil {
		return err
	}
	e, ok := entries.Get(c.Entry)
	if !ok {
		return fault.Newf(fault.NotFound, "there is no entry %.100q", c.Entry).WithHint("switchhook export shows all of them")
	}
	if lacks := e.LacksForTexts(); len(lacks) > 0 {
		return fault.Newf(fault.Invalid, "%s cannot send texts: it lacks %s", e.ID, strings.Join(lacks, ", "))
	}
	number, err := readNumber(c.Number, e.Home())
	if err != nil {
		return err
	}
	client, err := netsapiens.New(netsapiens.Config{URL: settings.NetSapiens.URL.String(), Token: netsapiens.Secret(settings.NetSapiens.Token.Reveal())})
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	now := time.Now()
	message := e.Message(now)
	fmt.Fprintf(m.Out, "%s\nsegments: %s\n", message, textback.Segments(message))
	t, err := s.Enqueue(ctx, ledger.Text{
		ID: ledger.NewID(), Purpose: ledger.Trial, Entry: e.ID, Domain: e.APIDomain, User: e.Text.User, Session: netsapiens.NewSession(),
		From: e.Text.FromNumber, To: number.Digits(), Message: message, Segments: sms.Count(message).Segments, Created: now, Updated: now, Due: now, Deadline: now.Add(trialDeadline),
	})
	if err != nil {
		return err
	}
	// A running server may be quicker; then we wait for its attempt.
	outbox := &textback.Outbox{Queue: s, Sender: client, Finder: client}
	if _, err := outbox.Work(ctx, t.ID); err != nil {
		return err
	}
	return c.wait(ctx, m, s, t.ID)
}

// wait reports the result of the text, once it is known.
func (c *textsTestCommand) wait(ctx context.Context, m *Main, s interface {
	Text(ctx context.Context, id string) (ledger.Text, error)
}, id string) error {
	ctx, cancel := context.WithTimeout(ctx, trialDeadline)
	defer cancel()
	tick := time.NewTicker(trialPause)
	defer tick.Stop()
	for {
		t, err := s.Text(ctx, id)
		if err != nil {
			return err
		}
		switch t.State {
		case ledger.Sent:
			fmt.Fprintf(m.Out, "the phone system has taken it for %s\n", phone.Mask(t.To))
			return nil
		case ledger.Dead:
			fmt.Fprintf(m.Out, "it did not go out (%s): %s\n", t.Why, t.Problem)
			return exit(exitFailed)
		case ledger.Queued:
			fmt.Fprintf(m.Out, "it has not gone out yet (%s): %s\n", t.Why, t.Problem)
			fmt.Fprintf(m.Out, "a server that runs tries it again until %s; switchhook texts list --number %s shows how it goes\n", moment(t.Deadline), t.To)
			return exit(exitFailed)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// trialPause is how often we check whether another attempt is over.
const trialPause = 200 * time.Millisecond
