package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// do sends the terminal a request and waits until it is done.
func (l *remoteLine) do(ctx context.Context, o order) (reply, error) {
	if err := l.ask(ctx, o); err != nil {
		return reply{}, err
	}
	return l.answer(ctx)
}

// ask sends the terminal a request. If there is no error, answer comes next.
func (l *remoteLine) ask(ctx context.Context, o order) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := l.settle(); err != nil {
		return err
	}
	l.awaited.Store(true)
	switch err := l.send(o); {
	case errors.Is(err, errTooLong):
		l.awaited.Store(false)
		return err
	case err != nil:
		return engine.ErrHungUp
	}
	return nil
}

// answer waits until the terminal has done what it was asked.
func (l *remoteLine) answer(ctx context.Context) (reply, error) {
	select {
	case done := <-l.replies:
		l.tookUntil(done.Now)
		return done, done.err()
	case <-l.gone:
		return reply{}, engine.ErrHungUp
	case <-ctx.Done():
		if !l.isOver() {
			l.leave()
		}
		return reply{}, context.Cause(ctx)
	case <-l.call.Done(): // an order's context may outlive it
		return reply{}, context.Cause(l.call)
	}
}

// tookUntil notes the terminal's clock.
func (l *remoteLine) tookUntil(now time.Duration) { l.now, l.as = max(l.now, now), time.Now() }

// nothing is a notice of nothing to terminals of any version.
var nothing = order{Do: doEvent}

// leave has the terminal stop what it does: it drops an order, and the reply to it,
// when anything else comes.
func (l *remoteLine) leave() {
	l.left = true
	_ = l.send(nothing) // the next request says what broke
}

// settle waits until the terminal has left its last order, so that no late reply is
// taken for that to the next. It may have replied before it was told to leave. But
// it takes another message only when it has left, and answers a ping after that only
// then: what comes before the answer is of the last order.
func (l *remoteLine) settle() error {
	if !l.left {
		return nil
	}
	if l.send(nothing) != nil {
		return engine.ErrHungUp
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.call), lineTimeout)
	defer cancel()
	ponged := make(chan error, 1)
	go func() { ponged <- l.conn.Ping(ctx) }() // ends with ctx; its result is waited for
	for {
		select {
		case late := <-l.replies:
			l.tookUntil(late.Now)
		case err := <-ponged:
			if err != nil {
				l.hangup(engine.ErrHungUp)
				return engine.ErrHungUp
			}
			l.left = false
			l.awaited.Store(false)
			return nil
		}
	}
}

// err returns the error of a request that was not done.
func (r reply) err() error {
	switch {
	case r.HungUp:
		return engine.ErrHungUp
	case r.Error == engine.ErrUnsupported.Error():
		return engine.ErrUnsupported
	case r.Error != "":
		return fmt.Errorf("the terminal: %s", r.Error)
	}
	return nil
}
