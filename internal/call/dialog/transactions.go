package dialog

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"
)

// transactions are those that are under way (RFC 3261 section 17). Their machines
// are sipgo's. The layer that sipgo has above them is not used: it takes each message
// on a goroutine of its own, and so what arrives together for one call in any order.
type transactions struct {
	mu     sync.RWMutex
	ours   map[string]*clientTx
	theirs map[string]*serverTx
}

func newTransactions() transactions {
	return transactions{ours: make(map[string]*clientTx), theirs: make(map[string]*serverTx)}
}

// serverTx is the transaction of a request of theirs.
type serverTx struct {
	*sip.ServerTx
	accepted atomic.Bool // by a 2xx
}

// Respond is sip.ServerTx.Respond.
func (tx *serverTx) Respond(res *sip.Response) error {
	err := tx.ServerTx.Respond(res)
	if err == nil && res.IsSuccess() && !res.IsCancel() { // of a CANCEL it is sent by the INVITE's
		tx.accepted.Store(true)
	}
	return err
}

// take takes what belongs to a transaction: the same request again, CANCEL, or ACK.
// The ACK of a 2xx is for the dialog alone; sipgo would have it wait for a reader.
func (tx *serverTx) take(req *sip.Request) {
	if !req.IsAck() || !tx.accepted.Load() {
		_ = tx.Receive(req) // an error: its CSeq names another method than itself
	}
}

// cancel answers a CANCEL of an INVITE, with the tag of its call (RFC 3261 section
// 9.2), and has sipgo answer the INVITE with 487 unless it has its final response.
func (tx *serverTx) cancel(req *sip.Request) {
	to, called := req.To(), tx.Origin().To()
	if to != nil && called != nil && !to.Params.Has("tag") {
		if tag, ok := called.Params.Get("tag"); ok {
			to.Params.Add("tag", tag)
		}
	}
	_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusOK, phraseOf(sip.StatusOK), nil)) // if it is lost, the CANCEL comes again
	tx.take(req)
}

// A call answers its INVITE with 100 by itself. sipgo would do it after 200 ms, from
// the INVITE as it is just then: on a machine that is so busy, while it is given our
// tag.
func init() { sip.Timer_1xx = sip.Timer_H } //nolint:gochecknoinits // before any transaction reads it

// serve begins the transaction of a request of theirs, whose responses go by conn;
// nil: there is one already.
func (t *transactions) serve(key string, req *sip.Request, conn sip.Connection) *serverTx {
	tx := &serverTx{ServerTx: sip.NewServerTx(key, req, conn, sip.DefaultLogger())}
	t.mu.Lock()
	if t.theirs[key] != nil {
		t.mu.Unlock()
		return nil
	}
	t.theirs[key] = tx
	t.mu.Unlock()
	tx.OnTerminate(func(string, error) { // it cannot have ended: it has not begun
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.theirs, key)
	})
	_ = tx.Init() // never fails
	return tx
}

// ofRequest returns the transaction of a request of theirs that was begun before, or
// nil.
func (t *transactions) ofRequest(key string) *serverTx {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.theirs[key]
}

// ofCANCEL returns the transaction that a CANCEL is for (RFC 3261 section 9.2), or
// nil.
func (t *transactions) ofCANCEL(cancel *sip.Request) *serverTx {
	invite := cancel.Clone()
	invite.ReplaceHeader(&sip.CSeqHeader{SeqNo: cancel.CSeq().SeqNo, MethodName: sip.INVITE})
	key, err := sip.ServerTxKeyMake(invite)
	if err != nil {
		return nil
	}
	return t.ofRequest(key)
}

// listener is who hears what comes of a request of ours.
type listener struct {
	// response is called with each response, in their order: those that sipgo keeps to
	// itself, because they are repeated, are left out, but a 2xx to INVITE is not. While
	// it runs, nothing else of the call is taken.
	response func(*sip.Response)

	// lost is called if there will be no final response, once, with the reason, which is
	// sipgo's. It must not wait.
	lost func(error)
}

// nobody hears nothing. It must not be changed.
var nobody = listener{response: func(*sip.Response) {}, lost: func(error) {}}

// clientTx is the transaction of a request of ours.
type clientTx struct {
	*sip.ClientTx
	listener  atomic.Pointer[listener] // nobody, once nothing more can come: sipgo keeps the transaction for longer
	begun     chan struct{}            // closed when it is: sipgo sets its timers after the request was sent
	final     atomic.Int32             // status of the final response; 0: none yet; failed: none will come
	repeating atomic.Bool              // the ACK of a refusal is sent again
}

// failed is the final status of what will have none.
const failed = -1

// request sends a request by a connection, of which l hears.
func (t *transactions) request(conn sip.Connection, req *sip.Request, l listener) (*clientTx, error) {
	key, err := sip.ClientTxKeyMake(req)
	if err != nil {
		_, _ = conn.TryClose()
		return nil, fmt.Errorf("begin a transaction: %w", err)
	}
	tx := &clientTx{ClientTx: sip.NewClientTx(key, req, conn, sip.DefaultLogger()), begun: make(chan struct{})}
	tx.listener.Store(&l)
	defer close(tx.begun)
	t.mu.Lock()
	t.ours[key] = tx
	t.mu.Unlock()
	tx.OnTerminate(func(_ string, err error) { // it has not yet ended: nothing was sent
		t.mu.Lock()
		delete(t.ours, key)
		t.mu.Unlock()
		tx.end(err)
	})
	if err := tx.Init(); err != nil {
		tx.final.Store(failed)
		tx.Terminate()
		return nil, fmt.Errorf("begin a transaction: %w", err)
	}
	return tx, nil
}

// ofResponse returns the transaction of ours that a response belongs to, or nil.
func (t *transactions) ofResponse(res *sip.Response) *clientTx {
	key, err := sip.ClientTxKeyMake(res)
	if err != nil {
		return nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.ours[key]
}

// take takes a response, and has it told unless it is a repeated one.
func (tx *clientTx) take(res *sip.Response) {
	<-tx.begun
	final, l := int(tx.final.Load()), tx.listener.Load()
	switch {
	case final == 0 && (res.IsProvisional() || tx.final.CompareAndSwap(0, int32(res.StatusCode))):
		if !res.IsProvisional() && !(res.IsSuccess() && tx.Origin().IsInvite()) {
			tx.listener.Store(&nobody)
		}
		tx.pass(res)
		l.response(res)
	case !tx.Origin().IsInvite():
	case final >= 200 && final < 300 && res.IsSuccess(): // its ACK was lost, or another phone has answered as well
		l.response(res)
	case final >= 300 && !res.IsProvisional() && tx.repeating.CompareAndSwap(false, true):
		go func() {
			defer tx.repeating.Store(false)
			tx.Receive(res) // takes 4 s: sipgo fears a loop
		}()
	}
}

// pass gives sipgo's machine a response: it stops its timers, and sends the ACK of a
// refusal. It then waits for somebody who reads the response from it.
func (tx *clientTx) pass(res *sip.Response) {
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		tx.Receive(res)
	}()
	select {
	case <-tx.Responses():
		<-passed
	case <-passed: // it was over
	}
}

// end is when sipgo's machine has ended.
func (tx *clientTx) end(why error) {
	if tx.final.CompareAndSwap(0, failed) {
		tx.listener.Swap(&nobody).lost(why)
	}
}

// close ends all that are under way.
func (t *transactions) close() {
	t.mu.RLock()
	ours, theirs := slices.Collect(maps.Values(t.ours)), slices.Collect(maps.Values(t.theirs))
	t.mu.RUnlock()
	for _, tx := range ours {
		tx.Terminate()
	}
	for _, tx := range theirs {
		tx.Terminate()
	}
}
