package core

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/state"
	"github.com/switchhook/switchhook/internal/phone"
)

const (
	// DefaultQueueTime is how long a queued call waits for its turn: long enough
	// to watch it wait and end on the page where it was asked for.
	DefaultQueueTime = 30 * time.Second

	// lookAtQueues is how often WorkQueues checks for queued calls that it was
	// not woken for: those of a server that has ended meanwhile.
	lookAtQueues = 30 * time.Second

	// queueService is the service code of a user that is a call queue.
	queueService = "system-queue"

	// queuedStatus is what the field status of a queued call says.
	queuedStatus = "queued"
)

// WaitingCall is a queued call: somebody waits in a call queue to be called,
// without holding a telephone.
type WaitingCall struct {
	ID            string
	Domain, Queue string // the queue is the name of its user
	Number        string // who is to be called, digits
	Since         time.Time
}

// QueueCall puts a number into a domain's call queue. The field destination is
// its digits; the others are stored. It waits there for the Core's QueueTime,
// and is taken off by WorkQueues. A fault.NotFound says that there is no such
// queue: a queue is a user with the service code system-queue.
func (c *Core) QueueCall(ctx context.Context, domain, queue string, fields Fields) (Object, error) {
	number, err := Digits(fields.Text("destination"))
	if err != nil {
		return Object{}, err
	}
	of, err := c.queue(ctx, domain, queue)
	if err != nil {
		return Object{}, err
	}
	call := WaitingCall{
		ID: "q-" + strings.ToLower(rand.Text()), Domain: of.Fields.TextOr("domain", domain), Queue: nameIn(of, "user"),
		Number: number, Since: c.config.Now().UTC(),
	}
	fields = fields.Clone()
	for name, value := range map[string]string{
		"id":              call.ID,
		"domain":          call.Domain,
		"callqueue":       call.Queue,
		"destination":     call.Number,
		"status":          queuedStatus,
		"queued-datetime": call.Since.Format(messageTime),
	} {
		fields.set(name, value)
	}
	made := create(Key{Kind: QueuedCall, Domain: call.Domain, Owner: call.Queue, ID: call.ID}, fields)
	if err := c.apply(ctx, made); err != nil {
		return Object{}, err
	}
	c.tellQueued(call, queueCall)
	select {
	case c.queues <- struct{}{}:
	default: // WorkQueues has been woken already
	}
	return made.Object, nil
}

// QueuedCalls returns the calls that wait in a queue, the oldest first: it skips
// start of them and returns at most limit; limit 0: all.
func (c *Core) QueuedCalls(ctx context.Context, domain, queue string, start, limit int) ([]Object, error) {
	if _, err := c.queue(ctx, domain, queue); err != nil {
		return nil, err
	}
	found, err := c.Objects(ctx, Key{Kind: QueuedCall, Domain: domain, Owner: queue}, 0, 0)
	if err != nil {
		return nil, err
	}
	var waiting []Object
	for _, o := range found {
		if c.leftInQueue(o) > 0 {
			waiting = append(waiting, o)
		}
	}
	waiting = waiting[min(start, len(waiting)):]
	if limit > 0 {
		waiting = waiting[:min(limit, len(waiting))]
	}
	return waiting, nil
}

// queue returns the user that is a call queue, or a fault.NotFound.
func (c *Core) queue(ctx context.Context, domain, name string) (Object, error) {
	if _, err := c.domain(ctx, domain); err != nil {
		return Object{}, err
	}
	u, err := c.user(ctx, domain, name)
	if err == nil && strings.EqualFold(u.Fields.Text("service-code"), queueService) {
		return u, nil
	}
	if err == nil || fault.CodeOf(err) == fault.NotFound {
		err = fault.Newf(fault.NotFound, "call queue %s of %s does not exist", name, domain).
			WithHint("a queue is a user with the service-code %s", queueService)
	}
	return Object{}, err
}

// WorkQueues takes calls off their queues when their turn comes, until its
// context ends. A Core rings no telephones: a call only leaves the list, and
// Config.Queued is called. Of several Cores with one State, one takes a call.
func (c *Core) WorkQueues(ctx context.Context) {
	for {
		next := time.NewTimer(c.lookThroughQueues(ctx))
		select {
		case <-next.C:
		case <-c.queues:
		case <-ctx.Done():
		}
		next.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// lookThroughQueues takes calls off whose time is up, and returns how long it is
// until the next check.
func (c *Core) lookThroughQueues(ctx context.Context) time.Duration {
	next := lookAtQueues
	all, err := c.Objects(ctx, Key{Kind: QueuedCall}, 0, 0)
	if err != nil {
		c.troubleInQueues(ctx, "the queued calls cannot be read", err)
		return next
	}
	for _, o := range all {
		if left := c.leftInQueue(o); left > 0 {
			next = min(next, left)
			continue
		}
		err := c.state.Apply(ctx, removal(o.Key))
		switch {
		case err == nil:
			c.tellQueued(waitingCall(o), queueTurn)
		case !errors.Is(err, ErrNotFound): // else another Core has taken it
			c.troubleInQueues(ctx, "a queued call cannot be taken off its queue", err)
		}
	}
	return next
}

func (c *Core) troubleInQueues(ctx context.Context, what string, err error) {
	if ctx.Err() == nil { // else the Core was stopped during it, and the call waits
		c.config.Log.ErrorContext(ctx, "queue not working", "what", what, "error", err)
	}
}

// leftInQueue returns how long a call has to wait for its turn.
func (c *Core) leftInQueue(o Object) time.Duration {
	return waitingCall(o).Since.Add(c.config.QueueTime).Sub(c.config.Now())
}

// waitingCall returns the call in an object. One whose time cannot be read has
// waited for ever.
func waitingCall(o Object) WaitingCall {
	since, err := time.Parse(messageTime, o.Fields.Text("queued-datetime"))
	if err != nil {
		since = time.Time{}
	}
	return WaitingCall{
		ID: o.ID, Domain: o.Fields.TextOr("domain", o.Domain), Queue: o.Fields.TextOr("callqueue", o.Owner),
		Number: o.Fields.Text("destination"), Since: since,
	}
}

// tellQueued says that a call took a step.
func (c *Core) tellQueued(call WaitingCall, step state.Step) {
	to := QueueSteps.Of(step).To[0]
	c.config.Log.Info("queued call", "queued_call", call.ID, "domain", call.Domain, "queue", call.Queue,
		"number", phone.Mask("+"+call.Number), "state", string(to))
	if c.config.Queued != nil {
		c.config.Queued(call, to)
	}
}
