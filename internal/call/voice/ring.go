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
// which also ends the ringing. It is one of the Server's calls, within its limits; who
// has it made counts it among the calls in hand. It returns once answered has returned
// and the call is over. The error, a fault.Error, says that it could not be tried.
func (s *Server) Ring(ctx context.Context, who engine.Outside, answered func(ctx context.Context, line engine.Line)) (engine.Rung, error) {
	ours := netip.Prefix{} // no source has a share in it
	if why := s.admit(ours); why != taken {
		s.count(func(c *Counts) { c.Refused[why]++ })
		return engine.Rung{}, fault.Newf(fault.Unavailable, "there are too many calls").WithHint("the limits are max_calls and max_calls_per_second")
	}
	defer s.leave(ours)
	ctx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	began := time.Now()
	o, err := s.dialler.call(ctx, who, callFor{})
	if err != nil {
		return engine.Rung{}, err
	}
	s.count(func(c *Counts) { c.Taken++ })
	defer time.AfterFunc(s.config.MaxLength, func() { s.endTooLong(hangUp) }).Stop()
	line, end := o.awaitAnswer(ctx, cmp.Or(who.Timeout, ringTime))
	if line == nil {
		o.close(end)
		return engine.Rung{End: end, Ladder: ladderOf(callsOf(o), began)}, nil
	}
	if who.Answered != nil {
		who.Answered()
	}
	answered(o.ctx, line)
	o.Hangup(engine.Normal) // unless it is over: then it does nothing
	o.awaitEnd()
	o.close(end)
	return engine.Rung{End: end, Ladder: line.Ladder()}, nil
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
