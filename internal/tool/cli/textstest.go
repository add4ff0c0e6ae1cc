package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
)

// trialDeadline is how long a trial may take: a person is waiting.
const trialDeadline = time.Minute

type textsTestCommand struct {
	settingsFlag
	Entry  string `arg:"" help:"The entry's id." names:"entry"`
	Number string `arg:"" help:"A number of your own, with its country code."`
}

// Run sends an entry's text to a number, and reports the result.
func (c *textsTestCommand) Run(ctx context.Context, m *Main) error {
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	client, err := phoneSystem(settings)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	return withRecords(ctx, settings, server.MakeStore, func(r *records) error {
		t, err := c.text(ctx, r)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.Out, "%s\nsegments: %s\n", t.Message, textback.Segments(t.Message))
		if t, err = r.Enqueue(ctx, t); err != nil {
			return err
		}
		// A running server may be quicker; then we wait for its attempt.
		outbox := &textback.Outbox{Queue: r.Store, Sender: client, Finder: client}
		if _, err := outbox.Work(ctx, t.ID); err != nil {
			return err
		}
		return c.wait(ctx, m, r, t.ID)
	})
}

// text returns the entry's text to the number.
func (c *textsTestCommand) text(ctx context.Context, r *records) (t ledger.Text, err error) {
	entries, err := r.entries(ctx)
	if err != nil {
		return t, err
	}
	e, ok := entries.Get(c.Entry)
	if !ok {
		return t, fault.Newf(fault.NotFound, "there is no entry %.100q", c.Entry).WithHint("switchhook export shows all of them")
	}
	if lacks := e.LacksForTexts(); len(lacks) > 0 {
		return t, fault.Newf(fault.Invalid, "%s cannot send texts: it lacks %s", e.ID, strings.Join(lacks, ", "))
	}
	number, err := readNumber(c.Number, e.Home())
	if err != nil {
		return t, err
	}
	now := time.Now()
	return textback.Trial(e, number, now, now.Add(trialDeadline)), nil
}

// wait reports the result of the text, once it is known.
func (c *textsTestCommand) wait(ctx context.Context, m *Main, r *records, id string) error {
	ctx, cancel := context.WithTimeout(ctx, trialDeadline)
	defer cancel()
	tick := time.NewTicker(trialPause)
	defer tick.Stop()
	for {
		t, err := r.Text(ctx, id)
		if err != nil {
			return err
		}
		switch t.State {
		case ledger.Sent:
			fmt.Fprintf(m.Out, "the phone system accepted it for %s\n", phone.Mask(t.To))
			return nil
		case ledger.Dead:
			fmt.Fprintf(m.Out, "it did not go out (%s): %s\n", t.Why, t.Problem)
			return exit(exitFailed)
		case ledger.Queued:
			fmt.Fprintf(m.Out, "it has not gone out yet (%s): %s\n", t.Why, t.Problem)
			fmt.Fprint(m.Out, m.pasteable(fmt.Sprintf("a server that runs tries it again until %s; switchhook texts list --number %s shows how it goes\n", moment(t.Deadline), t.To)))
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
