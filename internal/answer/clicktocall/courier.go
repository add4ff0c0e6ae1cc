package clicktocall

import (
	"context"
	"sync"
)

// sentAtOnce is how many codes are sent at a time: a phone system that hangs must
// not take more of its connections from other texts.
const sentAtOnce = 4

// Courier sends codes after the page has answered, so that the time of an answer
// does not tell whether there is a code to send. Its creator must Stop it.
type Courier struct {
	ctx context.Context // of all that is sent
	cut context.CancelFunc

	inHand  chan struct{} // has an element for each code that is not sent yet
	sending chan struct{} // has one for each that is being sent
	all     sync.WaitGroup
}

// NewCourier returns a Courier that has nothing to send.
func NewCourier() *Courier {
	c := &Courier{inHand: make(chan struct{}, ProofsInAll), sending: make(chan struct{}, sentAtOnce)}
	c.ctx, c.cut = context.WithCancel(context.Background())
	return c
}

// Carry has something sent when its turn comes, and does not wait for it. False:
// as much is in hand as the caps let out in a day, and it is not sent.
func (c *Courier) Carry(send func(ctx context.Context)) bool {
	select {
	case c.inHand <- struct{}{}:
	default:
		return false
	}
	c.all.Go(func() {
		defer func() { <-c.inHand }()
		select {
		case c.sending <- struct{}{}:
			defer func() { <-c.sending }()
		case <-c.ctx.Done(): // send sees that, and takes the code back
		}
		send(c.ctx)
	})
	return true
}

// Stop waits until everything is sent, and breaks off what is left when ctx ends.
// Nothing may be given to the Courier any more.
func (c *Courier) Stop(ctx context.Context) {
	stop := context.AfterFunc(ctx, c.cut)
	defer stop()
	c.all.Wait()
	c.cut()
}
