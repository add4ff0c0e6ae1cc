package clicktocall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
)

const (
	// lateMost is how late a scheduled call may come: a visitor who asked for nine
	// o'clock does not wait for it at noon.
	lateMost = 30 * time.Minute

	// retryPause is how long we wait before we retry a call that the phone system
	// certainly did not take.
	retryPause = time.Minute
)

// placeOf returns the domain that an entry's queue is in, and the queue as
// EXT@DOMAIN.
func placeOf(e *entry.Entry) (domain, queue string) {
	if _, domain, named := strings.Cut(e.Queue, "@"); named {
		return domain, e.Queue
	}
	return e.APIDomain, e.Queue + "@" + e.APIDomain
}

// Work places a scheduled call back whose time has come, after it has checked
// hours, suppression list and caps again. It returns when to call it again; the
// zero time: never. It is the handler of JobKind.
func (d *Desk) Work(ctx context.Context, id string) (again time.Time, err error) {
	now := time.Now()
	// What was begun is done to its end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.lease())
	defer cancel()
	c, known, err := d.Ledger.ClaimCallBack(ctx, id, d.capsWhenDue, now, now.Add(d.lease()))
	switch {
	case errors.Is(err, ErrTaken):
		return d.takenUntil(c, now), nil
	case fault.CodeOf(err) == fault.NotFound:
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("take call back %s: %w", id, err)
	case c.State == Scheduled:
		return d.putOff(ctx, c, known, now)
	}
	e, ok := d.Entries.Get(c.Entry)
	last := c.At.Add(lateMost)
	switch {
	case !ok || e.Queue == "" || e.Hours.At(now) != hours.Open:
		return time.Time{}, d.giveUp(ctx, c, now, "the place is closed, or has no click-to-call any more")
	case now.After(last):
		return time.Time{}, d.giveUp(ctx, c, now, "its time has long passed")
	}
	failed, next := Scheduled, now.Add(retryPause)
	if next.After(last) {
		failed = Failed
	}
	r := d.place(ctx, c, failed)
	if r.State == Scheduled {
		return next, nil
	}
	d.ended(ctx, c, r.Result)
	return time.Time{}, nil
}

// capsWhenDue are the caps on a scheduled call back when its time has come.
func (d *Desk) capsWhenDue(c CallBack) []Cap {
	e, _ := d.Entries.Get(c.Entry)
	return d.limits(e).capsOfCalling(c.Number, c.Entry, c.Tenant, c.Bare)
}

// takenUntil returns when a call back is to be worked on that is not due; zero:
// not by this.
func (d *Desk) takenUntil(c CallBack, now time.Time) time.Time {
	if c.State == Scheduled && c.At.After(now) {
		return c.At
	}
	return time.Time{}
}

// putOff decides on a call back that may not be placed now: it waits for a cap
// that is soon reached no more, or is given up.
func (d *Desk) putOff(ctx context.Context, c CallBack, known Known, now time.Time) (time.Time, error) {
	if known.Suppressed != nil {
		return time.Time{}, d.giveUp(ctx, c, now, "the number is not to be called")
	}
	if until := fullUntil(known.Full); until.Before(c.At.Add(lateMost)) {
		return until.Add(time.Millisecond), nil
	}
	return time.Time{}, d.giveUp(ctx, c, now, "a cap was reached: "+known.Full[0].Cap.String())
}

// giveUp ends a call back without asking the phone system for it.
func (d *Desk) giveUp(ctx context.Context, c CallBack, now time.Time, why string) error {
	r := Result{ID: c.ID, Attempt: c.Attempts, At: now, State: Failed, Problem: why}
	err := d.Ledger.FinishCallBack(ctx, r)
	if err == nil {
		d.ended(ctx, c, r)
	}
	return err
}

// ended reports the result of a scheduled call back. No visitor waits at a page
// to see that it failed.
func (d *Desk) ended(ctx context.Context, c CallBack, r Result) {
	if r.State == Failed || r.State == Uncertain {
		message, level := "scheduled call given up", slog.LevelError
		if r.State == Uncertain {
			message, level = "scheduled call uncertain", slog.LevelWarn
		}
		d.Log.LogAttrs(ctx, level, message, slog.String("request_id", c.ID), slog.String("entry", c.Entry),
			slog.String("number", phone.Mask(c.Number)), slog.Time("at", c.At), slog.String("reason", r.Problem))
	}
	if d.Ended != nil {
		d.Ended(c, r)
	}
}
