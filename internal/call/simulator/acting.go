package simulator

import "time"

// Act is something that a caller does at a set time, whatever is heard by then.
type Act struct {
	At     time.Duration // since the call began
	Key    byte
	Say    string
	Hangup bool
	Do     func() // anything else; optional
}

// acting is a caller who follows the clock alone.
type acting struct{ acts []Act }

func (c *acting) act(s stretch) (act, bool) {
	if len(c.acts) == 0 || c.acts[0].At > s.to || s.speaking && !c.acts[0].Hangup {
		return act{}, false
	}
	a := c.acts[0]
	c.acts = c.acts[1:]
	if a.Do != nil {
		a.Do()
	}
	return act{at: max(a.At, s.from), key: a.Key, speech: a.Say, hangup: a.Hangup}, true
}
