package dialog

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Event is something that happens to a Call.
type Event interface{ event() }

// The events of a Call. Ended is always the last, and there is always one.
type (
	// Ringing says that the far end of a call of ours rings.
	Ringing struct{}

	// Agreed says what is sent both ways from now on: first, and whenever it
	// changes. Early is before the call is answered.
	Agreed struct {
		sdp.Agreement
		Changes sdp.Changes
		Early   bool
	}

	// Answered says that the call was answered, by us or by them.
	Answered struct{}

	// NotChanged says that Change came to nothing, by the status that refused it:
	// what was agreed on stays.
	NotChanged struct{ Status int }

	// Key is a key that was reported in an INFO.
	Key struct {
		Key    byte          // one of 0123456789*#ABCD
		Length time.Duration // 0: it does not say
	}

	// TransferAsked says that they want to speak to somebody else: they sent REFER.
	// It is to be answered by TakeTransfer or RefuseTransfer.
	TransferAsked struct{ Target Target }

	// TransferProgress says how far a transfer that we asked for is: the status of
	// the call that they make.
	TransferProgress struct{ Status int }

	// Transferred says how a transfer went that we asked for: the final status of
	// the call that they made; 0: they do not tell.
	Transferred struct{ Status int }

	// NotTransferred says that they refused to transfer the call, by this status:
	// it goes on as it was.
	NotTransferred struct{ Status int }

	// Ended says that the call is over.
	Ended struct {
		Cause  engine.Cause
		Status int           // the final response to the INVITE that was not answered; 0: it was answered
		Theirs bool          // they ended it
		Retry  time.Duration // they want no call for so long; 0: they do not say
		Unsent error         // why nothing reached them, as a certificate that is not trusted; nil: something did
	}
)

func (Ringing) event()          {}
func (Agreed) event()           {}
func (Answered) event()         {}
func (NotChanged) event()       {}
func (Key) event()              {}
func (TransferAsked) event()    {}
func (TransferProgress) event() {}
func (Transferred) event()      {}
func (NotTransferred) event()   {}
func (Ended) event()            {}
