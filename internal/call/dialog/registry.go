package dialog

import (
	"sync"

	"github.com/emiago/sipgo/sip"
)

// requestHandler takes a request, on a goroutine of its own. When it returns, a
// transaction without a final response is ended, and so is any over TCP or TLS:
// a handler of an INVITE stays until its transaction is over. An ACK comes without a
// transaction and as it is read, so its handler does not wait.
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
// of one that came by several ways (RFC 3261 section 8.2.2.2), and in its CANCEL. The
// zero value is ready to use.
type arrivals struct {
	mu   sync.Mutex
	here map[arrival]string // our tag; empty as long as there is none
}

type arrival struct {
	callID, tag string
	number      uint32
}

func arrivalOf(req *sip.Request) arrival {
	id := identityOf(req)
	return arrival{id.callID, id.remote, req.CSeq().SeqNo}
}

// add takes up an INVITE, and reports whether it is the first of its copies. One
// that goes over the same way again never gets here: sipgo's transaction has it.
func (a *arrivals) add(req *sip.Request, tx sip.ServerTransaction) (first bool) {
	this := arrivalOf(req)
	a.mu.Lock()
	if _, copied := a.here[this]; copied {
		a.mu.Unlock()
		return false
	}
	if a.here == nil {
		a.here = make(map[arrival]string)
	}
	a.here[this] = ""
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

// begun notes the tag of the call that an INVITE has begun.
func (a *arrivals) begun(invite *sip.Request, tag string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	this := arrivalOf(invite)
	if _, handled := a.here[this]; handled {
		a.here[this] = tag
	}
}

// cancelled gives a CANCEL the tag of the call that it is for: sipgo answers it, with
// a tag of its own where there is none, and the responses to both should have the
// same (RFC 3261 section 9.2).
func (a *arrivals) cancelled(req *sip.Request) {
	if malformed(req) != "" || req.To().Params.Has("tag") {
		return
	}
	a.mu.Lock()
	tag := a.here[arrivalOf(req)]
	a.mu.Unlock()
	if tag != "" {
		req.To().Params.Add("tag", tag)
	}
}
