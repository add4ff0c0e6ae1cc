package softphone

import (
	"net/netip"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Event is something that happens to a Call: a Key, a Said, an Ended, which is
// always the last, or an event of package dialog: Ringing, Agreed, Answered,
// NotChanged, TransferAsked, TransferProgress, Transferred or NotTransferred.
type Event any

// Way is how a key is sent.
type Way string

// The ways of keys.
const (
	ByEvents Way = "rtp"   // RFC 4733: events in RTP
	ByInfo   Way = "info"  // SIP INFO with application/dtmf-relay
	ByTones  Way = "tones" // the sound that a telephone makes
)

type (
	// Key says that the other side pressed a key, and told so by RTP or INFO. Keys
	// that are only heard as tones are in what Hear records.
	Key struct {
		Key byte // one of 0123456789*#ABCD
		By  Way
	}

	// Said says that what Say or tones of Press have played is over.
	Said struct {
		Play   media.PlayID
		Length time.Duration
		Whole  bool // it was not stopped
	}

	// Ended says that the call is over, and how its sound went.
	Ended struct {
		dialog.Ended
		Figures
	}
)

// Figures are how the sound of a call went.
type Figures struct {
	Codec         sdp.Codec // that we sent; "": the call had no sound
	Received      rtp.Figures
	Sent          rtp.Sent
	Far           rtp.FarReport  // how they received what we sent
	Local, Remote netip.AddrPort // of the sound; Remote is where we sent it to last
	Ignored       uint64         // datagrams that were no sound of this call
}

func (c *Call) figures(r media.Record) Figures {
	return Figures{
		Codec: c.agreement().Codec.Codec, Received: r.Received, Sent: r.Sent, Far: r.Far,
		Local: c.Media(), Remote: r.Remote, Ignored: r.Ignored,
	}
}

// maxEvents is how many events are kept for one who does not call Next. Of more
// the newest are dropped, Ended apart.
const maxEvents = 1000

// events are those that were not taken yet.
type events struct {
	mu   sync.Mutex
	all  []Event
	more chan struct{} // has an element if there are some
}

func (q *events) add(e Event) {
	q.mu.Lock()
	_, last := e.(Ended)
	if len(q.all) < maxEvents || last {
		q.all = append(q.all, e)
	}
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *events) take() (e Event, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.all) == 0 {
		return nil, false
	}
	e = q.all[0]
	q.all = q.all[1:]
	return e, true
}
