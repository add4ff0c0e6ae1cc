package simulator

import (
	"context"
	"time"
)

// Act is something that a scripted caller did.
type Act struct {
	At     time.Duration
	Hangup bool
	Key    byte
	Speech string
}

// Rehearse is Call, and also returns what the caller did.
func Rehearse(ctx context.Context, o Options) (*Result, []Act, error) {
	hosted := &recordings{}
	defer hosted.close()
	follow, _ := o.caller()
	noting := &noting{caller: follow}
	result, err := o.run(ctx, &line{caller: noting, host: hosted.add})
	return result, noting.acts, err
}

// noting is a caller that notes what it does.
type noting struct {
	caller
	acts []Act
}

func (c *noting) act(s stretch) (act, bool) {
	a, ok := c.caller.act(s)
	if ok {
		c.acts = append(c.acts, Act{At: a.at, Hangup: a.hangup, Key: a.key, Speech: a.speech})
	}
	return a, ok
}
