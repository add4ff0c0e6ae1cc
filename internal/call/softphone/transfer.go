package softphone

import (
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/fault"
)

// Transfer asks the other side to call somebody else in place of us. How far that
// is comes as dialog.TransferProgress and dialog.Transferred, after which the call
// is to be hung up; or they refuse, by dialog.NotTransferred. The error is a
// fault.Error of the code Invalid.
func (c *Call) Transfer(target string) error {
	uri, err := c.phone.parse(target)
	if err != nil {
		return err
	}
	c.dialog.Transfer(dialog.Target{URI: uri})
	return nil
}

// Follow does what a dialog.TransferAsked wants: it calls the target, and tells
// the other side how far that is. The call itself goes on until either side hangs
// up. Where the target cannot be called the transfer is refused.
func (c *Call) Follow(asked dialog.TransferAsked) (*Call, error) {
	uri, err := c.phone.parse(asked.Target.URI.String())
	if err != nil {
		c.Stay()
		return nil, err
	}
	c.dialog.TakeTransfer()
	next, err := c.phone.dial(uri, c.report)
	if err != nil {
		c.dialog.TransferStatus(statusOf(err))
	}
	return next, err
}

// Stay refuses what a dialog.TransferAsked wants.
func (c *Call) Stay() { c.dialog.RefuseTransfer(603) }

// report tells who transferred the call how the new one goes.
func (c *Call) report(e dialog.Event) {
	switch e := e.(type) {
	case dialog.Ringing:
		c.dialog.TransferStatus(180)
	case dialog.Answered:
		c.dialog.TransferStatus(200)
	case dialog.Ended:
		if e.Status > 0 {
			c.dialog.TransferStatus(e.Status)
		}
	}
}

// statusOf returns the status for a call that could not begin.
func statusOf(err error) int {
	if fault.CodeOf(err) == fault.Unavailable {
		return 503
	}
	return 500
}
