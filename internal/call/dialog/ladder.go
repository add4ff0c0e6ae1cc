package dialog

import (
	"bytes"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Message is one that was sent or received for a call, as it went over the wire.
type Message struct {
	At      time.Time // of the first time
	Ours    bool      // we sent it
	Network string    // UDP, TCP or TLS
	Peer    netip.AddrPort
	Times   int // more than one: it was sent again

	// First is the request's method, or the response's status and phrase; CSeq is that
	// of its request.
	First, CSeq string

	// Text is the start line and the header, and a description of sound. Numbers are
	// masked, and what opens a door is left out: credentials, keys, and any other body,
	// which may be what somebody has pressed.
	Text string
}

// A call of a usual kind has ten messages of 600 bytes. The first ones tell how it
// began, the last ones how it ended; a call of hours has a refresh every 15 minutes
// between them.
const (
	maxMessages      = 64
	firstMessages    = 16
	maxLadder        = 32 << 10 // bytes, of all messages of a call
	firstBytes       = maxLadder / 2
	maxLadderMessage = 4 << 10 // of one message; what is longer is cut
)

// ladder gathers the messages of a call. Its zero value is ready to use, by several
// goroutines.
type ladder struct {
	mu    sync.Mutex
	first []*rung // fill up, and stay
	full  bool    // they have
	last  []*rung
	room  int // bytes that are used: of first, then of last
	lost  int // messages between the two
}

// rung is a message as it is kept: most calls are never looked at.
type rung struct {
	Message
	raw []byte
	sum uint64 // of the whole of it
}

// note notes a message. It keeps none of raw.
func (l *ladder) note(m Message, raw []byte) {
	sum := maphash.Bytes(ladderSeed, raw)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range [...][]*rung{l.first, l.last} {
		for _, r := range list {
			if r.sum == sum && r.Ours == m.Ours && r.Peer == m.Peer {
				r.Times++
				return
			}
		}
	}
	m.Times = 1
	r := &rung{m, bytes.Clone(raw[:min(len(raw), maxLadderMessage)]), sum}
	if !l.full && len(l.first) < firstMessages && l.room+len(r.raw) <= firstBytes {
		l.first, l.room = append(l.first, r), l.room+len(r.raw)
		return
	}
	if !l.full {
		l.full, l.room = true, 0
	}
	l.last, l.room = append(l.last, r), l.room+len(r.raw)
	for len(l.last) > maxMessages-firstMessages || l.room > maxLadder-firstBytes {
		l.room -= len(l.last[0].raw)
		l.last = l.last[1:]
		l.lost++
	}
}

// ladderSeed is of sums that never leave the process.
var ladderSeed = maphash.MakeSeed()

// messages returns what was noted, the oldest first, and how many messages are missing after the first
// of them.
func (l *ladder) messages() (all []Message, first, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range [...][]*rung{l.first, l.last} {
		for _, r := range list {
			all = append(all, r.read())
		}
	}
	slices.SortStableFunc(all, func(a, b Message) int { return a.At.Compare(b.At) })
	return all, len(l.first), l.lost
}

// Messages returns the messages of the call so far, and how many of those between the
// first and the rest are missing, because there were too many.
func (c *Call) Messages() (all []Message, first, lost int) { return c.ladder.messages() }

// ladders are those of the calls in hand, by their Call-ID. The zero value is ready to
// use.
type ladders struct {
	mu   sync.RWMutex
	byID map[string]*ladder
}

// add has a ladder note the messages with a Call-ID. If another call has the same one,
// they stay with that.
func (s *ladders) add(callID string, l *ladder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[string]*ladder)
	}
	if s.byID[callID] == nil {
		s.byID[callID] = l
	}
}

// remove ends what add began.
func (s *ladders) remove(callID string, l *ladder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[callID] == l {
		delete(s.byID, callID)
	}
}

// find returns the ladder of a message, nil if it is of no call.
func (s *ladders) find(callID []byte) *ladder {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byID[string(callID)]
}

// wrote notes what was sent, if it is of a call. The time is that before it was sent:
// the response may be noted earlier than this.
func (s *ladders) wrote(at time.Time, network string, peer netip.AddrPort, raw []byte) {
	if l := s.find(callIDIn(raw)); l != nil {
		l.note(Message{At: at, Ours: true, Network: network, Peer: peer}, raw)
	}
}

// callIDIn returns the Call-ID of a message that sipgo has written.
func callIDIn(raw []byte) []byte {
	const field = "\r\nCall-ID: "
	at := bytes.Index(raw, []byte(field))
	if at < 0 {
		return nil
	}
	raw = raw[at+len(field):]
	return raw[:max(0, bytes.IndexByte(raw, '\r'))]
}

// came notes a message that has arrived, if it is of a call.
func (s *ladders) came(msg sip.Message) {
	if id := msg.CallID(); id != nil {
		if l := s.find([]byte(id.Value())); l != nil {
			l.noteMessage(time.Now(), msg, msg.Source(), false)
		}
	}
}

// noteMessage notes a message that is not at hand as it went over the wire.
func (l *ladder) noteMessage(at time.Time, msg sip.Message, peer string, ours bool) {
	from, _ := netip.ParseAddrPort(peer) // sipgo has made it from an address
	l.note(Message{At: at, Ours: ours, Network: strings.ToLower(msg.Transport()), Peer: from}, []byte(msg.String()))
}

// noted is a connection that we have made. sipgo has those for itself: what goes by
// all others is noted as it is written.
type noted struct {
	sip.Connection
	ladders *ladders
	peer    string
}

// noted returns a connection to a peer, as transactions are to write to it.
func (s *Stack) noted(conn sip.Connection, network, peer string) sip.Connection {
	if network == "UDP" || s.open.accepted(peer) {
		return conn
	}
	return noted{conn, &s.ladders, peer}
}

// WriteMsg writes a message, and notes it if it is of a call.
func (n noted) WriteMsg(msg sip.Message) error {
	at := time.Now()
	if err := n.Connection.WriteMsg(msg); err != nil {
		return err
	}
	if id := msg.CallID(); id != nil {
		if l := n.ladders.find([]byte(id.Value())); l != nil {
			l.noteMessage(at, msg, n.peer, true)
		}
	}
	return nil
}
