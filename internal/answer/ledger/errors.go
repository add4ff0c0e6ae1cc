package ledger

import "errors"

// ErrTaken says that there is nothing to do about a text just now: it went out,
// it is dead, it is not due yet, or another worker has it.
var ErrTaken = errors.New("the text is not waiting to be sent")
