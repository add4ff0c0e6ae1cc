package simulator

import "context"

// Rehearse is Call, and also returns what the caller did.
func Rehearse(ctx context.Context, o Options) (*Result, []Act, error) {
	follow, _ := o.caller()
	noting := &noting{caller: follow}
	h := &Handset{}
	result, err := o.runCall(ctx, h, &virtualClock{caller: noting, handset: h})
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
		c.acts = append(c.acts, Act{At: a.at, Hangup: a.hangup, Key: a.key, Say: a.speech})
	}
	return a, ok
}
