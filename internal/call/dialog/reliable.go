package dialog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what a call keeps of reliable provisional responses.
const (
	maxQueued1xx    = 8  // of ours that wait for their turn
	maxEarlyDialogs = 32 // that an INVITE of ours may fork into
)

// maxFirstRSeq is the highest number of a first reliable response, so that those
// after it do not wrap around (RFC 3262 section 3).
const maxFirstRSeq = 1<<31 - 1

// rack is the value of a RAck header: which response a PRACK confirms (RFC 3262
// section 7.2).
type rack struct {
	rseq   uint32
	cseq   uint32
	method string
}

// String returns r as it is sent.
func (r rack) String() string { return fmt.Sprintf("%d %d %s", r.rseq, r.cseq, r.method) }

// parseRAck reads a RAck header.
func parseRAck(text string) (r rack, ok bool) {
	parts := strings.Fields(text)
	if len(parts) != 3 {
		return rack{}, false
	}
	rseq, err1 := strconv.ParseUint(parts[0], 10, 32)
	cseq, err2 := strconv.ParseUint(parts[1], 10, 32)
	return rack{uint32(rseq), uint32(cseq), parts[2]}, err1 == nil && err2 == nil
}

// provisional is a response of ours from 101 to 199.
type provisional struct {
	status int
	sdp    bool // a session description goes with it
}

// reliableSender sends provisional responses that must arrive (RFC 3262 section
// 3), one at a time: each is repeated until its PRACK comes, others wait.
type reliableSender struct {
	timing  timing
	cseq    uint32      // of the INVITE
	rseq    uint32      // of current, or the number before the first
	current provisional // the last that was sent
	open    bool        // current has no PRACK yet
	resends resends     // of current, while it is open
	queue   []provisional
	sdpSent bool // one with a session description was sent
	stopped bool // there is a final response: nothing is sent any more
}

// newReliableSender returns the sender for an INVITE with the given CSeq. Its
// first number is taken from random.
func newReliableSender(cseq, random uint32, t timing) reliableSender {
	return reliableSender{timing: t, cseq: cseq, rseq: random % maxFirstRSeq}
}

// send takes a response. It reports whether that is to be sent at once, as current
// and with the number rseq; otherwise it waits for the PRACK of another. What is
// waiting already is not queued twice. The session description goes with the first
// response that has one, for it is given once (RFC 6337 section 3.1.1).
func (s *reliableSender) send(now time.Duration, p provisional) (sent bool) {
	switch {
	case s.stopped:
		return false
	case !s.open:
		s.begin(now, p)
		return true
	case len(s.queue) < maxQueued1xx && (len(s.queue) == 0 || s.queue[len(s.queue)-1] != p):
		s.queue = append(s.queue, p)
	}
	return false
}

func (s *reliableSender) begin(now time.Duration, p provisional) {
	p.sdp = p.sdp && !s.sdpSent
	s.current, s.open = p, true
	s.rseq++
	s.sdpSent = s.sdpSent || p.sdp
	s.resends = s.timing.resendsOf1xx(now)
}

// prack takes a PRACK. It reports whether it confirms current; if not it is
// answered 481.
func (s *reliableSender) prack(r rack) (confirms bool) {
	if !s.open || r != (rack{s.rseq, s.cseq, "INVITE"}) {
		return false
	}
	s.open = false
	return true
}

// next makes the first that waits current, if there is one and it may be sent. It
// reports whether that is now to be sent.
func (s *reliableSender) next(now time.Duration) (sent bool) {
	if s.open || s.stopped || len(s.queue) == 0 {
		return false
	}
	p := s.queue[0]
	s.queue = s.queue[1:]
	s.begin(now, p)
	return true
}

// holds2xx reports whether a 2xx must wait for a PRACK: a session description that
// was sent is not yet known to have arrived.
func (s *reliableSender) holds2xx() bool { return s.open && s.current.sdp }

// dropQueue forgets what waits, because the call is about to be answered.
func (s *reliableSender) dropQueue() { s.queue = nil }

// stop is called when there is a final response. The PRACK of a response that was
// sent still counts.
func (s *reliableSender) stop() { s.stopped, s.queue = true, nil }

// due returns when tick is next wanted.
func (s *reliableSender) due() (at time.Duration, ok bool) {
	return s.resends.due(), s.open && !s.stopped
}

// tick reports whether current is to be sent again, or whether to give up: then
// the INVITE is to be rejected with a 5xx.
func (s *reliableSender) tick(now time.Duration) (again, giveUp bool) {
	if !s.open || s.stopped {
		return false, false
	}
	again, giveUp = s.resends.tick(now)
	if giveUp {
		s.stop()
	}
	return again, giveUp
}

// received1xx says what to do about a provisional response to an INVITE of ours.
type received1xx uint8

const (
	takeIt    received1xx = iota // it is not a reliable one
	confirmIt                    // take it, and send a PRACK
	discardIt                    // it is a repetition, or came before its turn
)

// reliableReceiver follows the provisional responses to an INVITE of ours (RFC
// 3262 section 4). Each early dialog that the INVITE forked into counts by itself.
type reliableReceiver struct {
	dialogs []numbered
}

// numbered is an early dialog with a reliable response.
type numbered struct {
	tag  string // of To
	rseq uint32 // of the last response that came in order
}

// take judges a response. tag is that of its To; rseq is its RSeq if it also has a
// Require of 100rel, else 0: then it is not a reliable one.
func (r *reliableReceiver) take(status int, tag string, rseq uint32) received1xx {
	if status <= 100 || tag == "" || rseq == 0 {
		return takeIt
	}
	at := slices.IndexFunc(r.dialogs, func(d numbered) bool { return d.tag == tag })
	switch {
	case at >= 0 && rseq != r.dialogs[at].rseq+1, at < 0 && len(r.dialogs) == maxEarlyDialogs:
		return discardIt
	case at < 0:
		r.dialogs = append(r.dialogs, numbered{tag, rseq})
	default:
		r.dialogs[at].rseq = rseq
	}
	return confirmIt
}
