package voice

import (
	"cmp"
	"context"
	"net/netip"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/fault"
)

// Ring rings somebody outside, and runs answered with their line if they answer: by a
// context that ends when they hang up, with engine.ErrHungUp, and with that of Ring,
// which also ends the ringing. It is one of the Server's calls, within its limits. It
// returns once answered has returned and the call is over; end says how the ringing
// ended. The error, a fault.Error, says that it could not be tried.
func (s *Server) Ring(ctx context.Context, who engine.Outside, answered func(ctx context.Context, line engine.Line)) (end engine.ForwardEnd, err error) {
	ctx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	leave, err := s.begin(hangUp)
	if err != nil {
		return "", err
	}
	defer leave()
	o, err := s.dialler.call(ctx, who, callFor{codecs: Codecs()})
	if err != nil {
		return "", err
	}
	defer func() { o.close(end) }()
	s.count(func(c *Counts) { c.Taken++ })
	defer time.AfterFunc(s.config.MaxLength, func() { s.endTooLong(hangUp) }).Stop()
	line, end := o.awaitAnswer(ctx, cmp.Or(who.Timeout, ringTime))
	if line == nil {
		return end, nil
	}
	if who.Answered != nil {
		who.Answered()
	}
	answered(o.ctx, line)
	o.Hangup(engine.Normal) // unless it is over: then it does nothing
	o.awaitEnd()
	return end, nil
}

// begin takes a call of ours, or says why not.
func (s *Server) begin(hangUp context.CancelCauseFunc) (leave func(), err error) {
	end, ok := s.config.Calls.Begin(hangUp)
	if !ok {
		s.count(func(c *Counts) { c.Refused[Draining]++ })
		return nil, fault.Newf(fault.Unavailable, "no more calls are made, because the server is being stopped")
	}
	ours := netip.Prefix{} // no source has a share in it
	if why := s.admit(ours); why != taken {
		end()
		s.count(func(c *Counts) { c.Refused[why]++ })
		return nil, fault.Newf(fault.Unavailable, "there are too many calls").WithHint("the limits are max_calls and max_calls_per_second")
	}
	return func() {
		s.leave(ours)
		end()
	}, nil
}

// awaitAnswer waits for an answer for as long as it may ring, and returns the line;
// nil: there is none, and end says why.
func (o *outgoing) awaitAnswer(ctx context.Context, rings time.Duration) (line *Line, end engine.ForwardEnd) {
	until := o.dialler.media.Now() + rings
	o.leg.Alarm(until)
	for {
		n := o.latest()
		switch {
		case ctx.Err() != nil:
			return nil, engine.ForwardCancelled
		case n.line != nil:
			return n.line, engine.ForwardAnswered
		case n.ended != nil && !o.again(n):
			end, _ := endOf(*n.ended, n.rang)
			return nil, end
		case o.dialler.media.Now() >= until:
			return nil, engine.ForwardNoAnswer
		}
		select {
		case <-ctx.Done():
		case <-o.changed:
		case <-o.leg.Ready():
		}
	}
}

// awaitEnd waits until a call that was hung up is over.
func (o *outgoing) awaitEnd() {
	for o.latest().ended == nil {
		<-o.changed
	}
}
