package dialog

import (
	"sync"

	"github.com/emiago/sipgo/sip"
)

// requestHandler takes a request. Until it returns, nothing else is taken that has
// the same Call-ID. The final response may be sent later, but has to be. An ACK comes
// without a transaction.
type requestHandler func(req *sip.Request, tx sip.ServerTransaction)

// registry has the dialogs, early ones too, each with the handler of what the
// other side sends within it. The zero value is ready to use.
type registry struct {
	mu       sync.RWMutex
	handlers map[identity]requestHandler
}

// add takes a dialog up, or gives one another handler.
func (r *registry) add(id identity, handle requestHandler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handlers == nil {
		r.handlers = make(map[identity]requestHandler)
	}
	r.handlers[id] = handle
}

// remove forgets a dialog that is over.
func (r *registry) remove(id identity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.handlers, id)
}

// find returns the handler of a dialog, or nil.
func (r *registry) find(id identity) requestHandler {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.handlers[id]
}

// arrivals are the INVITEs that are being handled, by what is the same in copies
// of one that came by several ways (RFC 3261 section 8.2.2.2). The zero value is
// ready to use.
type arrivals struct {
	mu   sync.Mutex
	here map[arrival]bool
}

type arrival struct {
	callID, tag string
	number      uint32
}

// add takes up an INVITE, and reports whether it is the first of its copies. One
// that goes over the same way again never gets here: sipgo's transaction has it.
func (a *arrivals) add(req *sip.Request, tx sip.ServerTransaction) (first bool) {
	id := identityOf(req)
	this := arrival{id.callID, id.remote, req.CSeq().SeqNo}
	a.mu.Lock()
	if a.here[this] {
		a.mu.Unlock()
		return false
	}
	if a.here == nil {
		a.here = make(map[arrival]bool)
	}
	a.here[this] = true
	a.mu.Unlock()
	remove := func(string, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.here, this)
	}
	if !tx.OnTerminate(remove) {
		remove("", nil)
	}
	return true
}
